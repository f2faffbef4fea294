#!/usr/bin/env python3
"""Pulls an image over and over with a few clients, and keeps when each request began and ended, and how.

A request is a manifest by tag, or a blob with the redirect it leads to, its SHA-256 checked. One that fails is asked once
more after half a second, as container engines do; a pull that still lacks something has failed. Each client ends when the
file STOP exists. Then one JSON document says what was seen:

    {"requests": N, "pulls": N, "failed_pulls": N, "failed": [{"what", "began", "ended", "error"}], "spans": [[began, ended], …]}

Credentials come from the environment (CREDENTIALS=user:password).
Example: CREDENTIALS=admin:… Tests/e2e/pull_loop.py http://127.0.0.1:20000 library/one latest --stop /tmp/s --out /tmp/o
"""

import argparse
import base64
import hashlib
import http.client
import json
import os
import pathlib
import threading
import time
import urllib.parse

ACCEPT = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"


class Client(threading.Thread):
    """One client with a kept connection to the registry, as a container engine has."""

    def __init__(self, arguments, credentials):
        super().__init__(daemon=True)
        self.arguments = arguments
        self.basic = "Basic " + base64.b64encode(credentials.encode()).decode()
        self.registry, self.spans, self.failed, self.pulls, self.failed_pulls = None, [], [], 0, 0

    def fetch(self, path):
        """The bytes behind a path of the registry, after its redirect."""
        if self.registry is None:
            self.registry = http.client.HTTPConnection(urllib.parse.urlsplit(self.arguments.url).netloc, timeout=30)
        self.registry.request("GET", path, headers={"Authorization": self.basic, "Accept": ACCEPT})
        answer = self.registry.getresponse()
        body = answer.read()
        if answer.status in (302, 307):
            target = urllib.parse.urlsplit(answer.headers["Location"])
            store = http.client.HTTPConnection(target.netloc, timeout=30)
            try:
                store.request("GET", f"{target.path}?{target.query}")
                answer = store.getresponse()
                body = answer.read()
            finally:
                store.close()
        if answer.status != 200:
            raise RuntimeError(f"status {answer.status}: {body[:200]!r}")
        return body

    def request(self, what, path, digest=None):
        began = time.time()
        try:
            body = self.fetch(path)
            if digest and "sha256:" + hashlib.sha256(body).hexdigest() != digest:
                raise RuntimeError("wrong bytes")
        except (OSError, http.client.HTTPException, RuntimeError) as error:
            self.failed.append({"what": what, "began": began, "ended": time.time(), "error": f"{type(error).__name__}: {error}"})
            if self.registry:
                self.registry.close()
                self.registry = None
            return None
        finally:
            self.spans.append((began, time.time()))
        return body

    def insist(self, *question):
        body = self.request(*question)
        if body is None:
            time.sleep(0.5)
            body = self.request(*question)
        return body

    def run(self):
        base = f"/v2/{self.arguments.repository}"
        while not self.arguments.stop.exists():
            manifest = self.insist("manifest", f"{base}/manifests/{self.arguments.tag}")
            document = json.loads(manifest or "{}")
            wanted = [document["config"], *document["layers"]] if manifest else []
            blobs = [self.insist("blob", f"{base}/blobs/{b['digest']}", b["digest"]) for b in wanted]
            if manifest and all(blob is not None for blob in blobs):
                self.pulls += 1
            else:
                self.failed_pulls += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("repository")
    parser.add_argument("tag")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--stop", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    clients = [Client(arguments, os.environ["CREDENTIALS"]) for _ in range(arguments.clients)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    spans = sorted(span for client in clients for span in client.spans)
    failed = sorted((f for client in clients for f in client.failed), key=lambda f: f["began"])
    arguments.out.write_text(json.dumps(
        {"requests": len(spans), "pulls": sum(c.pulls for c in clients), "failed_pulls": sum(c.failed_pulls for c in clients),
         "failed": failed, "spans": spans}))


if __name__ == "__main__":
    main()
