"""Checks 63 to 69, 73, 74 and 78: uploads in chunks."""

import time

import content
import http11
from outcome import expect, field, refused, said, same, status
from suite import cases, check
from uploads import finished, patched, range_end

PART = 700


def data_and_session(registry, size=3 * PART):
    repo = registry.repo()
    return repo, content.some_bytes(size), registry.begin(repo)


def at(registry, location):
    """The session's own word on where it stands: (Location, last byte)."""
    response = status(registry.send("GET", location), 204)
    return registry.relative(field(response, "Location")), range_end(response)


@check(63, "M", "PATCH with Content-Range: 202, Location, Range 0-<last> of all bytes so far")
def ranged(registry):
    repo, data, location = data_and_session(registry)
    for first in range(0, len(data), PART):
        location, response = patched(registry, location, data[first : first + PART], first)
        same("Range", f"0-{first + PART - 1}", field(response, "Range"))
    finished(registry, repo, location, data)


@check(64, "M", "a gap: 416, and the upload continues where it was")
def gap(registry):
    repo, data, location = data_and_session(registry)
    response = registry.send("PATCH", location, {"Content-Range": f"{PART}-{2 * PART - 1}"}, body=data[PART : 2 * PART])
    status(response, 416)
    location, last = at(registry, location)
    same("Range after a refused first chunk", 0, last)
    location, _ = patched(registry, location, data[:PART], 0)
    status(registry.send("PATCH", location, {"Content-Range": f"{PART + 1}-{2 * PART}"}, body=data[:PART]), 416)
    location, last = at(registry, location)
    same("Range", PART - 1, last)
    location, _ = patched(registry, location, data[PART:], PART)
    finished(registry, repo, location, data)


@check(65, "M", "a chunk again by the Location before: 416")
def replay(registry):
    repo, data, first = data_and_session(registry)
    location, _ = patched(registry, first, data[:PART], 0)
    status(registry.send("PATCH", first, {"Content-Range": f"0-{PART - 1}"}, body=data[:PART]), 416)
    location, last = at(registry, location)
    same("Range", PART - 1, last)
    location, _ = patched(registry, location, data[PART:], PART)
    finished(registry, repo, location, data)


@check(66, "M", "GET of a session: 204, Location, Range; by an older Location too")
def where(registry):
    repo, data, first = data_and_session(registry)
    same("Range at the beginning", 0, at(registry, first)[1])
    location, _ = patched(registry, first, data[:PART], 0)
    for known in (location, first):
        response = status(registry.send("GET", known), 204)
        same("Range", f"0-{PART - 1}", field(response, "Range"))
    location, _ = patched(registry, registry.relative(field(response, "Location")), data[PART:], PART)
    finished(registry, repo, location, data)


@check(67, "M", "Content-Range of another length than Content-Length: 400 SIZE_INVALID or 416")
def other_length(registry):
    repo, data, location = data_and_session(registry)
    for text in (f"0-{PART}", f"0-{PART - 2}"):
        refused(registry.send("PATCH", location, {"Content-Range": text}, body=data[:PART]), (400, 416))
    location, last = at(registry, location)
    location, _ = patched(registry, location, data[last and last + 1 :], last and last + 1)
    finished(registry, repo, location, data)


MALFORMED = {
    "total": "bytes 0-9/10", "reversed": "9-0", "letters": "a-b", "empty": "", "open": "0-", "suffix": "-9",
    "overflow": "0-18446744073709551615", "overflow-both": "9223372036854775807-9223372036854775807",
    "sum-overflow": "0-9223372036854775807", "negative": "-1-8", "signs": "+0-+9", "three": "0-9-9", "list": "0-4,5-9",
    "spaces": "0 - 9", "hexadecimal": "0x0-0x9", "digits": "0-" + "9" * 4000,
}


@cases(68, "M", "malformed Content-Range: 400 or 416, and the session survives", MALFORMED)
def malformed(registry, value):
    repo, data, location = data_and_session(registry, 10)
    response = registry.send("PATCH", location, {"Content-Range": value}, body=data)
    status(response, 400, 416, 431)
    registry.alive()
    finished(registry, repo, location, data, data)


