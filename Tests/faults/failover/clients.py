"""Clients of a registry that pull by digest, pull by tag, and push, each in a thread, and what became of every attempt."""

import base64
import collections
import hashlib
import http.client
import json
import random
import threading
import time

Attempt = collections.namedtuple("Attempt", "kind region began ended wrong status")
Image = collections.namedtuple("Image", "repository tag digest manifest blobs")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Refused(Exception):
    """An answer other than wanted; `status` is 0 where there was none."""

    def __init__(self, status, what):
        super().__init__(what)
        self.status = status


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Registry:
    """One client's connection to one registry."""

    def __init__(self, address, user, password, timeout=10):
        self.host, self.timeout = address, timeout
        self.authorization = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.connection = None

    def ask(self, method, path, wanted, body=None, headers=None):
        """One request; raises Refused for anything but `wanted`."""
        try:
            self.connection = self.connection or http.client.HTTPConnection(self.host, timeout=self.timeout)
            self.connection.request(method, path, body=body, headers={"Authorization": self.authorization, "Accept": MANIFEST, **(headers or {})})
            answer = self.connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Refused(0, f"{method} {path}: {error!r}") from error
        if answer.status != wanted:
            hint = "" if answer.status != 503 or answer.getheader("Retry-After") else " WITHOUT Retry-After"
            raise Refused(answer.status, f"{method} {path}: {answer.status}{hint} {content[:200]!r}")
        return answer, content

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def pull(self, image, by_tag=False):
        _, content = self.ask("GET", f"/v2/{image.repository}/manifests/{image.tag if by_tag else image.digest}", 200)
        if content != image.manifest:
            raise Refused(-1, "another manifest than was pushed")
        for name in image.blobs:
            _, content = self.ask("GET", f"/v2/{image.repository}/blobs/{name}", 200)
            if digest(content) != name:
                raise Refused(-1, f"the bytes of {name} are wrong")

    def push(self, repository, tag, rng):
        """Pushes a small image of its own and returns it once everything is acknowledged."""
        blobs = [json.dumps({"architecture": "amd64", "os": "linux", "salt": rng.random()}).encode(), rng.randbytes(20_000)]
        for content in blobs:
            answer, _ = self.ask("POST", f"/v2/{repository}/blobs/uploads/", 202, headers={"Content-Length": "0"})
            place = answer.getheader("Location").split(self.host, 1)[-1]
            glue = "&" if "?" in place else "?"
            self.ask("PUT", f"{place}{glue}digest={digest(content)}", 201, content, {"Content-Type": "application/octet-stream"})
        entries = [{"mediaType": kind, "digest": digest(content), "size": len(content)} for kind, content in zip(
            ("application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar"), blobs)]
        manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": entries[0], "layers": entries[1:]}).encode()
        self.ask("PUT", f"/v2/{repository}/manifests/{tag}", 201, manifest, {"Content-Type": MANIFEST})
        return Image(repository, tag, digest(manifest), manifest, [entry["digest"] for entry in entries])


class Load:
    """Clients that go on until they are told to stop; every attempt is kept."""

    def __init__(self, registry, regions):
        self.registry, self.regions = registry, regions
        self.attempts, self.acknowledged, self.lock = [], [], threading.Lock()
        self.stopping, self.threads, self.surprises, self.seeded = threading.Event(), [], [], []

    def seed(self, count):
        rng, client = random.Random("seed"), self.registry(self.regions[0])
        self.seeded = [client.push(f"failover/seed{number % 3}", f"s{number}", rng) for number in range(count)]
        client.close()

    def start(self):
        """For each region two clients that pull by digest, one that pulls by tag, one that pushes."""
        for region in self.regions:
            for number, (kind, work) in enumerate((
                    ("pull by digest", self._pull_by_digest), ("pull by digest", self._pull_by_digest), ("pull by tag", self._pull_by_tag),
                    ("push", self._push))):
                thread = threading.Thread(target=self._run, args=(kind, region, work, f"{region}{number}"), daemon=True)
                thread.start()
                self.threads.append(thread)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)

    def _run(self, kind, region, work, name):
        client, rng = self.registry(region), random.Random(name)
        while not self.stopping.is_set():
            began, wrong, status = time.monotonic(), None, 200
            try:
                work(client, rng, name)
            except Refused as refusal:
                wrong, status = str(refusal), refusal.status
            except Exception as error:  # a mistake in the harness must not look like silence of a client
                self.surprises.append(f"{name}: {error!r}")
                return
            with self.lock:
                self.attempts.append(Attempt(kind, region, began, time.monotonic(), wrong, status))
            self.stopping.wait(rng.uniform(0.05, 0.15))

    def _pull_by_digest(self, client, rng, _name):
        client.pull(rng.choice(self.seeded))

    def _pull_by_tag(self, client, rng, _name):
        client.pull(rng.choice(self.seeded), by_tag=True)

    def _push(self, client, rng, name):
        image = client.push(f"failover/{name}", f"t{rng.getrandbits(48):x}", rng)
        with self.lock:
            self.acknowledged.append((time.monotonic(), image))
