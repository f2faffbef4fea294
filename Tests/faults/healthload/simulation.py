"""A simulation in which each region reaches the database, Redis and every store over lines of its own."""

import os
import pathlib
import re
import subprocess
import time

from harness.catalog import Catalog
from harness.processes import Process
from storeload.simulation import REGIONS, Simulation, assignments

from .links import Links

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
LINES_AT = 90  # of the port base; the simulation itself has the first 90


class HealthSimulation(Simulation):
    """Stores behind fault proxies that everybody shares, and behind those one line from each region to each service."""

    def __init__(self, folder, port_base, binaries):
        super().__init__(folder, port_base, binaries)
        self.base, self.links, self.shifted = port_base, None, {}

    def up(self):
        self.down()
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in self.folder.glob("config-*.yaml"):
            left.unlink()
        self.settings.update({"STORE": "ceph", "MERIDIAN_STORE_PROXIES": " ".join(REGIONS)})
        self.call("up", "--services-only")
        self._lay_lines()
        self.call("up", "--keep-data")
        self.env, self.secrets = assignments(self.folder / "regions.env"), assignments(self.folder / "data/secrets")
        self.catalog = Catalog(self.env["POSTGRES_URL"], self.env["REDIS_URL"], "meridian")
        self.folders = set()

    def _lay_lines(self):
        """A config file for each region that names its own lines; clients keep the addresses they are redirected to."""
        self.links = Links()
        shared = (self.folder / "config.yaml").read_text()
        for number, region in enumerate(REGIONS):
            text = shared
            services = {"postgres": self.base + 10, "redis": self.base + 11, **{each: self.port(f"{each}-proxy") for each in REGIONS}}
            for offset, (what, upstream) in enumerate(services.items()):
                port = self.base + LINES_AT + number * len(services) + offset
                self.links.add((region, what), port, upstream)
                # DB_URI, `port:` of Redis and of stores; not public_endpoint, nor the regions' own addresses.
                text = re.sub(rf"(DB_URI: \S+:){upstream}/", rf"\g<1>{port}/", text)
                text = re.sub(rf"(?m)^(\s+port: ){upstream}$", rf"\g<1>{port}", text)
            path = self.folder / f"config-{region}.yaml"
            path.write_text(text)
            path.chmod(0o600)

    def down(self):
        for process in self.shifted.values():
            process.kill()
        self.shifted = {}
        super().down()
        if self.links:
            self.links.close()
            self.links = None

    def health(self, region):
        return self.env[f"{region.upper()}_HEALTH"].removeprefix("http://")

    @property
    def balancer_statistics(self):
        return f"127.0.0.1:{self.base + 1}"

    def psql(self, statement):
        """As the owner of the cluster, past the lines; allowed to write even where sessions by default are not."""
        environment = {**os.environ, "PGPASSWORD": self.secrets["DATABASE_PASSWORD"], "PGOPTIONS": "-c default_transaction_read_only=off"}
        done = subprocess.run(
            ["psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.base + 10), "-U", "meridian", "-d", "meridian",
             "-c", statement], env=environment, capture_output=True, text=True, timeout=30)
        if done.returncode:
            raise RuntimeError(f"{statement}: {done.stderr.strip()}")
        return done.stdout.strip()

    # Clocks

    def shift_ready(self, region):
        """Starts the region's processes anew under libfaketime, with the right time for the present."""
        if not pathlib.Path(FAKETIME).exists():
            return False
        self.clock_file(region).write_text("+0s\n")
        for kind in ("api", "worker", "health"):
            name = f"{region}-{kind}"
            pid = int((self.folder / "pids" / f"{name}.pid").read_text())
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
            environment = dict(entry.split("=", 1) for entry in pathlib.Path(f"/proc/{pid}/environ").read_text().split("\0") if "=" in entry)
            self.call("stop", name)
            environment |= {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(self.clock_file(region)), "FAKETIME_CACHE_DURATION": "1",
                            "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
            # By way of `env`: libfaketime adds a variable to the first process it is loaded into, and Swift then finds no arguments there.
            self.shifted[name] = Process(name, ["/usr/bin/env", *(word.decode() for word in words)], self.folder / "logs" / f"{name}.log", env=environment)
        return True

    def clock_file(self, region):
        return self.folder / f"clock-{region}"

    def shift(self, region, seconds):
        self.clock_file(region).write_text(f"{seconds:+d}s\n")

    def shift_over(self, region):
        for kind in ("api", "worker", "health"):
            process = self.shifted.pop(f"{region}-{kind}", None)
            if process:
                process.stop()
                self.call("start", f"{region}-{kind}")

    def await_copies(self, seconds):
        """Waits until every blob is everywhere."""
        deadline = time.monotonic() + seconds
        while self.missing_copies():
            if time.monotonic() > deadline:
                raise RuntimeError("the images were not copied to every region")
            time.sleep(0.3)
