#!/usr/bin/env python3
"""The clients of the soak of garbage collection: they share a few digests and believe what they are told.

Layers come in groups that take turns: while one group is in use the others lie idle for longer than a lease, are collected,
and come back as pushes of the same digests. Many requests aim at the moment at which a lease ends.
"""

import argparse
import hashlib
import json
import os
import random
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "conformance"))

import content  # noqa: E402
from registry import Registry  # noqa: E402

REPOSITORIES = [f"soak/shared{number}" for number in range(4)]
GROUPS, LAYERS_PER_GROUP, TURN_SECONDS = 4, 3, 40
SIZES = [1_000, 70_000, 5_000_000]  # The largest is copied in parts.


def layer(group, number):
    """The bytes of a layer: the same in every run and process."""
    return random.Random(group * 100 + number).randbytes(SIZES[number % len(SIZES)])


LAYERS = [[layer(group, number) for number in range(LAYERS_PER_GROUP)] for group in range(GROUPS)]
DIGEST = {id(data): content.digest(data) for group in LAYERS for data in group}


class Shared:
    """What the clients have in common: when links were last leased, and what went wrong."""

    def __init__(self, lease, end):
        self.lease, self.end, self.begun = lease, end, time.monotonic()
        self.lock = threading.Lock()
        self.touched = {}
        self.counts = {}
        self.violations = []
        self.unexpected = []

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def touch(self, repo, data, at):
        with self.lock:
            self.touched[(repo, id(data))] = max(at, self.touched.get((repo, id(data)), 0))

    def violate(self, text):
        with self.lock:
            self.violations.append(f"{time.monotonic() - self.begun:.1f} s: {text}")
        print(f"VIOLATION {text}", flush=True)

    def surprise(self, text):
        with self.lock:
            self.unexpected.append(text)

    def at_the_edge(self, rng):
        """A layer in a repository whose lease ends about now; None where there is none."""
        now = time.monotonic()
        with self.lock:
            edge = [key for key, at in self.touched.items() if -2 < now - at - self.lease < 3]
        if not edge:
            return None
        repo, ident = rng.choice(edge)
        return repo, next(data for group in LAYERS for data in group if id(data) == ident)


