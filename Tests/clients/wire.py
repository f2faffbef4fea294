"""HTTP as container clients written in Go speak it: kept connections, tokens, redirects, credentials by host name."""

import base64
import http.client
import json
import os
import re
import sys
import time
from urllib.parse import quote, urlencode, urljoin, urlsplit

CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
REDIRECTS = (301, 302, 303, 307, 308)


class Failed(Exception):
    """What was expected of the registry and not seen; the text says both."""


def expect(condition, text):
    if not condition:
        raise Failed(text)


def say(text):
    print("  " + text, flush=True)


class Answer:
    """A response read to its end."""

    def __init__(self, request, response, body):
        self.request, self.status, self.body = request, response.status, body
        self.fields = response.headers

    def field(self, name):
        value = self.fields.get(name)
        expect(value is not None, f"{self.request} -> {self.status} has no {name}")
        return value

    def wanted(self, *statuses):
        expect(self.status in statuses, f"{self.request} -> {self.status}, wanted {statuses}: {self.body[:300]!r}")
        return self


def keeps_credentials(origin, target):
    """Go's rule (isDomainOrSubdomain of net/http): the same host name or one below it; ports do not matter."""
    origin, target = urlsplit(origin).hostname, urlsplit(target).hostname
    return target == origin or (target or "").endswith("." + (origin or ""))


class Wire:
    """Connections of one client to any number of hosts; one request at a time."""

    def __init__(self, agent, timeout_seconds=60):
        self.agent, self.timeout_seconds = agent, timeout_seconds
        self.idle = {}
        self.redirected_to = None

    def connect(self, url):
        parts = urlsplit(url)
        origin = (parts.scheme, parts.hostname, parts.port)
        kept = self.idle.pop(origin, None)
        if kept:
            return origin, kept, True
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return origin, kind(parts.hostname, parts.port, timeout=self.timeout_seconds), False

    def open(self, method, url, fields=(), body=None, chunked=False):
        """Sends one request; returns its unread response and the connection it holds."""
        origin, connection, reused = self.connect(url)
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        fields = dict(fields)
        try:
            self.transmit(connection, method, target, fields, body, chunked)
            return origin, connection, connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            connection.close()
            # A kept connection may be closed by the server at any time: Go repeats such a request on a new one.
            if not reused or not (body is None or isinstance(body, bytes)):
                raise
        return self.open(method, url, fields, body, chunked)

    def transmit(self, connection, method, target, fields, body, chunked):
        connection.putrequest(method, target, skip_accept_encoding=True)
        connection.putheader("User-Agent", self.agent)
        for name, value in fields.items():
            for line in value if isinstance(value, list) else [value]:
                connection.putheader(name, line)
        if chunked:
            connection.putheader("Transfer-Encoding", "chunked")
        elif body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        if chunked:
            for piece in [body] if isinstance(body, bytes) else body:
                if piece:
                    connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            connection.send(b"0\r\n\r\n")
        elif body:
            connection.send(body)

    def ask(self, method, url, fields=(), body=None, chunked=False, follow=True):
        """One request with its redirects, read to the end."""
        request = f"{method} {url.split('?')[0][:160]}"
        for _ in range(5):
            origin, connection, response = self.open(method, url, fields, body, chunked)
            try:
                data = response.read()
            except http.client.IncompleteRead as error:
                connection.close()
                raise Failed(f"{request}: the body ended after {len(error.partial)} bytes") from error
            self.keep(origin, connection, response)
            if not follow or response.status not in REDIRECTS:
                return Answer(request, response, data)
            url, fields = self.redirect(url, response, fields)
        raise Failed(f"{request}: more than five redirects")

    def redirect(self, url, response, fields):
        target = urljoin(url, response.headers["Location"])
        self.redirected_to = target
        fields = dict(fields)
        if not keeps_credentials(url, target):
            fields.pop("Authorization", None)
        return target, fields

    def keep(self, origin, connection, response):
        if response.will_close or origin in self.idle:
            connection.close()
        else:
            self.idle[origin] = connection

    def read_some(self, url, fields, count):
        """Reads the first `count` bytes of a GET and breaks the connection, as a lost network would."""
        for _ in range(5):
            _, connection, response = self.open("GET", url, fields)
            if response.status not in REDIRECTS:
                break
            response.read()
            connection.close()
            url, fields = self.redirect(url, response, fields)
        expect(response.status == 200, f"GET {url.split('?')[0]} -> {response.status}, wanted 200")
        data = response.read(count)
        connection.close()
        return data

    def close(self):
        for connection in self.idle.values():
            connection.close()
        self.idle.clear()


def parse_challenge(value):
    """`Bearer realm="…",service="…"` as (scheme in lower case, {name: value})."""
    scheme, _, rest = value.partition(" ")
    return scheme.lower(), dict(CHALLENGE.findall(rest))


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def token_by_get(wire, challenge, user, password, scopes, **more):
    """Distribution's token request; `challenge` holds realm and service."""
    pairs = [("service", challenge.get("service", "")), *[("scope", scope) for scope in scopes], *more.items()]
    url = challenge["realm"]
    url += ("&" if "?" in url else "?") + urlencode(pairs, safe=":/,", quote_via=quote)
    document = json.loads(wire.ask("GET", url, {"Authorization": basic(user, password)}).wanted(200).body)
    token = document.get("access_token") or document.get("token")
    expect(token, "the token answer has neither token nor access_token")
    return token


def token_by_post(wire, challenge, form):
    """OAuth2's token request; the answer, whatever its status."""
    body = urlencode(form).encode()
    fields = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    return wire.ask("POST", challenge["realm"], fields, body)


def closing(location, digest):
    """The Location of an upload with the digest added and whatever query it has kept."""
    return location + ("&" if "?" in location else "?") + urlencode({"digest": digest})


def main(agent, flow):
    """Runs `flow(push_url, pull_url, user, password)`; exit status 0 or 1 with one line that says why."""
    if len(sys.argv) not in (4, 5):
        print(f"usage: {os.path.basename(sys.argv[0])} URL USER PASSWORD [PULL_URL]", file=sys.stderr)
        sys.exit(2)
    url, user, password = sys.argv[1:4]
    pull = sys.argv[4] if len(sys.argv) == 5 else url
    began = time.monotonic()
    try:
        flow(url.rstrip("/"), pull.rstrip("/"), user, password)
    except (Failed, OSError, http.client.HTTPException, KeyError, ValueError) as error:
        print(f"  FAILED: {agent}: {type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(1)
    say(f"{agent}: all steps passed in {time.monotonic() - began:.1f} s")