@check(69, "M", "the last chunk in the PUT; a PUT out of order: 416")
def last_in_put(registry):
    repo, data, location = data_and_session(registry)
    location, _ = patched(registry, location, data[:PART], 0)
    target = registry.closing(location, content.digest(data))
    wrong = {"Content-Range": f"{2 * PART}-{3 * PART - 1}"}
    status(registry.send("PUT", target, wrong, body=data[2 * PART :]), 416)
    location, last = at(registry, location)
    same("Range", PART - 1, last)
    right = {"Content-Range": f"{PART}-{3 * PART - 1}"}
    target = registry.closing(location, content.digest(data))
    status(registry.send("PUT", target, right, body=data[PART:]), 201)
    same("bytes", data, status(registry.blob(repo, content.digest(data)), 200).body)


def broken_off(registry, location, data, sent, announced):
    """A PATCH of which only the first `sent` bytes leave before the connection breaks."""
    connection = registry.connect(registry.turn)
    fields = registry.authorization(location) + [("Content-Type", "application/octet-stream")]
    fields.append(("Content-Length", str(len(data))) if announced else ("Transfer-Encoding", "chunked"))
    body = data[:sent] if announced else b"%x\r\n%s" % (len(data), data[:sent])
    connection.send(http11.head("PATCH", location, connection.authority, fields) + body)
    # The bytes must have arrived, or the abort throws them away before anybody could keep them.
    time.sleep(0.3)
    connection.close()


def resumed(registry, location, data):
    """Goes on where the session says it stands, asking again while the broken request is still being noticed."""
    deadline = time.monotonic() + 20
    while True:
        location, last = at(registry, location)
        # 0-0 says nothing or one byte.
        for first in (last + 1,) if last else (0, 1):
            rest = data[first:]
            fields = {"Content-Range": f"{first}-{len(data) - 1}"}
            response = registry.send("PATCH", location, fields, body=rest)
            if response.status == 202:
                return registry.relative(field(response, "Location")), first
        expect(response.status == 416, said(response))
        expect(time.monotonic() < deadline, "the session could not be continued within 20 s of an aborted PATCH")
        time.sleep(0.2)


@check(73, "F", "a PATCH that breaks off: the session knows its durable bytes, and going on there finishes it")
def aborted(registry):
    for announced in (True, False):
        repo, data, location = data_and_session(registry, 200_000)
        location, _ = patched(registry, location, data[:PART], 0)
        broken_off(registry, location, data[PART:], 100_000, announced)
        location, kept = resumed(registry, location, data)
        expect(PART <= kept <= PART + 100_000, f"kept {kept} bytes")
        finished(registry, repo, location, data)


@check(74, "M", "two PATCHes at once: one 202, the other 416")
def concurrent(registry):
    repo, data, location = data_and_session(registry, 200_000)
    fields = [("Content-Range", f"0-{len(data) - 1}"), ("Content-Length", str(len(data)))]
    slow = registry.connect(0)
    slow.send(http11.head("PATCH", location, slow.authority, fields + registry.authorization(location)) + data[:1000])
    time.sleep(0.3)
    second = registry.send("PATCH", location, fields[:1], body=data, at=1)
    slow.send(data[1000:])
    first = slow.receive("PATCH")
    slow.close()
    same("the two statuses", [202, 416], sorted([first.status, second.status]))
    winner = first if first.status == 202 else second
    finished(registry, repo, registry.relative(field(winner, "Location")), data)


@check(78, "F", "chunks of one byte and of 1 KiB are taken, or OCI-Chunk-Min-Length says what is")
def small_chunks(registry):
    for size, count in ((1, 5), (1024, 4)):
        repo = registry.repo()
        data = content.some_bytes(size * count)
        response = status(registry.send("POST", f"/v2/{repo}/blobs/uploads/"), 202)
        least = response.get("OCI-Chunk-Min-Length")
        if least is not None and int(least) > size:
            return f"OCI-Chunk-Min-Length: {least}"
        location = registry.relative(field(response, "Location"))
        for first in range(0, len(data), size):
            location, response = patched(registry, location, data[first : first + size], first)
            same("Range", f"0-{first + size - 1}", field(response, "Range"))
        finished(registry, repo, location, data)


@check("C1-range", "M", "GET after a refused first chunk: 204, Range begins with 0- and ends in an integer")
def refused_first(registry):
    repo, data, location = data_and_session(registry)
    status(registry.send("PATCH", location, {"Content-Range": f"10-{PART + 9}"}, body=data[:PART]), 416)
    at(registry, location)
