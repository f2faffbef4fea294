"""containerd's resolver, fetcher and pusher as one class."""

import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urljoin, urlsplit

from image import KINDS, digest_of
from wire import Wire, basic, closing, expect, parse_challenge, token_by_get, token_by_post

AGENT = "containerd/1.7.0+containerd-style"
ACCEPT = ", ".join([
    KINDS["docker"]["manifest"], KINDS["docker"]["index"], KINDS["oci"]["manifest"], KINDS["oci"]["index"], "*/*"])
ENCODINGS = "zstd;q=1.0, gzip;q=0.8, deflate;q=0.5"
FALL_BACK = (400, 401, 404, 405)
LARGEST_MANIFEST_BYTES = 4 * 1048 * 1048


class Resolver:
    """One client of one registry; asks for a token when a request is refused and repeats that request."""

    def __init__(self, url, user, password):
        self.url, self.user, self.password = url, user, password
        self.wire = Wire(AGENT)
        self.header = {}
        self.asked_by = set()

    def ask(self, method, target, scopes, fields=(), body=None, chunked=False, follow=True):
        """One request; `target` may be absolute, and then gets credentials only at the registry's own address."""
        url = urljoin(self.url + "/", target)
        own = urlsplit(url)[:2] == urlsplit(self.url)[:2]
        key = tuple(scopes)
        for _ in range(3):
            sent = dict(fields)
            if own and key in self.header:
                sent["Authorization"] = self.header[key]
            answer = self.wire.ask(method, url, sent, body, chunked, follow)
            if answer.status != 401 or not own:
                return answer
            self.header[key] = self.authorize(answer, scopes)
        return answer.wanted(200)

    def authorize(self, answer, scopes):
        """The Authorization for a challenge; scopes come from the challenge first and from the reference too."""
        scheme, challenge = parse_challenge(answer.field("WWW-Authenticate"))
        if scheme == "basic":
            return basic(self.user, self.password)
        expect(scheme == "bearer", f"the challenge is of scheme {scheme}")
        expect("scope" in challenge, f"{answer.request}: the challenge names no scope, and containerd never pings")
        wanted = list(dict.fromkeys([challenge["scope"], *scopes]))
        form = {"grant_type": "password", "service": challenge.get("service", ""), "scope": " ".join(wanted),
                "client_id": "containerd-client", "username": self.user, "password": self.password}
        posted = token_by_post(self.wire, challenge, form)
        if posted.status == 200:
            self.asked_by.add("POST")
            return "Bearer " + json.loads(posted.body)["access_token"]
        posted.wanted(*FALL_BACK)
        self.asked_by.add("GET")
        return "Bearer " + token_by_get(self.wire, challenge, self.user, self.password, wanted)

    def check_fall_back(self, repository):
        """A form the registry does not take must be refused with a status after which clients turn to GET."""
        scope = f"repository:{repository}:pull"
        refused = self.wire.ask("HEAD", f"{self.url}/v2/{repository}/manifests/none").wanted(401, 404)
        if refused.status == 404:
            return "none (open registry)"
        scheme, challenge = parse_challenge(refused.field("WWW-Authenticate"))
        if scheme != "bearer":
            return "none (Basic)"
        form = {"grant_type": "refresh_token", "service": challenge.get("service", ""), "scope": scope,
                "client_id": "containerd-client", "refresh_token": "not-a-token"}
        status = token_by_post(self.wire, challenge, form).wanted(*FALL_BACK).status
        token_by_get(self.wire, challenge, self.user, self.password, [scope])
        return f"POST {status}, then GET 200"

    # Push

    def push(self, repository, reference, image, mount_from=None):
        for data in [*image.layers, image.config]:
            self.push_blob(repository, data, mount_from)
        self.push_manifest(repository, reference, image.manifest, image.media_type)

    def push_blob(self, repository, data, mount_from=None, chunked=False):
        """Returns exists, mounted or sent."""
        scopes, digest = [f"repository:{repository}:pull,push"], digest_of(data)
        if self.ask("HEAD", f"/v2/{repository}/blobs/{digest}", scopes).wanted(200, 404).status == 200:
            return "exists"
        target = f"/v2/{repository}/blobs/uploads/"
        if mount_from:
            target += "?" + urlencode({"mount": digest, "from": mount_from})
            scopes.append(f"repository:{mount_from}:pull")
        begun = self.ask("POST", target, scopes, body=b"").wanted(200, 201, 202)
        if begun.status == 201:
            return "mounted"
        location = begun.field("Location")
        expect(location.startswith("/") or "://" in location, f"Location {location!r} is neither absolute nor a path")
        # Go sends a body of unknown length chunked, and a reader of no bytes has no known length.
        sent = self.ask(
            "PUT", closing(urljoin(self.url, location), digest), scopes, {"Content-Type": "application/octet-stream"},
            data, chunked or not data)
        sent.wanted(200, 201, 202, 204)
        return "sent"

    def push_manifest(self, repository, reference, data, media_type):
        scopes = [f"repository:{repository}:pull,push"]
        target = f"/v2/{repository}/manifests/{reference}"
        self.ask("HEAD", target, scopes, {"Accept": media_type + ", */*"}).wanted(200, 404)
        put = self.ask("PUT", target, scopes, {"Content-Type": media_type}, data).wanted(200, 201, 202, 204)
        expect(put.fields.get("Docker-Content-Digest", digest_of(data)) == digest_of(data), "PUT names another digest")

    # Pull

    def resolve(self, repository, reference):
        """(digest, size, media type) by HEAD; containerd only GETs where a field is missing, which costs a pull."""
        head = self.ask("HEAD", f"/v2/{repository}/manifests/{reference}", [f"repository:{repository}:pull"],
                        {"Accept": ACCEPT}).wanted(200)
        size = int(head.field("Content-Length"))
        expect(size <= LARGEST_MANIFEST_BYTES, f"a manifest of {size} bytes")
        return head.field("Docker-Content-Digest"), size, head.field("Content-Type")

    def fetch_manifest(self, repository, digest, media_type):
        fields = {"Accept": media_type + ", */*", "Accept-Encoding": ENCODINGS}
        target = f"/v2/{repository}/manifests/{digest}"
        got = self.ask("GET", target, [f"repository:{repository}:pull"], fields).wanted(200)
        expect("Content-Encoding" not in got.fields, "the manifest is content-encoded")
        expect(digest_of(got.body) == digest, f"the manifest {digest} has other bytes")
        return got.body

    def fetch_blob(self, repository, digest, size):
        fields = {"Accept": "*/*", "Accept-Encoding": ENCODINGS}
        got = self.ask("GET", f"/v2/{repository}/blobs/{digest}", [f"repository:{repository}:pull"], fields).wanted(200)
        expect("Content-Encoding" not in got.fields, f"the blob {digest} is content-encoded")
        expect(len(got.body) == size and digest_of(got.body) == digest, f"the blob {digest} has other bytes")

    def fetch_in_ranges(self, repository, digest, size, count=4):
        """As with concurrent_layer_fetch: `bytes=a-b` on connections of their own."""
        step = -(-size // count)
        spans = [(at, min(at + step, size) - 1) for at in range(0, size, step)]

        def part(span):
            other = Resolver(self.url, self.user, self.password)
            got = other.ask(
                "GET", f"/v2/{repository}/blobs/{digest}", [f"repository:{repository}:pull"],
                {"Range": f"bytes={span[0]}-{span[1]}"}).wanted(206)
            expect(got.field("Content-Range") == f"bytes {span[0]}-{span[1]}/{size}", got.field("Content-Range"))
            other.wire.close()
            return got.body

        with ThreadPoolExecutor(count) as pool:
            whole = b"".join(pool.map(part, spans))
        expect(digest_of(whole) == digest, f"the ranges of {digest} do not make the blob")

    def pull(self, repository, reference, image):
        digest, size, media_type = self.resolve(repository, reference)
        expect((digest, size, media_type) == (image.digest, len(image.manifest), image.media_type),
               f"{reference} resolved to {digest}, {size} bytes of {media_type}")
        manifest = json.loads(self.fetch_manifest(repository, digest, media_type))
        for entry in [manifest["config"], *manifest["layers"]]:
            self.fetch_blob(repository, entry["digest"], entry["size"])
