"""What is done to a region, or to what all regions share, and what health is to say of each region then."""

import email.utils
import http.client
import json
import subprocess
import time

RED, GREEN, ANY = "red", "green", "either"
# Verdicts (read, write) of the region that is struck; the others are green in both directions unless said otherwise.
SICK, READS_ONLY, WELL = (RED, RED), (GREEN, RED), (GREEN, GREEN)


class Fault:
    """A fault of one region, or a shared one."""

    name = what = ""
    struck = SICK
    shared = False          # seen by every region alike
    pulls_go_on = True      # through the balancer, once it has turned; None where nothing can be promised
    pushes_go_on = True
    is_silent = False       # the region's API keeps clients waiting, so that each may fail as often as it gives up before the balancer has turned

    def __init__(self, simulation, region):
        self.simulation, self.region = simulation, region

    def prepare(self):
        """Before the time of the fault is taken; a text says why it cannot be had here."""

    def begin(self):
        raise NotImplementedError

    def end(self):
        raise NotImplementedError

    def evidence(self):
        """What shows that the fault is in effect, asked at its end; empty when nothing does. A process that was killed or frozen needs no proof."""
        return "the signal was sent"

    def restore(self):
        """After everything was measured."""

    # Tools

    def signal(self, name, signal):
        self.simulation.call("stop", name, "--signal", signal)

    def start(self, name):
        self.simulation.call("start", name)

    def proxy(self, region, words):
        connection = http.client.HTTPConnection("127.0.0.1", self.simulation.port(f"{region}-proxy-control"), timeout=20)
        try:
            connection.request("POST", f"/mode?{words}")
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


class StoreStopped(Fault):
    name, what = "store-stopped", "the home store's process is killed"

    def begin(self):
        self.signal(f"{self.region}-store", "KILL")

    def end(self):
        self.start(f"{self.region}-store")


class StoreHung(Fault):
    name, what = "store-hung", "the home store accepts connections and never answers (SIGSTOP)"

    def begin(self):
        self.signal(f"{self.region}-store", "STOP")

    def end(self):
        self.start(f"{self.region}-store")


class StoreProxied(Fault):
    words = ""

    def begin(self):
        self.proxy(self.region, "pass")
        self.before = self.proxy(self.region, self.words).get("forbidden", 0)

    def evidence(self):
        count = self.proxy(self.region, self.words).get("forbidden", 0) - self.before
        return f"{count} requests refused" if count else ""

    def end(self):
        self.proxy(self.region, "pass")


class StoreReadOnly(StoreProxied):
    name, what, struck = "store-read-only", "the home store answers writes with 403 AccessDenied", READS_ONLY
    words = "forbid&code=AccessDenied&writes=1"


class StoreFull(Fault):
    name, what, struck = "store-full", "the home store's bucket is over its quota (403 QuotaExceeded)", READS_ONLY

    def _quota(self, *words):
        subprocess.run(
            ["radosgw-admin", "-c", self.simulation.folder / "data/ceph/ceph.conf", "-n", "client.rgw.us", "quota", *words,
             "--quota-scope=bucket", f"--bucket={self.region}storage"], check=True, capture_output=True, timeout=60)

    def begin(self):
        self._quota("set", "--max-objects=1", "--max-size=1")
        self._quota("enable")

    def end(self):
        self._quota("disable")


class StoreCredentials(StoreProxied):
    name, what = "store-credentials", "the home store refuses every signature (403 SignatureDoesNotMatch)"
    words = "forbid&code=SignatureDoesNotMatch"


class RedisDown(Fault):
    name, what, struck, shared = "redis-down", "Redis is killed", WELL, True

    def begin(self):
        self.signal("redis", "KILL")

    def end(self):
        self.start("redis")


class RedisFlushed(Fault):
    name, what, struck, shared = "redis-flushed", "Redis loses everything (FLUSHALL, every second)", WELL, True

    def _flush(self):
        subprocess.run(["redis-cli", "-p", str(self.simulation.base + 11), "FLUSHALL"], check=True, capture_output=True, timeout=20)

    def begin(self):
        self._flush()

    def during(self):
        self._flush()

    def end(self):
        pass


class RedisSlow(Fault):
    name, what, struck, shared = "redis-slow", "every word to and from Redis takes a second", WELL, True

    def begin(self):
        self.simulation.links.set(lambda region, what: what == "redis", "pass", 1.0)

    def end(self):
        self.simulation.links.heal()


