"""Requests two HTTP parsers would cut up differently (security rule 20; RFC 9112)."""

import http11
from outcome import expect, said, status
from suite import cases, check

SMUGGLED = "GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n"

# Head lines after the request line, and the body. {host} is the right Host. Each must be refused and the connection closed.
FRAMING = {
    "length-and-chunked": ("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + SMUGGLED),
    "chunked-and-length": ("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n" + SMUGGLED),
    "two-lengths": ("Content-Length: 0\r\nContent-Length: 5\r\n", "xxxxx" + SMUGGLED),
    "length-list": ("Content-Length: 0, 5\r\n", "xxxxx" + SMUGGLED),
    "length-plus": ("Content-Length: +5\r\n", "xxxxx" + SMUGGLED),
    "length-minus": ("Content-Length: -5\r\n", "xxxxx" + SMUGGLED),
    "length-hexadecimal": ("Content-Length: 0x5\r\n", "xxxxx" + SMUGGLED),
    "length-space-inside": ("Content-Length: 1 5\r\n", "xxxxx" + SMUGGLED),
    "length-overflow": ("Content-Length: 18446744073709551621\r\n", "xxxxx" + SMUGGLED),
    "length-empty": ("Content-Length: \r\n", "xxxxx" + SMUGGLED),
    "length-letters": ("Content-Length: abc\r\n", "xxxxx" + SMUGGLED),
    "coding-identity": ("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n" + SMUGGLED),
    "coding-unknown": ("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n" + SMUGGLED),
    "coding-not-last": ("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n" + SMUGGLED),
    "coding-vertical-tab": ("Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n" + SMUGGLED),
    "coding-quoted": ('Transfer-Encoding: "chunked"\r\n', "0\r\n\r\n" + SMUGGLED),
    "space-before-colon": ("Transfer-Encoding : chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" + SMUGGLED),
    "space-before-length-colon": ("Content-Length : 5\r\n", "xxxxx" + SMUGGLED),
    "folded": ("X-Fold: a\r\n Content-Length: 5\r\n", SMUGGLED),
    "folded-coding": ("Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" + SMUGGLED),
    "nul-in-value": ("X-Nul: a\0b\r\n", SMUGGLED),
    "cr-in-value": ("X-Cr: a\rb\r\n", SMUGGLED),
    "no-colon": ("X-None\r\n", SMUGGLED),
    "empty-name": (": x\r\n", SMUGGLED),
    "space-in-name": ("X Y: x\r\n", SMUGGLED),
    "two-hosts": ("Host: other\r\n", SMUGGLED),
}
CHUNKS = {
    "size-overflow": "FFFFFFFFFFFFFFFF1\r\nxxxxx\r\n0\r\n\r\n", "size-negative": "-5\r\nxxxxx\r\n0\r\n\r\n",
    "size-hexadecimal": "0x5\r\nxxxxx\r\n0\r\n\r\n", "size-letters": "g\r\nxxxxx\r\n0\r\n\r\n",
    "size-empty": "\r\nxxxxx\r\n0\r\n\r\n", "size-space": "5 5\r\nxxxxx\r\n0\r\n\r\n", "size-plus": "+5\r\nxxxxx\r\n0\r\n\r\n",
    "too-long": "2\r\nxxxxx\r\n0\r\n\r\n", "no-end": "5\r\nxxxxx0\r\n\r\n", "lf-only": "5\nxxxxx\n0\n\n",
    "long-extension": "5;" + "x" * 200_000 + "\r\nxxxxx\r\n0\r\n\r\n",
}
LINES = {
    "no-version": "GET /v2/\r\nHost: {host}\r\n\r\n", "version-2": "GET /v2/ HTTP/2.0\r\nHost: {host}\r\n\r\n",
    "version-letters": "GET /v2/ HTTP/x.y\r\nHost: {host}\r\n\r\n", "version-lower": "GET /v2/ http/1.1\r\nHost: {host}\r\n\r\n",
    "no-host": "GET /v2/ HTTP/1.1\r\n\r\n", "space-in-target": "GET /v2/ x HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "control-in-target": "GET /v2/\x01 HTTP/1.1\r\nHost: {host}\r\n\r\n", "bare-cr": "GET /v2/ HTTP/1.1\rHost: {host}\r\r",
    "method-control": "G\x01T /v2/ HTTP/1.1\r\nHost: {host}\r\n\r\n", "binary": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "host-with-space": "GET /v2/ HTTP/1.1\r\nHost: a b\r\n\r\n", "chunked-in-1.0": "POST /v2/ HTTP/1.0\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}


def exchange(registry, data):
    """Sends bytes; returns all the responses that come and whether the peer closed."""
    connection = registry.connect(registry.turn)
    registry.turn += 1
    connection.send(data.encode("latin-1"))
    responses = []
    connection.socket.settimeout(5)
    closed = False
    while True:
        try:
            responses.append(connection.receive())
        except http11.Broken as reason:
            closed = "in time" not in str(reason)
            break
    connection.close()
    return responses, closed


def turned_away(registry, data, what):
    """Fails unless the request is refused (or the connection just closed) and nothing behind it is answered."""
    responses, closed = exchange(registry, data)
    statuses = [response.status for response in responses]
    for response in responses:
        registry.saw(response, what)
    expect(len(responses) <= 1, f"{what}: {len(responses)} answers, {statuses}: a second request was read out of the first")
    if responses:
        expect(400 <= statuses[0] < 600 and statuses[0] not in (500, 502, 503), f"{what}: answered {statuses[0]}")
        # A challenge would mean that the request was taken for a good one.
        expect(statuses[0] not in (401, 403, 404), f"{what}: answered {statuses[0]} as if well-formed")
    expect(closed, f"{what}: the connection stays open after {statuses or 'no answer'}")
    registry.alive()


@cases("A20", "S", "ambiguous framing: 400 and closed", FRAMING)
def framing(registry, lines, body):
    host = registry.connect().authority
    request = f"POST /v2/conformance/x/blobs/uploads/ HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n{body}"
    turned_away(registry, request, lines.partition("\r\n")[0][:60])


def raw_patch(registry, lines, body):
    """A PATCH of a real session in which body bytes really are read."""
    location = registry.begin(registry.repo())
    connection = registry.connect()
    (_, value), = registry.authorization(location) or [("", "")]
    auth = f"Authorization: {value}\r\n" if value else ""
    host = connection.authority
    connection.close()
    return f"PATCH {location} HTTP/1.1\r\nHost: {host}\r\n{auth}{lines}\r\n{body}"


@cases("A20-chunk", "S", "malformed chunks: refused and closed", CHUNKS)
def chunk(registry, body):
    request = raw_patch(registry, "Transfer-Encoding: chunked\r\n", body + SMUGGLED)
    responses, closed = exchange(registry, request)
    statuses = [response.status for response in responses]
    expect(len(responses) <= 1, f"{len(responses)} answers: {statuses}")
    if responses:
        expect(400 <= statuses[0] < 500, f"answered {statuses[0]}")
    expect(closed, "the connection stays open")
    registry.alive()


@cases("A20-line", "S", "a malformed request line or Host: refused", LINES)
def line(registry, form):
    responses, _ = exchange(registry, form.format(host=registry.connect().authority))
    statuses = [response.status for response in responses]
    for response in responses:
        expect(response.status >= 400 and response.status not in (500, 502, 503), f"answered {statuses}")
        expect(response.status not in (401, 403), f"answered {statuses} as if well-formed")
    registry.alive()


@check("A20-absolute", "M", "a target in absolute form is understood or refused, and its host is not believed")
def absolute(registry):
    for target in ("http://evil.example/v2/", "http://evil.example:1/v2/x/y/tags/list"):
        host = registry.connect().authority
        responses, _ = exchange(registry, f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
        expect(responses, "no answer")
        expect(responses[0].status < 500, f"answered {responses[0].status}")
        fields = " ".join(value for _, value in responses[0].fields)
        expect("evil.example" not in fields, f"the answer names the host of the target: {fields[:120]}")


@check("A20-unread", "M", "what follows an early refusal is not read as a request")
def unread(registry):
    target = f"/v2/{registry.repo()}/manifests/early"
    registry.last_request = "PUT of a 50 MiB manifest"
    fields = registry.authorization(target) + [("Content-Type", "application/json"), ("Content-Length", str(50 << 20))]
    connection = registry.connect()
    connection.send(http11.head("PUT", target, connection.authority, fields) + SMUGGLED.encode() * 100)
    response = registry.saw(connection.receive("PUT"), "PUT of 50 MiB")
    status(response, 413, 400)
    try:
        second = connection.receive()
        expect(False, f"a second answer came: {said(second) or second.status}")
    except http11.Broken as reason:
        expect("in time" not in str(reason), "the connection stays open")
    connection.close()


@check("A20-short-length", "M", "bytes beyond Content-Length are the next request, and nonsense there is 400")
def short_length(registry):
    repo, data = registry.seed()
    target = f"/v2/{repo}/manifests/latest"
    connection = registry.connect()
    fields = registry.authorization(target) + [("Content-Type", "application/json"), ("Content-Length", "1")]
    connection.send(http11.head("PUT", target, connection.authority, fields) + b"{" + b"x" * 100_000)
    response = registry.saw(connection.receive("PUT"), "PUT with Content-Length 1")
    status(response, 400)
    expect(connection.is_closed_within(10), "the connection stays open")
    connection.close()


@check("A20-pipeline", "M", "pipelined requests are answered in order")
def pipeline(registry):
    connection = registry.connect()
    fields = registry.authorization("/v2/")
    one = http11.head("GET", "/v2/", connection.authority, fields)
    other = http11.head("GET", "/v2/conformance/none/tags/lisst", connection.authority, fields)
    connection.send((one + other) * 5 + one)
    statuses = [connection.receive().status for _ in range(11)]
    connection.close()
    expect(statuses[::2] == [200] * 6 and len(set(statuses[1::2])) == 1 and statuses[1] >= 400, f"answers {statuses}")


@check("A20-half-closed", "F", "a client that closes its sending side still gets its answer")
def half_closed(registry):
    connection = registry.connect()
    fields = registry.authorization("/v2/")
    connection.send(http11.head("GET", "/v2/", connection.authority, fields))
    connection.half_close()
    expect(connection.receive().status == 200, "no 200")
    connection.close()


@check("A17-fields", "S", "too many or too long header fields: 431 or 400, or closed")
def many_fields(registry):
    for fields in ([(f"X-{n}", "x") for n in range(5000)], [("X-Long", "x" * 200_000)], [("Cookie", "x" * 40_000)] * 3):
        connection = registry.connect()
        registry.last_request = f"GET with {len(fields)} fields"
        connection.send(http11.head("GET", "/v2/", connection.authority, registry.authorization("/v2/") + fields))
        try:
            code = connection.receive().status
            expect(code in (400, 413, 431), f"{len(fields)} fields of {len(fields[0][1])} bytes: answered {code}")
        except http11.Broken as reason:
            expect("in time" not in str(reason), "no answer")
        connection.close()
    registry.alive()
