"""Checks 55 to 62 and 70 to 79: upload sessions. Requests of one session go to the instances in turn."""

import re
import threading

import content
import http11
from outcome import error_shape, expect, field, not_offered, refused, said, same, status
from suite import check


def finished(registry, repo, location, data, body=b"", algorithm="sha256"):
    """PUT of the digest; then the blob is there with these bytes. Returns the 201."""
    digest = content.digest(data, algorithm)
    response = status(registry.send("PUT", registry.closing(location, digest), body=body), 201)
    status(registry.send("HEAD", f"/v2/{repo}/blobs/{digest}"), 200)
    same("bytes", data, status(registry.blob(repo, digest), 200).body)
    return response


def patched(registry, location, data, first=None, **more):
    """One PATCH; returns the next Location as a target and the response."""
    fields = list(more.pop("headers", []))
    if first is not None:
        fields.append(("Content-Range", f"{first}-{first + len(data) - 1}"))
    response = status(registry.send("PATCH", location, fields, body=data, **more), 202)
    return registry.relative(field(response, "Location")), response


def range_end(response):
    """The last byte of an upload's Range field, which has no unit."""
    value = field(response, "Range")
    match = re.fullmatch(r"0-(\d+)", value)
    expect(match, f"{said(response)}: Range {value!r} is not 0-<last>")
    return int(match[1])


@check(55, "M", "POST: 202 and a Location of its own")
def begin(registry):
    repo = registry.repo()
    seen = {registry.begin(repo) for _ in range(3)}
    same("different Locations", 3, len(seen))


@check(56, "F", "POST: Range 0-0, Docker-Upload-UUID, Content-Length 0")
def begin_fields(registry):
    response = status(registry.send("POST", f"/v2/{registry.repo()}/blobs/uploads/"), 202)
    same("Range", "0-0", field(response, "Range"))
    expect(field(response, "Docker-Upload-UUID"), "empty Docker-Upload-UUID")
    same("Content-Length", "0", field(response, "Content-Length"))


@check(57, "M", "Location is absolute or path-absolute, and its query survives digest= being added")
def location_form(registry):
    repo, data = registry.repo(), content.some_bytes(100)
    response = status(registry.send("POST", f"/v2/{repo}/blobs/uploads/"), 202)
    value = field(response, "Location")
    expect(re.match(r"(https?://[^/]+)?/v2/", value), f"Location {value!r}")
    finished(registry, repo, registry.relative(value), data, data)


@check(58, "M", "PUT ?digest: 201, Location, Docker-Content-Digest; HEAD at once answers 200")
def put_once(registry):
    repo, data = registry.repo(), content.some_bytes()
    response = finished(registry, repo, registry.begin(repo), data, data)
    same("Docker-Content-Digest", content.digest(data), field(response, "Docker-Content-Digest"))
    same("bytes", data, status(registry.get(registry.relative(field(response, "Location"))), 200).body)


@check(59, "M", "POST ?digest: 201, or 202 after which PUT works")
def post_once(registry):
    repo, data = registry.repo(), content.some_bytes()
    target = f"/v2/{repo}/blobs/uploads/?digest={content.digest(data)}"
    response = status(registry.send("POST", target, body=data), 201, 202)
    if response.status == 202:
        finished(registry, repo, registry.relative(field(response, "Location")), data, data)
    same("bytes", data, status(registry.blob(repo, content.digest(data)), 200).body)
    response = registry.send("POST", target.replace(content.digest(data), content.digest(data + b"x")), chunks=[data, b"x"])
    status(response, 201, 202)


@check(60, "M", "a wrong digest: 400 DIGEST_INVALID and no blob, in every form of upload")
def wrong_digest(registry):
    repo, data = registry.repo(), content.some_bytes()
    for algorithm in content.ALGORITHMS:
        other = content.random_digest(algorithm)
        first = registry.send("POST", f"/v2/{repo}/blobs/uploads/?digest={other}", body=data)
        if first.status == 202:
            first = registry.send("PUT", registry.closing(registry.relative(field(first, "Location")), other), body=data)
        refused(first, 400, "DIGEST_INVALID")
        refused(registry.send("PUT", registry.closing(registry.begin(repo), other), body=data), 400, "DIGEST_INVALID")
        location, _ = patched(registry, registry.begin(repo), data, 0)
        refused(registry.send("PUT", registry.closing(location, other)), 400, "DIGEST_INVALID")
        location = registry.begin(repo)
        response = status(registry.send("PATCH", location, chunks=[data[:99], data[99:]]), 202)
        location = registry.relative(field(response, "Location"))
        refused(registry.send("PUT", registry.closing(location, other)), 400, "DIGEST_INVALID")
        status(registry.send("HEAD", f"/v2/{repo}/blobs/{other}"), 404)
        status(registry.send("HEAD", f"/v2/{repo}/blobs/{content.digest(data)}"), 404)


@check(61, "M", "no digest or a malformed one: 400, and the session survives")
def no_digest(registry):
    repo, data = registry.repo(), content.some_bytes(500)
    location, _ = patched(registry, registry.begin(repo), data)
    for query in ("", "digest=", "digest=x", "digest=sha256:123", "digest=blake9:" + "a" * 64):
        target = location + (("&" if "?" in location else "?") + query if query else "")
        refused(registry.send("PUT", target), 400, "DIGEST_INVALID", "UNSUPPORTED")
    finished(registry, repo, location, data)


