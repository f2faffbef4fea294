"""Signature Version 4 as a strict service checks it: AWS4-HMAC-SHA256, and Google's GOOG4-HMAC-SHA256.

Everything is recomputed from the request as it came over the wire. Nothing is normalised for the client: a path or query
that is not in canonical form, a header that should be signed and is not, or two dialects in one request are refused.
"""

import calendar
import hashlib
import hmac
import re
import time
import urllib.parse

UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY = hashlib.sha256(b"").hexdigest()
SKEW_SECONDS = 900
LONGEST_SECONDS = 604800


class Refused(Exception):
    """A request the service answers with an error."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Dialect:
    def __init__(self, algorithm, prefix, terminator, secret_prefix):
        self.algorithm, self.prefix, self.terminator, self.secret_prefix = algorithm, prefix, terminator, secret_prefix
        self.date_header = f"x-{prefix}-date"
        self.hash_header = f"x-{prefix}-content-sha256"


AWS = Dialect("AWS4-HMAC-SHA256", "amz", "aws4_request", "AWS4")
GOOGLE = Dialect("GOOG4-HMAC-SHA256", "goog", "goog4_request", "GOOG4")


def quote(text, safe=""):
    return urllib.parse.quote(text, safe=safe + "-._~")


def pairs(query):
    """The decoded names and values of a raw query, in order."""
    found = []
    for item in query.split("&") if query else []:
        name, _, value = item.partition("=")
        found.append((urllib.parse.unquote(name), urllib.parse.unquote(value)))
    return found


def canonical_query(items):
    return "&".join(f"{n}={v}" for n, v in sorted((quote(n), quote(v)) for n, v in items))


def signature(dialect, secret, day, region, service, stamp, canonical):
    key = (dialect.secret_prefix + secret).encode()
    for part in (day, region, service, dialect.terminator):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    scope = f"{day}/{region}/{service}/{dialect.terminator}"
    text = "\n".join([dialect.algorithm, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Verdict:
    """Who signed, what the body's hash has to be (None where it is not signed), and in which dialect."""

    def __init__(self, access_key, payload_hash, dialect, is_presigned):
        self.access_key, self.payload_hash = access_key, payload_hash
        self.dialect, self.is_presigned = dialect, is_presigned


