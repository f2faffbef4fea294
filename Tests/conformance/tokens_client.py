"""The client's side of Basic and Bearer challenges (distribution's token specification)."""

import base64
import json
import re
import time
from urllib.parse import quote, urlsplit

import http11
from outcome import Failed

CHALLENGE = re.compile(r'\s*(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,|$)')


def parse_challenge(value):
    """`Scheme a="b",c="d"` as (scheme, {name: value}, names whose value was not quoted)."""
    scheme, _, rest = value.partition(" ")
    found, bare, position = {}, [], 0
    while position < len(rest):
        match = CHALLENGE.match(rest, position)
        if not match:
            raise Failed(f"WWW-Authenticate cannot be parsed: {value!r}")
        found[match[1].lower()] = match[2] if match[2] is not None else match[3]
        if match[2] is None:
            bare.append(match[1])
        position = match.end()
    return scheme, found, bare


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class TokenClient:
    """Fetches tokens from the realm of a challenge and keeps them per set of scopes."""

    def __init__(self, realm, service, user, password):
        self.realm, self.service, self.user, self.password = realm, service, user, password
        self.kept = {}

    def target(self, scopes, extra=""):
        parts = urlsplit(self.realm)
        query = [parts.query] if parts.query else []
        query.append("service=" + quote(self.service, safe=""))
        query += ["scope=" + quote(scope, safe=":/,*") for scope in scopes]
        if extra:
            query.append(extra)
        return parts.path + "?" + "&".join(query)

    def ask(self, target, fields=(), method="GET", body=None):
        """One exchange with the token server, on a connection of its own."""
        parts = urlsplit(self.realm)
        connection = http11.Connection(f"{parts.scheme}://{parts.netloc}")
        fields = list(fields)
        if body is not None:
            fields += [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(body)))]
        try:
            connection.send(http11.head(method, target, connection.authority, fields) + (body or b""))
            response = connection.receive(method)
        finally:
            connection.close()
        response.request = f"{method} {target[:120]}"
        return response

    def credentials(self):
        return [("Authorization", basic(self.user, self.password))] if self.user else []

    def token(self, *scopes):
        """A token for these scopes, from memory or from the server."""
        key = tuple(sorted(scopes))
        if key not in self.kept or self.kept[key][1] < time.monotonic():
            response = self.ask(self.target(scopes), self.credentials())
            if response.status != 200:
                raise Failed(f"{response.request} -> {response.status}, no token")
            document = json.loads(response.body)
            token = document.get("access_token") or document["token"]
            # Half its life is enough for a request that takes a while.
            self.kept[key] = (token, time.monotonic() + document.get("expires_in", 60) / 2)
        return self.kept[key][0]
