"""A few clients: pulls and pushes at the balancer, and a canary at each region's own API. One attempt each, nothing is tried again."""

import base64
import collections
import hashlib
import http.client
import json
import random
import threading
import time
import urllib.parse

from storeload.simulation import REGIONS

Attempt = collections.namedtuple("Attempt", "kind via began ended wrong")
Image = collections.namedtuple("Image", "repository tag digest manifest blobs")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
PATIENCE = 6  # seconds without a byte


def digest_of(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Wrong(Exception):
    """The attempt failed."""


class Client:
    """One client of one address; a fresh connection for each attempt, as a balancer's clients have."""

    def __init__(self, url, env):
        self.host = url.removeprefix("http://")
        self.authorization = "Basic " + base64.b64encode(f"{env['SUPERUSER']}:{env['SUPERUSER_PASSWORD']}".encode()).decode()
        self.connection = None

    def ask(self, method, path, wanted, body=None, headers=None):
        try:
            self.connection = self.connection or http.client.HTTPConnection(self.host, timeout=PATIENCE)
            self.connection.request(method, path, body=body, headers={"Authorization": self.authorization, "Accept": MANIFEST, **(headers or {})})
            answer = self.connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Wrong(f"{method} {path.split('?')[0]}: {error!r}") from error
        if answer.status not in wanted:
            raise Wrong(f"{method} {path.split('?')[0]}: {answer.status} {content[:160]!r}")
        return answer, content

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def pull(self, image, by_tag):
        _, content = self.ask("GET", f"/v2/{image.repository}/manifests/{image.tag if by_tag else image.digest}", (200,))
        if content != image.manifest:
            raise Wrong("another manifest than was pushed")
        for name in image.blobs:
            answer, content = self.ask("GET", f"/v2/{image.repository}/blobs/{name}", (200, 307))
            if answer.status == 307:
                content = self.follow(answer.getheader("Location"))
            if digest_of(content) != name:
                raise Wrong(f"the bytes of {name} are wrong")

    @staticmethod
    def follow(location):
        parts = urllib.parse.urlsplit(location)
        connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
        try:
            connection.request("GET", f"{parts.path}?{parts.query}")
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Wrong(f"at the store it was sent to: {error!r}") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise Wrong(f"at the store it was sent to: {answer.status} {content[:160]!r}")
        return content

    def push(self, repository, tag, rng):
        blobs = [json.dumps({"architecture": "amd64", "os": "linux", "salt": rng.random()}).encode(), rng.randbytes(9_000)]
        for content in blobs:
            answer, _ = self.ask("POST", f"/v2/{repository}/blobs/uploads/", (202,), headers={"Content-Length": "0"})
            place = urllib.parse.urlsplit(answer.getheader("Location"))
            glue = "&" if place.query else ""
            self.ask("PUT", f"{place.path}?{place.query}{glue}digest={digest_of(content)}", (201,), content, {"Content-Type": "application/octet-stream"})
        entries = [{"mediaType": kind, "digest": digest_of(content), "size": len(content)} for kind, content in zip(
            ("application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar"), blobs)]
        manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": entries[0], "layers": entries[1:]}).encode()
        self.ask("PUT", f"/v2/{repository}/manifests/{tag}", (201,), manifest, {"Content-Type": MANIFEST})
        return Image(repository, tag, digest_of(manifest), manifest, [entry["digest"] for entry in entries])


class Load:
    """Two pullers and a pusher at the balancer; at each region one that pulls by digest, one by tag, and one that pushes."""

    PULLERS = 2

    def __init__(self, simulation, seeded):
        self.simulation, self.seeded = simulation, seeded
        self.attempts, self.lock, self.threads = [], threading.Lock(), []
        self.stopping, self.surprises = threading.Event(), []

    def start(self):
        at = {"lb": self.simulation.env["GLOBAL_URL"], **{region: self.simulation.api(region) for region in REGIONS}}
        for number in range(self.PULLERS):
            self._thread("pull", "lb", at["lb"], 0.25, lambda client, rng: client.pull(rng.choice(self.seeded), rng.random() < 0.5), number)
        self._thread("push", "lb", at["lb"], 1.0, self._push)
        for region in REGIONS:
            self._thread("digest", region, at[region], 0.6, lambda client, rng: client.pull(rng.choice(self.seeded), False))
            self._thread("tag", region, at[region], 0.6, lambda client, rng: client.pull(rng.choice(self.seeded), True))
            self._thread("push", region, at[region], 1.5, self._push)
        return self

    @staticmethod
    def _push(client, rng):
        client.push(f"health/load{rng.randrange(3)}", f"t{rng.getrandbits(48):x}", rng)

    def _thread(self, kind, via, url, pause, work, number=0):
        thread = threading.Thread(target=self._run, args=(kind, via, url, pause, work, f"{kind}-{via}-{number}"), daemon=True)
        thread.start()
        self.threads.append(thread)

    def _run(self, kind, via, url, pause, work, name):
        client, rng = Client(url, self.simulation.env), random.Random(f"{name}-{time.time_ns()}")
        while not self.stopping.wait(pause * rng.uniform(0.8, 1.2)):
            began, wrong = time.monotonic(), None
            try:
                work(client, rng)
            except Wrong as error:
                wrong = str(error)
            except Exception as error:  # a mistake in the harness must not look like silence of a client
                self.surprises.append(f"{name}: {error!r}")
                return
            finally:
                client.close()
            with self.lock:
                self.attempts.append(Attempt(kind, via, began, time.monotonic(), wrong))

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)

    def between(self, kinds, via, start, end):
        """Attempts that began in that time."""
        with self.lock:
            return [a for a in self.attempts if a.kind in kinds and a.via == via and start <= a.began < end]


def seed(simulation, count=4):
    """Images that are everywhere before anything fails."""
    client, rng = Client(simulation.api("us"), simulation.env), random.Random(f"seed-{time.time_ns()}")
    images = [client.push(f"health/seed{number % 2}", f"s{number}", rng) for number in range(count)]
    client.close()
    simulation.await_copies(90)
    return images
