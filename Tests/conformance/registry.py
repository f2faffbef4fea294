"""The registry under test: one or more instances, their credentials, and what clients do with them."""

import copy
import json
import os
import re
from urllib.parse import quote, urlsplit

import content
import http11
from outcome import Failed, expect, field, said, status
from tokens_client import TokenClient, basic, parse_challenge

# What every client sends; some registries answer 404 without it.
ACCEPT = ", ".join([content.OCI_MANIFEST, content.OCI_INDEX, content.DOCKER_MANIFEST, content.DOCKER_LIST, "*/*"])
NAME_IN_PATH = re.compile(r"/v2/(.+)/(?:manifests|blobs|tags|referrers)/")


class Registry:
    """Sends requests to the instances in turn, so that whatever one of them is told the next must know."""

    def __init__(self, urls, user=None, password=None, namespace="conformance"):
        self.urls = [url.rstrip("/") for url in urls]
        self.user, self.password = user, password
        self.turn = 0
        self.idle = {}
        self.namespace = f"{namespace}/{os.urandom(4).hex()}"
        self.count = 0
        self.last_request = "connecting"
        self.server_errors = []  # Every 5xx that was answered.
        self.warnings = []  # Every Warning field that was sent.
        self.odd_errors = []  # Error bodies under /v2/ that are not JSON.
        self.scheme, self.challenge, self.tokens = None, {}, None
        self.seeded = None
        self._learn_scheme()

    def _learn_scheme(self):
        response = self.send("GET", "/v2/", auth=False)
        value = response.get("WWW-Authenticate")
        if response.status != 401 or not value:
            return
        self.scheme, self.challenge, _ = parse_challenge(value)
        self.scheme = self.scheme.lower()
        if self.scheme == "bearer":
            self.tokens = TokenClient(
                self.challenge.get("realm", ""), self.challenge.get("service", ""), self.user, self.password
            )

    # Names and addresses

    def repo(self, suffix=""):
        """A repository name nobody has used."""
        self.count += 1
        return f"{self.namespace}/r{self.count}{suffix}"

    def next_url(self):
        self.turn += 1
        return self.urls[self.turn % len(self.urls)]

    def relative(self, location):
        """A Location as a target of any instance; fails where it is neither absolute nor path-absolute."""
        if location.startswith("/") and not location.startswith("//"):
            return location
        parts = urlsplit(location)
        expect(parts.scheme in ("http", "https") and parts.netloc, f"Location {location!r} is not absolute")
        return parts.path + (f"?{parts.query}" if parts.query else "")

    # Requests

    def authorization(self, target, scopes=None):
        """The Authorization fields a well-behaved client sends for this target."""
        if self.scheme == "basic" and self.user:
            return [("Authorization", basic(self.user, self.password))]
        if self.scheme == "bearer":
            if scopes is None:
                match = NAME_IN_PATH.match(target)
                scopes = (f"repository:{match[1]}:pull,push,delete",) if match else ()
            return [("Authorization", "Bearer " + self.tokens.token(*scopes))]
        return []

    def fields(self, target, headers, body, chunks, auth, scopes):
        fields = list(headers.items() if isinstance(headers, dict) else headers)
        if auth:
            fields += self.authorization(target, scopes)
        given = {name.lower() for name, _ in fields}
        if chunks is not None:
            fields.append(("Transfer-Encoding", "chunked"))
        elif body is not None and "content-length" not in given:
            fields.append(("Content-Length", str(len(body))))
        if body and "content-type" not in given:
            fields.append(("Content-Type", "application/octet-stream"))
        return fields

    def send(self, method, target, headers=(), body=None, chunks=None, auth=True, scopes=None, at=None, accept=True):
        """One request and its response; `at` is the instance's number, the next in turn if not given."""
        url = self.next_url() if at is None else self.urls[at % len(self.urls)]
        if body is None and chunks is None and method in ("POST", "PUT", "PATCH"):
            body = b""
        fields = self.fields(target, headers, body, chunks, auth, scopes)
        if accept and "/manifests/" in target and method in ("GET", "HEAD"):
            fields.append(("Accept", ACCEPT))
        self.last_request = f"{method} {target[:160]}"
        data = http11.chunked(chunks) if chunks is not None else body or b""
        connection = self.idle.pop(url, None)
        if connection and connection.is_stale():
            connection.close()
            connection = None
        connection = connection or http11.Connection(url)
        connection.send(http11.head(method, target, connection.authority, fields) + data)
        try:
            response = connection.receive(method)
        except http11.Broken:
            connection.close()
            raise
        if response.closes():
            connection.close()
        else:
            self.idle[url] = connection
        return self.saw(response, self.last_request)

    def saw(self, response, request):
        """Remembers what some checks judge over the whole run."""
        response.request = request
        if response.status >= 500 and response.status != 501:
            self.server_errors.append(said(response))
        self.warnings += response.all("Warning")
        return response

    def client(self):
        """Another client of the same registry, with connections of its own, for use on another thread."""
        other = copy.copy(self)
        self.turn += 1
        other.turn, other.idle = self.turn, {}
        return other

    def connect(self, at=0):
        """A connection for bytes of one's own."""
        return http11.Connection(self.urls[at % len(self.urls)])

    def follow(self, response, headers=()):
        """The end of a redirect, asked without Authorization, as clients do at another host."""
        for _ in range(3):
            if response.status not in (301, 302, 303, 307, 308):
                return response
            location = field(response, "Location")
            if location.startswith("/"):
                response = self.send("GET", location, headers)
                continue
            parts = urlsplit(location)
            connection = http11.Connection(location)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            try:
                connection.send(http11.head("GET", target, connection.authority, list(dict(headers).items())))
                answer = connection.receive("GET")
            finally:
                connection.close()
            answer.request = f"GET {parts.scheme}://{parts.netloc}{parts.path} (redirected)"
            response = answer
        return response

    # What clients do

    def get(self, target, headers=(), **more):
        return self.follow(self.send("GET", target, headers, **more), headers)

    def blob(self, repo, digest, headers=(), **more):
        return self.get(f"/v2/{repo}/blobs/{digest}", headers, **more)

    def begin(self, repo, query="", **more):
        """Starts an upload session; returns its Location as a target."""
        response = status(self.send("POST", f"/v2/{repo}/blobs/uploads/{query}", **more), 202)
        return self.relative(field(response, "Location"))

    def closing(self, location, digest):
        return location + ("&" if "?" in location else "?") + "digest=" + quote(digest, safe=":")

    def push_blob(self, repo, data, algorithm="sha256"):
        """POST, then PUT with everything; returns the digest."""
        digest = content.digest(data, algorithm)
        status(self.send("PUT", self.closing(self.begin(repo), digest), body=data), 201)
        return digest

    def put_manifest(self, repo, reference, document, media_type=None, headers=(), **more):
        data = document if isinstance(document, bytes) else content.encode(document)
        if media_type is None:
            media_type = json.loads(data).get("mediaType", content.OCI_MANIFEST)
        fields = [("Content-Type", media_type), *headers]
        chunks = more.pop("chunks", None)
        body = None if chunks is not None else data
        return self.send("PUT", f"/v2/{repo}/manifests/{reference}", fields, body=body, chunks=chunks, **more)

    def parts(self, repo, algorithm="sha256", layers=1):
        """Pushes a config and layers; returns their descriptors."""
        config = content.encode({"architecture": "amd64", "os": "linux", "nonce": os.urandom(4).hex()})
        self.push_blob(repo, config, algorithm)
        made = []
        for _ in range(layers):
            layer = content.some_bytes(300)
            self.push_blob(repo, layer, algorithm)
            made.append(content.descriptor(layer, content.OCI_LAYER, algorithm))
        return content.descriptor(config, content.OCI_CONFIG, algorithm), made

    def push_image(self, repo, tag=None, **more):
        """A whole image, by tag or by digest; returns the manifest's bytes."""
        config, layers = self.parts(repo)
        data = content.encode(content.image(config, layers, **more))
        status(self.put_manifest(repo, tag or content.digest(data), data), 201)
        return data

    def seed(self):
        """A repository with one tagged image that no check changes: (name, manifest bytes)."""
        if self.seeded is None:
            repo = self.repo("-seed")
            self.seeded = (repo, self.push_image(repo, "latest"))
        return self.seeded

    def alive(self):
        """Fails unless every instance still answers."""
        for number in range(len(self.urls)):
            answer = self.send("GET", "/v2/", at=number)
            if answer.status != 200:
                raise Failed(f"afterwards {said(answer)}")