class Client:
    """One client: its own images, its own private repository, the shared layers."""

    def __init__(self, number, registry, shared):
        self.number, self.registry, self.shared = number, registry, shared
        self.rng = random.Random(number)
        self.images = {}
        self.private = f"soak/private{number}"
        self.serial = 0

    def run(self):
        while time.monotonic() < self.shared.end:
            try:
                self.step()
            except Exception as error:  # Whatever it is, it is part of the result.
                self.shared.surprise(f"client {self.number}: {type(error).__name__}: {error}"[:300])
                self.registry.idle.clear()
            time.sleep(self.rng.uniform(0.0, 0.4))

    def step(self):
        choice = self.rng.random()
        edge = self.shared.at_the_edge(self.rng)
        if edge and choice < 0.4:
            self.push(edge[0], [edge[1]], "edge")
        elif choice < 0.65:
            group = LAYERS[int((time.monotonic() - self.shared.begun) / TURN_SECONDS) % GROUPS]
            self.push(self.rng.choice(REPOSITORIES), self.rng.sample(group, self.rng.randint(1, 2)), "push")
        elif choice < 0.8:
            self.read(self.rng.choice(list(self.images))) if self.images else None
        elif choice < 0.9 and len(self.images) > 3:
            self.delete(self.rng.choice(list(self.images)))
        else:
            self.unlink_and_push_again()

    # Having a blob in a repository: by HEAD, by mount, by upload. Each answer is relied upon.

    def have(self, repo, data):
        """Makes sure that the repository has the blob; returns when the request began that the registry said yes to."""
        digest = DIGEST.get(id(data)) or content.digest(data)
        # Some clients mount without asking first.
        if self.rng.random() < 0.7:
            asked = time.monotonic()
            answer = self.registry.send("HEAD", f"/v2/{repo}/blobs/{digest}")
            if answer.status == 200:
                self.shared.count("skipped after HEAD")
                return asked
            if answer.status != 404:
                raise RuntimeError(f"HEAD answered {answer.status}")
        source = self.rng.choice(REPOSITORIES)
        asked = time.monotonic()
        answer = self.registry.send("POST", f"/v2/{repo}/blobs/uploads/?mount={digest}&from={source}")
        if answer.status == 201:
            self.shared.count("mounted")
            return asked
        if answer.status != 202:
            raise RuntimeError(f"mount answered {answer.status}")
        location = self.registry.relative(answer.get("Location"))
        asked = time.monotonic()
        if len(data) > 1000 and self.rng.random() < 0.3:
            half = len(data) // 2
            answer = self.registry.send(
                "PATCH", location, [("Content-Range", f"0-{half - 1}")], body=data[:half]
            )
            if answer.status != 202:
                raise RuntimeError(f"PATCH answered {answer.status}")
            location, data = self.registry.relative(answer.get("Location")), data[half:]
        answer = self.registry.send("PUT", self.registry.closing(location, digest), body=data)
        if answer.status != 201:
            raise RuntimeError(f"PUT answered {answer.status}")
        self.shared.count("uploaded")
        return asked

    def push(self, repo, layers, kind):
        self.serial += 1
        config = content.encode({"architecture": "amd64", "os": "linux", "nonce": f"{self.number}.{self.serial}"})
        first = time.monotonic()
        for data in [*layers, config]:
            asked = self.have(repo, data)
            first = min(first, asked)
            # In a private repository its owner may unlink at any time: nobody else may rely on it.
            if id(data) in DIGEST and repo in REPOSITORIES:
                self.shared.touch(repo, data, asked)
        descriptors = [content.descriptor(data, content.OCI_LAYER) for data in layers]
        manifest = content.encode(content.image(content.descriptor(config, content.OCI_CONFIG), descriptors))
        # Some clients take their time, but not longer than the lease.
        if self.rng.random() < 0.1:
            time.sleep(self.rng.uniform(0, 4))
        tag = f"c{self.number}-{self.serial}"
        answer = self.registry.put_manifest(repo, tag, manifest)
        took = time.monotonic() - first
        if answer.status == 201:
            self.shared.count(f"images by {kind}")
            self.images[(repo, tag)] = manifest
            if len(self.images) > 12:
                self.delete(next(iter(self.images)))
        elif took < self.shared.lease:
            self.shared.violate(f"{repo}:{tag}: {answer.status} {answer.body[:200]!r} {took:.2f} s after the first answer")
        else:
            self.shared.count("manifests later than the lease")

    def read(self, image, final=False):
        repo, tag = image
        manifest = self.images[image]
        answer = self.registry.get(f"/v2/{repo}/manifests/{tag}")
        if answer.status != 200 or answer.body != manifest:
            return self.shared.violate(f"live image {repo}:{tag}: manifest {answer.status}")
        document = json.loads(manifest)
        for descriptor in [document["config"], *document["layers"]]:
            answer = self.registry.blob(repo, descriptor["digest"])
            if answer.status != 200 or content.digest(answer.body) != descriptor["digest"]:
                return self.shared.violate(f"live image {repo}:{tag}: blob {descriptor['digest']} {answer.status}")
        self.shared.count("images read")

    def delete(self, image):
        repo, _ = image
        manifest = self.images.pop(image)
        digest = "sha256:" + hashlib.sha256(manifest).hexdigest()
        answer = self.registry.send("DELETE", f"/v2/{repo}/manifests/{digest}")
        if answer.status != 202:
            raise RuntimeError(f"DELETE of a manifest answered {answer.status}")
        self.shared.count("images deleted")

    def unlink_and_push_again(self):
        """In a repository of its own: the link goes at once, the blob with its last link, and comes back at once."""
        data = self.rng.choice(self.rng.choice(LAYERS))
        self.have(self.private, data)
        answer = self.registry.send("DELETE", f"/v2/{self.private}/blobs/{DIGEST[id(data)]}")
        if answer.status not in (202, 405):
            raise RuntimeError(f"DELETE of a blob answered {answer.status}")
        self.shared.count("blobs unlinked")
        self.push(self.private, [data], "re-push")


