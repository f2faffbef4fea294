"""What is done to one region's store, or to the database, how it is undone, and how one sees that it was really so."""

import errno
import http.client
import json
import subprocess
import time

from harness.s3 import S3Error

TMPFS_MIB = 1500


class Fault:
    """A way in which the store of one region fails."""

    name = what = ""
    variant = "plain"        # of the simulation: plain, proxied (a fault proxy before the store), folder or standby
    is_of_store = True       # or of the database, which all regions share
    spoils_reads = False     # clients that are redirected to the store get wrong or short bodies

    def __init__(self, simulation, region, arguments):
        self.simulation, self.region, self.arguments = simulation, region, arguments
        self.store_name = f"{region}-store"

    def begin(self):
        raise NotImplementedError

    def end(self):
        raise NotImplementedError

    def evidence(self):
        """What shows that the fault is in effect; empty when nothing does. Asked while it is."""
        raise NotImplementedError

    def probe(self, seconds=3):
        """How the store answers a GET of its root: a status, or the kind of failure."""
        connection = http.client.HTTPConnection("127.0.0.1", self.simulation.port(self.store_name), timeout=seconds)
        try:
            connection.request("GET", "/")
            return str(connection.getresponse().status)
        except OSError as error:
            return type(error).__name__
        finally:
            connection.close()


class Killed(Fault):
    name, what = "kill", "the store's process is killed (SIGKILL), started again later"

    def begin(self):
        self.simulation.call("stop", self.store_name, "--signal", "KILL")

    def end(self):
        self.simulation.call("start", self.store_name)

    def evidence(self):
        found = self.probe()
        return found if found == "ConnectionRefusedError" else ""


class Hung(Fault):
    name, what = "hang", "the store's process is frozen (SIGSTOP): it accepts connections and never answers"

    def begin(self):
        self.simulation.call("stop", self.store_name, "--signal", "STOP")

    def end(self):
        self.simulation.call("start", self.store_name)

    def evidence(self):
        found = self.probe()
        return found if found == "TimeoutError" else ""


class OverQuota(Fault):
    name, what = "quota", "the bucket is over its quota: radosgw answers every write with 403 QuotaExceeded, reads work"

    def _quota(self, *words):
        simulation = self.simulation
        subprocess.run(
            ["radosgw-admin", "-c", simulation.folder / "data/ceph/ceph.conf", "-n", "client.rgw.us", "quota", *words,
             "--quota-scope=bucket", f"--bucket={self.region}storage"], check=True, capture_output=True, timeout=60)

    def begin(self):
        self._quota("set", "--max-objects=1", "--max-size=1")
        self._quota("enable")

    def end(self):
        self._quota("disable")

    def evidence(self):
        try:
            self.simulation.store(self.region).put("harness/probe", b"one more")
        except S3Error as error:
            return "QuotaExceeded" if "QuotaExceeded" in str(error) else ""
        return ""


class DiskFull(Fault):
    name, what = "disk", "LocalStorage on a file system of its own that is full to the last byte (ENOSPC), reads work"
    variant = "folder"

    @property
    def filler(self):
        return self.simulation.tmpfs / "filler"

    def begin(self):
        with self.filler.open("ab", buffering=0) as file:
            for size in (64 << 20, 1 << 20, 4096):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def end(self):
        self.filler.unlink()

    def evidence(self):
        probe = self.simulation.tmpfs / "probe"
        try:
            probe.write_bytes(bytes(100_000))
        except OSError as error:
            return "ENOSPC" if error.errno == errno.ENOSPC else ""
        finally:
            probe.unlink(missing_ok=True)
        return ""


class Proxied(Fault):
    """A fault of the proxy before the store."""

    variant, mode, counter = "proxied", "", ""

    def options(self):
        return {}

    def _control(self, method, path):
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.simulation.port(f"{self.region}-proxy-control"), timeout=20)
        try:
            connection.request(method, path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def begin(self):
        self._control("POST", "/reset")
        self._control("POST", f"/mode?{self.mode}" + "".join(f"&{k}={v}" for k, v in self.options().items()))

    def end(self):
        self._control("POST", "/mode?pass")

    def evidence(self):
        count = self._control("GET", "/stats").get(self.counter, 0)
        return f"{count} {self.counter}" if count else ""


class Errors(Proxied):
    name, what, mode, counter = "errors", "the store answers 503 SlowDown to everything", "slowdown", "slowed"


class Stalled(Proxied):
    name, what, mode, counter = "stall", "every body stops halfway and the connection stays open", "stall", "stalled"
    spoils_reads = True


class Truncated(Proxied):
    name, mode, counter = "truncate", "truncate", "truncated"
    what = "every second body to or from the store ends halfway"
    spoils_reads = True

    def options(self):
        return {"every": self.arguments.every or 2}


class Corrupted(Proxied):
    name, mode, counter = "corrupt", "corrupt", "spoilt"
    what = "one bit is flipped in every fourth body to or from the store"
    spoils_reads = True

    def options(self):
        return {"every": self.arguments.every or 4}


class PrimaryLost(Fault):
    name, variant, is_of_store = "primary", "standby", False
    what = "PostgreSQL's primary is killed (SIGKILL) for good, and its standby promoted after some seconds"

    def begin(self):
        self.simulation.call("stop", "postgres", "--signal", "KILL")
        time.sleep(self.arguments.promote_after)
        self.simulation.call("promote")

    def end(self):
        """The old primary stays away: it would have to follow the new one first."""

    def evidence(self):
        # The URL names both servers; only the one that takes writes answers.
        found = self.simulation.catalog.value("SELECT inet_server_port() || ' ' || pg_is_in_recovery()")
        return f"the primary is at port {found.split()[0]}" if found == f"{self.simulation.port('postgres-standby')} false" else ""


FAULTS = {fault.name: fault for fault in (Killed, Hung, OverQuota, DiskFull, Errors, Stalled, Truncated, Corrupted, PrimaryLost)}
VARIANTS = ("plain", "proxied", "folder", "standby")


def variant_settings(variant, region):
    """How the simulation is to be started for a fault of this variant."""
    if variant == "proxied":
        return {"proxies": (region,)}
    if variant == "folder":
        return {"tmpfs": (region, TMPFS_MIB)}
    return {"standby": variant == "standby"}