class Verifier:
    """Checks requests against `secrets`, a map of access key to (secret, session token or None, end or None)."""

    def __init__(self, secrets, services, regions=None, dialects=(AWS,), now=time.time, expired=(403, "AccessDenied")):
        self.secrets, self.services, self.regions = secrets, services, regions
        self.dialects, self.now, self.expired = dialects, now, expired

    def verify(self, method, target, headers):
        """`headers` is a list of (name, value) as received."""
        path, _, query = target.partition("?")
        if path != quote(urllib.parse.unquote(path), "/"):
            raise Refused(403, "SignatureDoesNotMatch", "the path is not in canonical form")
        items = pairs(query)
        values = {}
        for name, value in headers:
            values.setdefault(name.lower(), []).append(value)
        presigned = [d for d in self.dialects if any(n == f"X-{d.prefix.capitalize()}-Signature" for n, _ in items)]
        header = values.get("authorization")
        if presigned and header:
            raise Refused(400, "InvalidArgument", "Only one auth mechanism allowed")
        if presigned:
            return self._presigned(presigned[0], method, path, items, values)
        if not header:
            raise Refused(403, "AccessDenied", "Anonymous caller does not have access")
        return self._header(method, path, query, items, values, header[0])

    def verify_body_signed(self, method, target, headers):
        """Like `verify` for services whose clients hash the body and send no header that says so."""
        path, _, query = target.partition("?")
        values = {}
        for name, value in headers:
            values.setdefault(name.lower(), []).append(value)
        if "authorization" not in values:
            raise Refused(403, "MissingAuthenticationToken", "the request is not signed")
        return self._header(method, path, query, pairs(query), values, values["authorization"][0], hidden={AWS.hash_header})

    def _header(self, method, path, query, items, values, header, hidden=()):
        match = re.fullmatch(
            r"(\S+) Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/([^/,\s]+), ?SignedHeaders=([^,\s]+), ?"
            r"Signature=([0-9a-f]{64})", header)
        dialect = next((d for d in self.dialects if match and d.algorithm == match[1]), None)
        if not dialect:
            raise Refused(400, "AuthorizationHeaderMalformed", "the Authorization header is malformed")
        _, access_key, day, region, service, terminator, names, given = match.groups()
        self._dialects_apart(dialect, values)
        stamp = self._one(values, dialect.date_header)
        payload_hash = self._one(values, dialect.hash_header)
        if payload_hash != UNSIGNED and not re.fullmatch(r"[0-9a-f]{64}", payload_hash):
            raise Refused(400, "InvalidArgument", f"{dialect.hash_header} is neither a hash nor {UNSIGNED}")
        signed = names.split(";")
        if signed != sorted(set(signed)) or "host" not in signed:
            raise Refused(403, "SignatureDoesNotMatch", "SignedHeaders is not sorted or lacks host")
        for name in values:
            if name.startswith(f"x-{dialect.prefix}-") and name not in signed and name not in hidden:
                raise Refused(403, "AccessDenied", f"There were headers present in the request which were not signed: {name}")
        if sorted(i if "=" in i else i + "=" for i in query.split("&") if i) != canonical_query(items).split("&")[:len(items)]:
            raise Refused(403, "SignatureDoesNotMatch", "the query is not in canonical form")
        secret = self._secret(access_key, values.get(f"x-{dialect.prefix}-security-token", [None])[0])
        self._scope(dialect, day, region, service, terminator, stamp)
        canonical = self._canonical(method, path, items, values, signed, payload_hash)
        if not hmac.compare_digest(signature(dialect, secret, day, region, service, stamp, canonical), given):
            raise Refused(403, "SignatureDoesNotMatch", "the signature does not match")
        if abs(self.now() - self._time(stamp)) > SKEW_SECONDS:
            raise Refused(403, "RequestTimeTooSkewed", "The difference between the request time and the server's time is too large.")
        return Verdict(access_key, None if payload_hash == UNSIGNED else payload_hash, dialect, False)

    def _presigned(self, dialect, method, path, items, values):
        capital = f"X-{dialect.prefix.capitalize()}-"
        fields = dict(items)
        if len(fields) != len(items):
            raise Refused(400, "AuthorizationQueryParametersError", "a query parameter is given twice")
        try:
            algorithm, credential = fields[capital + "Algorithm"], fields[capital + "Credential"].split("/")
            stamp, lifetime = fields[capital + "Date"], fields[capital + "Expires"]
            signed, given = fields[capital + "SignedHeaders"].split(";"), fields[capital + "Signature"]
        except KeyError as missing:
            raise Refused(400, "AuthorizationQueryParametersError", f"{missing} is missing") from None
        if algorithm != dialect.algorithm or len(credential) != 5:
            raise Refused(400, "AuthorizationQueryParametersError", "the credential or algorithm is malformed")
        if not lifetime.isdigit() or not 1 <= int(lifetime) <= LONGEST_SECONDS:
            raise Refused(400, "AuthorizationQueryParametersError", "Expires is out of range")
        access_key, day, region, service, terminator = credential
        secret = self._secret(access_key, fields.get(capital + "Security-Token"))
        self._scope(dialect, day, region, service, terminator, stamp)
        rest = [(n, v) for n, v in items if n != capital + "Signature"]
        canonical = self._canonical(method, path, rest, values, signed, UNSIGNED)
        if not hmac.compare_digest(signature(dialect, secret, day, region, service, stamp, canonical), given):
            raise Refused(403, "SignatureDoesNotMatch", "the signature does not match")
        begin = self._time(stamp)
        if begin > self.now() + SKEW_SECONDS:
            raise Refused(403, "RequestTimeTooSkewed", "the URL is not valid yet")
        if self.now() >= begin + int(lifetime):
            raise Refused(*self.expired, "the URL has expired")
        return Verdict(access_key, None, dialect, True)

    def _dialects_apart(self, dialect, values):
        for other in (AWS, GOOGLE):
            if other is not dialect and any(n.startswith(f"x-{other.prefix}-") for n in values):
                raise Refused(400, "InvalidArgument", "x-amz- and x-goog- headers may not be mixed")

    def _one(self, values, name):
        found = values.get(name, [])
        if len(found) != 1:
            raise Refused(400, "MissingSecurityHeader", f"{name} must be given once")
        return found[0]

    def _secret(self, access_key, token):
        known = self.secrets.get(access_key)
        if not known:
            raise Refused(403, "InvalidAccessKeyId", "the access key is not known")
        secret, expected_token, end = known
        if (token or None) != expected_token:
            raise Refused(400, "InvalidToken", "the session token is not that of the key")
        if end is not None and self.now() >= end:
            raise Refused(400, "ExpiredToken", "The provided token has expired.")
        return secret

    def _scope(self, dialect, day, region, service, terminator, stamp):
        if terminator != dialect.terminator or service not in self.services or not stamp.startswith(day):
            raise Refused(400, "AuthorizationHeaderMalformed", "the credential's scope is malformed")
        if self.regions and region not in self.regions:
            raise Refused(400, "AuthorizationHeaderMalformed", f"the region '{region}' is wrong; expecting '{self.regions[0]}'")

    def _time(self, stamp):
        try:
            return calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
        except ValueError:
            raise Refused(403, "AccessDenied", "the date is malformed") from None

    def _canonical(self, method, path, items, values, signed, payload_hash):
        lines = [method, path, canonical_query(items)]
        for name in signed:
            if name not in values:
                raise Refused(403, "SignatureDoesNotMatch", f"{name} is signed but not sent")
            lines.append(name + ":" + ",".join(re.sub(" +", " ", v.strip()) for v in values[name]))
        return "\n".join(lines + ["", ";".join(signed), payload_hash])