def connect(args):
    return Registry(args.urls.split(","), "admin", os.environ["SUPERUSER_PASSWORD"])


def run(args):
    shared = Shared(args.lease, time.monotonic() + args.seconds)
    registry = connect(args)
    clients = [Client(number, registry.client(), shared) for number in range(args.clients)]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(min(30, max(1, shared.end - time.monotonic())))
        print(f"{time.monotonic() - shared.begun:5.0f} s  {json.dumps(shared.counts)}", flush=True)
    live = {}
    for client in clients:
        for image in client.images:
            client.read(image)
        # Every second image stays, to be read after the last collection.
        for image in list(client.images)[::2]:
            client.delete(image)
        for (repo, tag), manifest in client.images.items():
            live[f"{repo}:{tag}"] = manifest.decode()
    Path(args.images).write_text(json.dumps(live))
    report = {
        "clients": args.clients,
        "seconds": args.seconds,
        "lease_seconds": args.lease,
        "counts": dict(sorted(shared.counts.items())),
        "violations": shared.violations,
        "unexpected": shared.unexpected[:50],
        "unexpected_count": len(shared.unexpected),
        "server_errors": registry.server_errors[:20],
    }
    Path(args.report).write_text(json.dumps(report, indent=2) + "\n")
    return 1 if shared.violations or shared.unexpected else 0


def check(args):
    """Reads every live image in full at every region."""
    shared = Shared(0, 0)
    live = {tuple(name.split(":")): text.encode() for name, text in json.loads(Path(args.images).read_text()).items()}
    for url in args.urls.split(","):
        client = Client(0, Registry([url], "admin", os.environ["SUPERUSER_PASSWORD"]), shared)
        client.images = live
        for image in live:
            client.read(image)
    print(f"{len(live)} live images read in full at each region: {len(shared.violations)} failures")
    return 1 if shared.violations else 0


def summary(args):
    report = json.loads(Path(args.report).read_text())
    collected = json.loads(Path(args.gc).read_text())
    buckets = json.loads(Path(args.repair).read_text())["locations"]
    verified = json.loads(Path(args.verify).read_text())
    wrong = []
    if report["violations"]:
        wrong.append(f"{len(report['violations'])} violations")
    if collected["deletions"]:
        wrong.append("open deletions at the end")
    for bucket in buckets:
        counts = bucket["counts"]
        for kind in ("missing", "wrong_size", "orphans", "stale_uploads"):
            if counts[kind]:
                wrong.append(f"{bucket['location']}: {counts[kind]} {kind}")
        if counts["objects"] != counts["placements"]:
            wrong.append(f"{bucket['location']}: {counts['objects']} objects for {counts['placements']} placements")
    if verified["quarantined"] or verified["unknown"]:
        wrong.append("copies that are not good")
    result = {
        "clients": report,
        "last_collection": collected,
        "buckets": {bucket["location"]: bucket["counts"] for bucket in buckets},
        "verified_copies": verified["looked"],
        "wrong": wrong,
    }
    text = json.dumps(result, indent=2) + "\n"
    if args.result:
        Path(args.result).write_text(text)
    print(text)
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["run", "check", "summary"])
    parser.add_argument("--urls")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--lease", type=float, default=60)
    for name in ("report", "images", "gc", "repair", "verify", "result"):
        parser.add_argument(f"--{name}")
    args = parser.parse_args()
    return {"run": run, "check": check, "summary": summary}[args.command](args)


if __name__ == "__main__":
    sys.exit(main())
