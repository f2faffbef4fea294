"""The simulation under test, through scripts/simulate, and what its database and buckets say."""

import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "Benchmarks"))
from harness.catalog import Catalog  # noqa: E402
from harness.s3 import S3, in_threads  # noqa: E402

REGIONS = ("us", "eu", "ap")


def assignments(path):
    """Shell assignments as a dictionary."""
    return dict(re.findall(r"^(\w+)='?(.*?)'?$", path.read_text(), re.M))


class Simulation:
    """Three regions below one folder, with executables that are built already."""

    def __init__(self, folder, port_base, binaries):
        self.folder, self.binaries = pathlib.Path(folder).resolve(), binaries
        self.settings = {"MERIDIAN_RUN_DIR": str(self.folder), "MERIDIAN_PORT_BASE": str(port_base), "MERIDIAN_BIN_DIR": str(binaries)}
        self.env, self.variant, self.tmpfs = {}, None, None

    def call(self, *words, timeout=400, check=True):
        """scripts/simulate WORDS; its output goes to a log beside the others."""
        log = self.folder / "simulate.log"
        with log.open("ab") as out:
            code = subprocess.run([ROOT / "scripts/simulate", *words], env={**os.environ, **self.settings}, stdout=out, stderr=out,
                                  stdin=subprocess.DEVNULL, timeout=timeout).returncode
        if check and code != 0:
            raise RuntimeError(f"scripts/simulate {' '.join(words)} ended with {code}; the end of {log}:\n" +
                               "\n".join(log.read_text(errors="replace").splitlines()[-15:]))
        return code

    def up(self, proxied=False, proxies=(), tmpfs=None, standby=False):
        """A fresh simulation.

        `proxied` is FEATURE_PROXY_STORAGE; `proxies` are the regions with a fault proxy; `tmpfs` is (region, MiB), and then all
        stores are folders and that region's is a file system of its own; `standby` adds a second PostgreSQL.
        """
        self.down()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.settings.update({
            "STORE": "local" if tmpfs else "ceph", "MERIDIAN_STORE_PROXIES": " ".join(proxies),
            "MERIDIAN_STANDBY": "1" if standby else "",
            "QUAY_OVERRIDE_CONFIG": json.dumps({"FEATURE_PROXY_STORAGE": proxied})})
        if tmpfs:
            self.call("up", "--services-only")
            self.mount(self.folder / "data/stores" / tmpfs[0], tmpfs[1])
            self.call("up", "--keep-data")
        else:
            self.call("up")
        self.env = assignments(self.folder / "regions.env")
        self.secrets = assignments(self.folder / "data/secrets")
        self.catalog = Catalog(self.env["POSTGRES_URL"], self.env["REDIS_URL"], "meridian")
        self.folders = set(REGIONS) if tmpfs else set()

    def down(self):
        if self.folder.exists():
            self.call("down", check=False)
            self.unmount()

    def mount(self, folder, mib):
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "meridian-full-disk", folder], check=True)
        self.tmpfs = folder

    def unmount(self):
        """Whatever a run that was interrupted left mounted below the folder, too."""
        for line in pathlib.Path("/proc/mounts").read_text().splitlines():
            source, target = line.split()[:2]
            if source == "meridian-full-disk" and target.startswith(str(self.folder) + "/"):
                subprocess.run(["umount", target], check=True)
        self.tmpfs = None

    def api(self, region):
        return self.env[f"{region.upper()}_API"]

    def port(self, name):
        """A port of the simulation by the offsets of scripts/lib/regions.sh."""
        if name == "postgres-standby":
            return int(self.settings["MERIDIAN_PORT_BASE"]) + 13
        region, _, kind = name.partition("-")
        offset = {"store": 0, "api": 1, "health": 2, "worker": 3, "proxy": 4, "proxy-control": 5}[kind]
        return int(self.settings["MERIDIAN_PORT_BASE"]) + {"us": 20, "eu": 30, "ap": 40}[region] + offset

    def store(self, region):
        """A client of the region's gateway itself, never through a fault proxy."""
        return S3(f"http://127.0.0.1:{self.port(region + '-store')}", self.secrets["S3_ACCESS_KEY"], self.secrets["S3_SECRET_KEY"],
                  f"{region}storage", timeout=60)

    # What replication says

    def status(self):
        """`replication-worker status --json`, or None while it cannot be had."""
        try:
            run = subprocess.run([self.binaries / "replication-worker", "status", "--config", self.folder / "config.yaml", "--json"],
                                 capture_output=True, text=True, timeout=30)
            return json.loads(run.stdout)
        except (subprocess.TimeoutExpired, ValueError):
            return None

    def pending(self):
        """Jobs that are not done, by what is the matter with them: (open, parked, lost, quarantined)."""
        status = self.status()
        if status is None:
            return None
        return tuple(sum(l[key] for l in status["locations"]) for key in ("pending", "parked", "source_lost", "quarantined"))

    def missing_copies(self):
        """Linked blobs without a verified placement at one of the three locations."""
        return int(self.catalog.value(
            "SELECT count(*) FROM blobs b CROSS JOIN locations l WHERE EXISTS (SELECT 1 FROM repository_blobs r WHERE r.blob = b.id) "
            "AND NOT EXISTS (SELECT 1 FROM placements p WHERE p.blob = b.id AND p.location = l.id AND p.state = 'verified')"))

    def is_only_at(self, location, digests):
        """Whether one of the blobs has a verified copy at this location and at no other."""
        wanted = ",".join(f"'{digest}'" for digest in digests)
        return self.catalog.value(
            f"SELECT count(*) FROM blobs b JOIN placements p ON p.blob = b.id AND p.location = '{location}' WHERE b.digest IN ({wanted}) AND NOT "
            f"EXISTS (SELECT 1 FROM placements o WHERE o.blob = b.id AND o.location <> '{location}' AND o.state = 'verified')") != "0"

    def await_convergence(self, seconds, progress):
        """Seconds until nothing is pending and nothing missing, or None; ends early where nothing moves for 45 s."""
        began = said = moved = time.monotonic()
        last = None
        while time.monotonic() - began < seconds and time.monotonic() - moved < 45:
            pending, missing = self.pending(), self.missing_copies()
            if pending and pending[:3] == (0, 0, 0) and missing == 0:
                return time.monotonic() - began
            if (pending, missing) != last:
                last, moved = (pending, missing), time.monotonic()
            if time.monotonic() - said > 5:
                said = time.monotonic()
                progress(f"converging: {pending[0] if pending else '?'} pending, {missing} copies missing")
            time.sleep(0.5)
        return None

    def wrong_objects(self):
        """Reads every placed object of every store: how many there are, and what is wrong with any."""
        count, wrong = 0, []
        for region in REGIONS:
            placed = self.catalog.keys(f"{region}storage")
            count += len(placed)
            if region in self.folders:
                wrong += [w for w in map(self._wrong_file(region), placed) if w]
            else:
                wrong += [w for w in in_threads(4, self.store(region), placed, self._wrong_object) if w]
        return count, wrong

    @staticmethod
    def _wrong_object(client, item):
        digest, size, key = item
        try:
            found = client.sha256(key)
        except Exception as error:  # whatever it is, the object cannot be read
            client.close()
            return f"{client.bucket} {key} of {digest}: {error}"
        return None if found == (size, digest) else f"{client.bucket} {key}: {found} instead of {(size, digest)}"

    def _wrong_file(self, region):
        root = self.folder / "data/stores" / region

        def one(item):
            digest, size, key = item
            run = subprocess.run(["sha256sum", root / key], capture_output=True, text=True)
            return None if run.stdout[:64] == digest[7:] else f"{root / key}: {run.stdout[:64]} {run.stderr} instead of {digest}"
        return one
