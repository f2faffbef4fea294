"""A registry client as docker's: bearer tokens, attempts with pauses, bodies resumed by Range, every byte checked.

Docker pulls and pushes a layer in up to five attempts with growing pauses, and so does this client (pauses of 1, 2, 4 and 8 s
with jitter, or what Retry-After asks for): an attempt is one manifest read or written, one blob read, or one upload from its
POST on. A pull or push fails when a step's last attempt has failed, or at once on an answer that no retry mends (4xx).
"""

import base64
import http.client
import json
import re
import socket
import time
import urllib.parse

from .images import MANIFEST, digest_of
from .journal import AttemptFailed, OperationFailed

ATTEMPTS = 5
SILENCE_SECONDS = 10  # without a byte, an attempt is given up; docker would wait for ever
LONGEST_PAUSE = 20
PIECE = 256 << 10
RETRIED = {408, 429, 500, 502, 503, 504, 507}


class Response:
    """A status, its fields, and the body once read."""

    def __init__(self, status, headers, body=b""):
        self.status, self.headers, self.body = status, headers, body


class RegistryClient:
    """One client at one address. Not for two threads at once."""

    def __init__(self, name, via, url, user, password, journal, rng, is_only_copy=lambda digests: False):
        self.name, self.via, self.url, self.journal, self.rng = name, via, url.rstrip("/"), journal, rng
        self.basic = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.connections, self.tokens = {}, {}
        self.kind, self.is_only_copy = "pull", is_only_copy

    # Connections

    def _connection(self, netloc):
        kept = self.connections.pop(netloc, None)
        if kept and time.monotonic() - kept[1] < 4:
            return kept[0], True
        if kept:
            kept[0].close()
        return http.client.HTTPConnection(netloc, timeout=SILENCE_SECONDS), False

    def send(self, method, url, headers=None, body=None, where="registry", into=None):
        """One request and its answer; a body goes to `into` (a bytearray) piece by piece if it is a 200 or 206.

        A connection that was kept and turns out to be closed is replaced once, as every HTTP library does.
        """
        parts = urllib.parse.urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        while True:
            connection, kept = self._connection(parts.netloc)
            try:
                try:
                    connection.request(method, target, body=body, headers=headers or {})
                    answer = connection.getresponse()
                except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
                    if kept and method in ("GET", "HEAD", "POST"):
                        connection.close()
                        continue
                    raise AttemptFailed("connection closed", where, f"{method} {parts.path}: {error!r}") from error
                return self._read(method, parts, answer, connection, where, into)
            except AttemptFailed:
                connection.close()
                raise
            except (socket.timeout, TimeoutError) as error:
                connection.close()
                raise AttemptFailed("silence", where, f"{method} {parts.path}: no answer in {SILENCE_SECONDS} s") from error
            except ConnectionRefusedError as error:
                connection.close()
                raise AttemptFailed("refused", where, f"{method} {parts.path}") from error
            except (http.client.HTTPException, OSError) as error:
                connection.close()
                raise AttemptFailed("connection broken", where, f"{method} {parts.path}: {error!r}") from error

    def _read(self, method, parts, answer, connection, where, into):
        collected = into if into is not None and answer.status in (200, 206) else bytearray()
        if collected is into and answer.status == 200:
            into.clear()
        expected = answer.length
        if answer.status == 206:
            self._check_range(answer, len(into or b""), where)
        began = len(collected)
        try:
            while piece := answer.read(PIECE):
                collected += piece
        except http.client.IncompleteRead as error:
            collected += error.partial
            raise AttemptFailed("body cut off", where, f"{method} {parts.path}: {len(collected)} bytes") from error
        except (socket.timeout, TimeoutError) as error:
            raise AttemptFailed("body stalled", where, f"{method} {parts.path}: {len(collected)} bytes") from error
        except (http.client.HTTPException, OSError) as error:
            raise AttemptFailed("body cut off", where, f"{method} {parts.path}: {len(collected)} bytes, {error!r}") from error
        if expected is not None and method != "HEAD" and len(collected) - began != expected:
            raise AttemptFailed("body cut off", where, f"{method} {parts.path}: {len(collected) - began} of {expected} bytes")
        if answer.will_close:
            connection.close()
        else:
            self.connections[parts.netloc] = (connection, time.monotonic())
        return Response(answer.status, answer.headers, collected)

    @staticmethod
    def _check_range(answer, start, where):
        match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.headers.get("Content-Range", ""))
        if not match or int(match[1]) != start:
            raise AttemptFailed("wrong range", where, f"Content-Range {answer.headers.get('Content-Range')} for {start}-", final=True)

    # Authorization

    def authorized(self, method, path, repository, headers=None, body=None, into=None, expect=(200,)):
        """A request to the registry with a token for the repository; AttemptFailed unless the status is expected."""
        url = path if path.startswith("http") else self.url + path
        for fresh in (False, True):
            answer = self.send(method, url, {**(headers or {}), "Authorization": self._token(repository, fresh)}, body, into=into)
            if answer.status != 401:
                break
        if answer.status in expect:
            return answer
        detail = f"{method} {urllib.parse.urlsplit(url).path}: {answer.status} {bytes(answer.body[:300]).decode(errors='replace')}"
        pause = answer.headers.get("Retry-After", "")
        raise AttemptFailed(f"{answer.status}", "registry", f"{detail} Retry-After={pause or None}",
                            retry_after=float(pause) if pause.isdigit() else None, final=answer.status not in RETRIED)

    def _token(self, repository, fresh):
        kept = self.tokens.get(repository)
        if kept and not fresh and time.monotonic() < kept[1]:
            return kept[0]
        answer = self.send("GET", f"{self.url}/v2/")
        challenge = answer.headers.get("WWW-Authenticate", "")
        if not challenge.lower().startswith("bearer"):
            return self.basic
        words = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        query = urllib.parse.urlencode({"service": words.get("service", ""), "scope": f"repository:{repository}:pull,push"})
        answer = self.send("GET", f"{words['realm']}?{query}", {"Authorization": self.basic})
        if answer.status != 200:
            raise AttemptFailed(f"{answer.status}", "registry", f"token: {bytes(answer.body[:300])!r}", final=answer.status not in RETRIED)
        document = json.loads(bytes(answer.body))
        token = "Bearer " + (document.get("token") or document["access_token"])
        self.tokens[repository] = (token, time.monotonic() + min(int(document.get("expires_in", 60)) * 0.6, 200))
        return token

    # Attempts

    def attempts(self, step, work, digest=None):
        """`work()` until it succeeds, in up to five attempts; `digest` is that of the blob to be read."""
        for number in range(1, ATTEMPTS + 1):
            began = time.monotonic()
            try:
                return work()
            except AttemptFailed as failure:
                if digest and failure.where == "registry" and self.is_only_copy([digest]):
                    failure.where = "only copy"
                self.journal.attempt_failed(
                    self.kind, self.via, self.name, step, failure, time.monotonic() - began, number)
                if failure.final or number == ATTEMPTS:
                    raise OperationFailed(f"{step}: {failure}", failure.where) from failure
                pause = max(2 ** (number - 1) * self.rng.uniform(0.8, 1.2), failure.retry_after or 0)
                time.sleep(min(pause, LONGEST_PAUSE))

    def operation(self, kind, work):
        """One pull or push for the journal: whether it succeeded in the end."""
        self.kind, began = kind, time.monotonic()
        try:
            work()
        except OperationFailed as failure:
            self.journal.operation_failed(kind, self.via, self.name, str(failure), time.monotonic() - began, failure.where)
            return False
        self.journal.operation(kind, self.via, time.monotonic() - began)
        return True

    # Pulls

    def pull(self, image):
        """The manifest by its tag and every blob, each checked."""
        return self.operation("pull", lambda: self._pull(image))

    def _pull(self, image):
        self.attempts("manifest", lambda: self._manifest(image))
        for digest, size in image.blobs:
            received = bytearray()
            self.attempts("blob", lambda: self._blob(image.repository, digest, size, received), digest)

    def _manifest(self, image):
        answer = self.authorized("GET", f"/v2/{image.repository}/manifests/{image.tag}", image.repository, {"Accept": MANIFEST})
        if bytes(answer.body) != image.manifest:
            raise AttemptFailed("wrong bytes", "registry", f"manifest {image.repository}:{image.tag}")

    def _blob(self, repository, digest, size, received):
        """One attempt, which goes on after what earlier ones have received."""
        span = {"Range": f"bytes={len(received)}-"} if received else {}
        answer = self.authorized(
            "GET", f"/v2/{repository}/blobs/{digest}", repository, span, into=received, expect=(200, 206, 302, 307))
        where = "registry"
        if answer.status in (302, 307):
            where = "store"
            location = answer.headers["Location"]
            answer = self.send("GET", location, span, where=where, into=received)
            if answer.status not in (200, 206):
                raise AttemptFailed(f"{answer.status}", where, f"after {answer.status} of {urllib.parse.urlsplit(location).netloc}: "
                                    f"{bytes(answer.body[:200]).decode(errors='replace')}")
        if len(received) != size or digest_of(received) != digest:
            detail = f"{digest}: {len(received)} of {size} bytes, resumed={bool(span)}"
            received.clear()
            raise AttemptFailed("wrong bytes after resuming" if span else "wrong bytes", where, detail)

    # Pushes

    def push(self, image, contents):
        """Every blob, the manifest under its tag, and the question docker asks afterwards."""
        return self.operation("push", lambda: self._push(image, contents))

    def _push(self, image, contents):
        for digest, _ in reversed(image.blobs):
            self.attempts("upload", lambda: self._upload(image.repository, digest, contents[digest]))
        self.attempts("manifest", lambda: self._put_manifest(image))

    def _put_manifest(self, image):
        answer = self.authorized(
            "PUT", f"/v2/{image.repository}/manifests/{image.tag}", image.repository, {"Content-Type": MANIFEST}, image.manifest, expect=(201,))
        if answer.headers.get("Docker-Content-Digest") not in (None, image.digest):
            raise AttemptFailed("wrong digest", "registry", f"{answer.headers['Docker-Content-Digest']} for {image.digest}", final=True)

    def _upload(self, repository, digest, data):
        answer = self.authorized("HEAD", f"/v2/{repository}/blobs/{digest}", repository, expect=(200, 404))
        if answer.status == 200:
            return
        answer = self.authorized("POST", f"/v2/{repository}/blobs/uploads/", repository, {"Content-Length": "0"}, expect=(202,))
        location, sent = self._absolute(answer.headers["Location"]), 0
        binary = {"Content-Type": "application/octet-stream"}
        form = self.rng.random()
        if form < 0.75:
            # Docker sends one PATCH; others send several.
            step = len(data) if form < 0.5 else max(len(data) // 3, 1)
            while sent < len(data):
                piece = data[sent : sent + step]
                more = binary if step == len(data) else {**binary, "Content-Range": f"{sent}-{sent + len(piece) - 1}"}
                answer = self._in_session("PATCH", location, repository, more, piece, (202,))
                location, sent = self._absolute(answer.headers["Location"]), sent + len(piece)
        closing = location + ("&" if "?" in location else "?") + urllib.parse.urlencode({"digest": digest})
        self._in_session("PUT", closing, repository, binary, data[sent:], (201,))

    def _in_session(self, method, url, repository, headers, body, expect):
        """A request that belongs to an upload: when the upload is gone, or elsewhere than we think, it is begun anew."""
        try:
            return self.authorized(method, url, repository, headers, body, expect=expect)
        except AttemptFailed as failure:
            failure.final = failure.final and failure.what not in ("404", "416")
            raise

    def _absolute(self, location):
        """A Location, always at the address this client was given."""
        parts = urllib.parse.urlsplit(location)
        return self.url + parts.path + (f"?{parts.query}" if parts.query else "")

    def close(self):
        for connection, _ in self.connections.values():
            connection.close()
        self.connections.clear()