@check(62, "F", "PATCH without Content-Range, by Content-Length or chunked: 202 (docker, skopeo, crane)")
def stream(registry):
    for chunks in (False, True):
        repo, data = registry.repo(), content.some_bytes(70_000)
        location = registry.begin(repo)
        if chunks:
            pieces = [data[at : at + 9999] for at in range(0, len(data), 9999)]
            response = status(registry.send("PATCH", location, chunks=pieces), 202)
        else:
            response = status(registry.send("PATCH", location, body=data), 202)
        same("Range", len(data) - 1, range_end(response))
        finished(registry, repo, registry.relative(field(response, "Location")), data)


@check(70, "M", "a closing PUT without bytes and without Content-Type: 201")
def bare_put(registry):
    repo, data = registry.repo(), content.some_bytes(1000)
    location, _ = patched(registry, registry.begin(repo), data)
    finished(registry, repo, location, data)


@check(71, "M", "an unknown session: 404 BLOB_UPLOAD_UNKNOWN")
def unknown_session(registry):
    repo, _ = registry.seed()
    digest = content.random_digest()
    for name in ("3fa85f64-5717-4562-b3fc-2c963f66afa6", "0" * 32, "0" * 36, "x", "*", "a" * 500):
        target = f"/v2/{repo}/blobs/uploads/{name}"
        for method, query in (("GET", ""), ("PATCH", ""), ("PUT", f"?digest={digest}"), ("DELETE", "")):
            body = b"x" if method in ("PATCH", "PUT") else None
            response = status(registry.send(method, target + query, body=body), 404)
            refused(response, 404, "BLOB_UPLOAD_UNKNOWN")


@check(72, "S", "DELETE of a session: 204, afterwards 404")
def cancel(registry):
    repo = registry.repo()
    location, _ = patched(registry, registry.begin(repo), b"x" * 100)
    response = registry.send("DELETE", location)
    if response.status == 405:
        not_offered("DELETE of uploads")
    status(response, 204)
    refused(registry.send("GET", location), 404, "BLOB_UPLOAD_UNKNOWN")
    refused(registry.send("PATCH", location, body=b"y"), 404, "BLOB_UPLOAD_UNKNOWN")
    status(registry.send("DELETE", location), 404)


@check(75, "F", "the closing PUT again, as after a lost 201: 201, or 404 and the blob is there")
def repeated_put(registry):
    repo, data = registry.repo(), content.some_bytes()
    digest = content.digest(data)
    for form in ("patch", "put"):
        location, body = registry.begin(repo), data
        if form == "patch":
            location, _ = patched(registry, location, data)
            body = b""
        status(registry.send("PUT", registry.closing(location, digest), body=body), 201)
        status(registry.send("PUT", registry.closing(location, digest), body=body), 201, 404)
        status(registry.send("HEAD", f"/v2/{repo}/blobs/{digest}"), 200)


@check(76, "M", "a session named under another repository: 404")
def foreign_session(registry):
    repo, other, data = registry.repo(), registry.repo(), content.some_bytes(100)
    registry.push_blob(other, b"other")
    location, _ = patched(registry, registry.begin(repo), data)
    moved = location.replace(f"/v2/{repo}/", f"/v2/{other}/", 1)
    for method, target, body in (
        ("GET", moved, None), ("PATCH", moved, b"x"), ("PUT", registry.closing(moved, content.digest(data)), b""),
        ("DELETE", moved, None),
    ):
        response = registry.send(method, target, body=body)
        status(response, 404)
        error_shape(response)
    finished(registry, repo, location, data)


@check(77, "M", "sha512 at the end, although nothing announced it")
def late_sha512(registry):
    repo, data = registry.repo(), content.some_bytes(900)
    location = registry.begin(repo)
    for first in (0, 300, 600):
        location, _ = patched(registry, location, data[first : first + 300], first)
    finished(registry, repo, location, data, algorithm="sha512")
    repo = registry.repo()
    finished(registry, repo, registry.begin(repo), data, data, "sha512")


@check(79, "F", "other Content-Types and charsets on uploads are tolerated (crane)")
def other_types(registry):
    repo, data = registry.repo(), content.some_bytes(100)
    json_type = [("Content-Type", "application/json")]
    location = registry.begin(repo, headers=json_type)
    location, _ = patched(registry, location, data, headers=json_type)
    status(registry.send("PUT", registry.closing(location, content.digest(data)), json_type), 201)
    location = registry.begin(repo, headers=[("Content-Type", "text/plain; charset=utf-8")])
    finished(registry, repo, location, data, data)


@check("C1-expect", "F", "Expect: 100-continue is answered, by 100 or by the final status (curl)")
def expect_continue(registry):
    repo, data = registry.repo(), content.some_bytes(100)
    target = registry.closing(registry.begin(repo), content.digest(data))
    connection = registry.connect()
    fields = registry.authorization(target) + [("Content-Length", "100"), ("Expect", "100-continue")]
    connection.send(http11.head("PUT", target, connection.authority, fields))
    # A client may wait for the 100 only so long; the body follows in any case.
    timer = threading.Timer(2, connection.send, [data])
    timer.start()
    response = connection.receive("PUT")
    timer.join()
    connection.close()
    response.request = "PUT with Expect"
    status(response, 201)
