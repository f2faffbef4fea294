"""What every health service and the balancer say, sampled four times a second."""

import collections
import csv
import http.client
import io
import json
import threading
import time

from storeload.simulation import REGIONS

PAUSE = 0.25
DIRECTIONS = ("read", "write")
# The verdict of a region on itself; `status` is the HTTP status or 0, `word` pass, warn, fail, unknown or the failure.
Sample = collections.namedtuple("Sample", "at status word reasons")


def ask(connection, path):
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def judgement(document, direction):
    """(status word, reasons as `code` or `code:component`) of one direction."""
    reasons = document.get("reasons", {}).get(direction, [])
    return document.get(direction, {}).get("status", "?"), [
        ":".join(reason[key] for key in ("code", "component") if reason.get(key)) for reason in reasons]


class Watch:
    """Samples until it is stopped."""

    def __init__(self, simulation):
        self.simulation, self.stopping = simulation, threading.Event()
        self.own = {(region, direction): [] for region in REGIONS for direction in DIRECTIONS}
        self.views = collections.defaultdict(list)    # (observer, region, direction): (at, word)
        self.pools = collections.defaultdict(list)    # backend: (at, servers that are up)
        self.threads = []

    def start(self):
        for region in REGIONS:
            self._thread(lambda region=region: self._region(region))
            self._thread(lambda region=region: self._regions(region))
        self._thread(self._balancer)
        return self

    def _thread(self, work):
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self.threads.append(thread)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(20)

    def _region(self, region):
        """What the balancer asks: the region's own service, about the region."""
        address = self.simulation.health(region)
        while not self.stopping.wait(PAUSE):
            for direction in DIRECTIONS:
                connection = http.client.HTTPConnection(address, timeout=2)
                try:
                    status, body = ask(connection, f"/health/region/{region}?for={direction}")
                    word, reasons = judgement(json.loads(body), direction) if status in (200, 503) else (f"{status}", [])
                except (OSError, http.client.HTTPException, ValueError) as error:
                    status, word, reasons = 0, type(error).__name__, []
                finally:
                    connection.close()
                self.own[region, direction].append(Sample(time.monotonic(), status, word, tuple(reasons)))

    def _regions(self, observer):
        """What each service says of all regions."""
        address = self.simulation.health(observer)
        while not self.stopping.wait(1):
            connection = http.client.HTTPConnection(address, timeout=2)
            try:
                _, body = ask(connection, "/health/regions")
                document = json.loads(body)
                for verdict in document["regions"]:
                    for direction in DIRECTIONS:
                        self.views[observer, verdict.get("region"), direction].append((time.monotonic(), judgement(verdict, direction)[0]))
            except (OSError, http.client.HTTPException, ValueError, KeyError):
                pass  # seen by the other thread as a region that does not answer
            finally:
                connection.close()

    def _balancer(self):
        while not self.stopping.wait(PAUSE):
            connection = http.client.HTTPConnection(self.simulation.balancer_statistics, timeout=2)
            try:
                _, body = ask(connection, "/;csv")
            except (OSError, http.client.HTTPException):
                continue
            finally:
                connection.close()
            up = collections.defaultdict(set)
            for row in csv.DictReader(io.StringIO(body.decode().lstrip("# "))):
                if row["svname"] in REGIONS and row["pxname"] != "everybody":
                    up[row["pxname"]] |= {row["svname"]} if row["status"].startswith(("UP", "no check")) else set()
            for backend, servers in up.items():
                self.pools[backend].append((time.monotonic(), frozenset(servers)))

    # What came of it

    def span(self, region, direction, start, end):
        return [sample for sample in self.own[region, direction] if start <= sample.at < end]

    def view(self, observer, region, direction, start, end):
        """The last word of one region's service on another."""
        words = [word for at, word in self.views[observer, region, direction] if start <= at < end]
        return words[-1] if words else "nothing"

    def turned(self, region, direction, start, end):
        """Seconds from the fault to the first 503 (or silence) of the run that lasts to its end; None where it is green then."""
        samples = self.span(region, direction, start, end)
        if not samples or samples[-1].status == 200:
            return None
        first = next(number for number in range(len(samples) - 1, -1, -1) if number == 0 or samples[number - 1].status == 200)
        return samples[first].at - start

    def returned(self, region, direction, start, end):
        """Seconds from the end of the fault to the first 200 after the last other answer; None where there is none."""
        samples = self.span(region, direction, start, end)
        bad = max((number for number, sample in enumerate(samples) if sample.status != 200), default=-1)
        return None if bad + 1 >= len(samples) else samples[bad + 1].at - start

    def smallest_pool(self, start, end):
        """The fewest servers that any backend had up, and when that was."""
        return min(((len(servers), backend) for backend, samples in self.pools.items() for at, servers in samples if start <= at < end), default=None)
