"""The private servers: started by scripts/services, or those of a folder where they run already."""

import os
import pathlib
import re
import subprocess
import tempfile

from .s3 import S3

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Services:
    """PostgreSQL, Redis and a Ceph with three gateways."""

    def __init__(self, folder=None, ports=None):
        """`folder` names servers that run already (they are left running); else private ones are started."""
        self.own = folder is None or not (pathlib.Path(folder) / "services.env").exists()
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="meridian-bench-services-"))
        self.ports, self.env = ports, {}

    def __enter__(self):
        if self.own:
            print(f"starting PostgreSQL, Redis and Ceph in {self.folder}", flush=True)
            command = [ROOT / "scripts/services", "up", "--dir", self.folder]
            if self.ports:
                command += ["--ports", str(self.ports)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for line in (self.folder / "services.env").read_text().splitlines():
            if match := re.fullmatch(r"export (\w+)='(.*)'", line):
                self.env[match[1]] = match[2]
        return self

    def __exit__(self, *_):
        if self.own:
            subprocess.run([ROOT / "scripts/services", "down", "--dir", self.folder], check=False)
            subprocess.run(["rm", "-rf", self.folder], check=False)

    def __getitem__(self, name):
        return self.env["MERIDIAN_TEST_" + name]

    @property
    def keys(self):
        return self["S3_ACCESS_KEY"], self["S3_SECRET_KEY"]

    def store(self, region, bucket):
        """A client of the region's gateway for a bucket that is made if it is missing."""
        endpoint = self["S3" if region == "us" else f"S3_{region.upper()}"]
        store = S3(endpoint, *self.keys, bucket)
        store.create_bucket()
        return store


def worker_binary(given):
    """The release executable: as given, else built by `swift build`."""
    if given:
        path = pathlib.Path(given)
        if path.is_dir():
            path = path / "replication-worker"
        if not os.access(path, os.X_OK):
            raise SystemExit(f"{path} is not an executable")
        return path.resolve()
    print("building replication-worker (release)", flush=True)
    swift = subprocess.run(
        ["bash", "-c", f"source {ROOT}/scripts/lib/toolchain.sh; find_swift"], check=True, capture_output=True, text=True).stdout.strip()
    build = [swift, "build", "-c", "release", "--product", "replication-worker", "--package-path", ROOT]
    subprocess.run(build, check=True)
    folder = subprocess.run([*build, "--show-bin-path"], check=True, capture_output=True, text=True).stdout.strip()
    return pathlib.Path(folder) / "replication-worker"