class PostgresDown(Fault):
    name, what, struck, shared = "postgres-down", "PostgreSQL is killed", WELL, True
    pulls_go_on = pushes_go_on = None

    def begin(self):
        self.signal("postgres", "KILL")

    def end(self):
        self.start("postgres")


class PostgresReadOnly(Fault):
    name, what, struck, shared = "postgres-read-only", "PostgreSQL takes no writes (default_transaction_read_only)", WELL, True
    pushes_go_on = None

    def _set(self, value):
        self.simulation.psql(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        self.simulation.psql("SELECT pg_reload_conf()")

    def begin(self):
        self._set("on")

    def evidence(self):
        value = self.simulation.psql("SELECT setting FROM pg_file_settings WHERE name = 'default_transaction_read_only'")
        return f"default_transaction_read_only is {value}" if value == "on" else ""

    def end(self):
        self.simulation.psql("ALTER SYSTEM RESET default_transaction_read_only")
        self.simulation.psql("SELECT pg_reload_conf()")


class PostgresHung(Fault):
    name, what, struck, shared = "postgres-hung", "PostgreSQL is frozen (SIGSTOP, all its processes)", WELL, True
    pulls_go_on = pushes_go_on = None

    def begin(self):
        self.signal("postgres", "STOP")

    def end(self):
        self.start("postgres")


class APIKilled(Fault):
    name, what = "api-killed", "the region's API is killed"

    def begin(self):
        self.signal(f"{self.region}-api", "KILL")

    def end(self):
        self.start(f"{self.region}-api")


class APIHung(Fault):
    name, what, is_silent = "api-hung", "the region's API is frozen (SIGSTOP)", True

    def begin(self):
        self.signal(f"{self.region}-api", "STOP")

    def end(self):
        self.start(f"{self.region}-api")


class WorkerStopped(Fault):
    name, what, struck = "worker-stopped", "the region's worker is stopped", WELL

    def begin(self):
        self.simulation.call("stop", f"{self.region}-worker")

    def end(self):
        self.start(f"{self.region}-worker")


class ClockOff(Fault):
    name, what = "clock", "the clock of the region's API, worker and health service is 10 minutes ahead (libfaketime)"

    def prepare(self):
        if not self.simulation.shift_ready(self.region):
            return "libfaketime is not installed (scripts/install faults)"
        deadline = time.monotonic() + 60
        while not self._is_well():
            if time.monotonic() > deadline:
                return "the region did not come up under libfaketime"
            time.sleep(0.5)
        time.sleep(3)
        return None

    def _is_well(self):
        connection = http.client.HTTPConnection(self.simulation.health(self.region), timeout=3)
        try:
            connection.request("GET", f"/health/region/{self.region}")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def begin(self):
        self.simulation.shift(self.region, 600)

    def evidence(self):
        connection = http.client.HTTPConnection(self.simulation.api(self.region).removeprefix("http://"), timeout=5)
        try:
            connection.request("GET", "/v2/")
            told = email.utils.parsedate_to_datetime(connection.getresponse().getheader("Date")).timestamp()
        finally:
            connection.close()
        return f"the API's Date is {told - time.time():.0f} s ahead" if told - time.time() > 500 else ""

    def end(self):
        self.simulation.shift(self.region, 0)

    def restore(self):
        self.simulation.shift_over(self.region)


class Partition(Fault):
    name, what = "partition", "the region keeps its own store and its clients, and loses the database, Redis and the other regions (frozen lines)"
    is_silent = True

    def _cut(self, region, what):
        mine, other = region == self.region, what not in (self.region,)
        return (mine and other) or (not mine and what == self.region)

    def begin(self):
        self.simulation.links.set(self._cut, "hang")

    def end(self):
        self.simulation.links.set(self._cut, "refuse")  # what was frozen for long ends, as connections do after a partition
        time.sleep(0.2)
        self.simulation.links.heal()


class AllStoresDown(Fault):
    name, what, struck, shared = "all-stores-down", "the stores of all regions are killed", (ANY, ANY), True
    pulls_go_on = pushes_go_on = None

    def begin(self):
        for region in ("us", "eu", "ap"):
            self.signal(f"{region}-store", "KILL")

    def end(self):
        for region in ("us", "eu", "ap"):
            self.start(f"{region}-store")


FAULTS = {fault.name: fault for fault in (
    StoreStopped, StoreHung, StoreReadOnly, StoreFull, StoreCredentials, RedisDown, RedisFlushed, RedisSlow, PostgresDown, PostgresReadOnly,
    PostgresHung, APIKilled, APIHung, WorkerStopped, ClockOff, Partition, AllStoresDown)}
