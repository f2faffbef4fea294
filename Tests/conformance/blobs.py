"""Checks 38 to 54 without ranges: pulling blobs."""

from urllib.parse import urlsplit

import content
import http11
from outcome import Skipped, expect, field, refused, said, same, status
from suite import check

EMPTY = content.digest(b"")


@check(38, "M", "GET: 200, the bytes, Content-Length; octet-stream and Docker-Content-Digest where not redirected")
def get_blob(registry):
    repo, data = registry.repo(), content.some_bytes()
    digest = registry.push_blob(repo, data)
    first = status(registry.send("GET", f"/v2/{repo}/blobs/{digest}"), 200, 307, 302, 303)
    if first.status == 200:
        same("Docker-Content-Digest", digest, field(first, "Docker-Content-Digest"))
        same("Content-Type", "application/octet-stream", field(first, "Content-Type").partition(";")[0])
    response = status(registry.follow(first), 200)
    same("bytes", data, response.body)
    same("Content-Length", str(len(data)), field(response, "Content-Length"))


@check(39, "F", "no Content-Encoding, whatever Accept-Encoding says (containerd)")
def no_encoding(registry):
    repo, data = registry.repo(), b'{"text":"' + b"compressible " * 500 + b'"}'
    digest = registry.push_blob(repo, data)
    for value in ("zstd;q=1.0, gzip;q=0.8, deflate;q=0.5", "gzip", "identity", "*"):
        response = status(registry.blob(repo, digest, {"Accept-Encoding": value}), 200)
        same(f"Content-Encoding for {value}", [], response.all("Content-Encoding"))
        same("bytes", data, response.body)
        head = registry.send("HEAD", f"/v2/{repo}/blobs/{digest}", {"Accept-Encoding": value})
        same("Content-Length", str(len(data)), field(head, "Content-Length"))
    repo, manifest = registry.seed()
    response = registry.get(f"/v2/{repo}/manifests/latest", {"Accept-Encoding": "zstd, gzip"})
    same("manifest", manifest, response.body)


@check(40, "F", "HEAD is answered by the registry itself: 200, Content-Length, Accept-Ranges")
def head_blob(registry):
    repo, data = registry.repo(), content.some_bytes()
    digest = registry.push_blob(repo, data)
    for _ in registry.urls:
        response = status(registry.send("HEAD", f"/v2/{repo}/blobs/{digest}"), 200)
        same("Content-Length", str(len(data)), field(response, "Content-Length"))
        same("Accept-Ranges", "bytes", field(response, "Accept-Ranges"))
        same("Docker-Content-Digest", digest, field(response, "Docker-Content-Digest"))


@check(41, "M", "an unknown blob, or one in another repository only: 404 BLOB_UNKNOWN")
def missing_blob(registry):
    repo, data = registry.repo(), content.some_bytes()
    here = registry.push_blob(repo, content.some_bytes())
    status(registry.send("HEAD", f"/v2/{repo}/blobs/{here}"), 200)
    elsewhere = registry.push_blob(registry.repo(), data)
    for digest in (content.random_digest(), content.random_digest("sha512"), elsewhere):
        refused(registry.get(f"/v2/{repo}/blobs/{digest}"), 404, "BLOB_UNKNOWN")
        status(registry.send("HEAD", f"/v2/{repo}/blobs/{digest}"), 404)
    refused(registry.get(f"/v2/{registry.repo()}/blobs/{here}"), 404, "BLOB_UNKNOWN", "NAME_UNKNOWN")


@check(52, "F", "a redirect is a 307 to another host name, whose target serves ranges and needs no Authorization")
def redirect(registry):
    repo, data = registry.repo(), content.some_bytes()
    digest = registry.push_blob(repo, data)
    first = registry.send("GET", f"/v2/{repo}/blobs/{digest}")
    if first.status == 200:
        return "served directly"
    status(first, 307)
    location = field(first, "Location")
    target, own = urlsplit(location), urlsplit("//" + first.host)
    expect(target.scheme in ("http", "https") and target.hostname, f"Location {location[:80]} is not absolute")
    # Go keeps Authorization for the same host and for subdomains of it, whatever the port; stores refuse both at once.
    expect(target.hostname != own.hostname, f"the store has the registry's host name {own.hostname}")
    expect(not target.hostname.endswith("." + own.hostname), f"{target.hostname} is below {own.hostname}")
    same("bytes", data, status(registry.follow(first), 200).body)
    part = status(registry.follow(first, {"Range": "bytes=10-19"}), 206)
    same("range", data[10:20], part.body)
    value = field(first, "Cache-Control")
    expect("no-store" in value or "private" in value, f"Cache-Control {value!r} on a signed URL")


@check(53, "F", "the blob of no bytes: push, HEAD, GET")
def empty_blob(registry):
    repo = registry.repo()
    same("digest", EMPTY, registry.push_blob(repo, b""))
    same("Content-Length", "0", field(status(registry.send("HEAD", f"/v2/{repo}/blobs/{EMPTY}"), 200), "Content-Length"))
    same("bytes", b"", status(registry.blob(repo, EMPTY), 200).body)
    response = registry.send("POST", f"/v2/{registry.repo()}/blobs/uploads/?digest={EMPTY}")
    status(response, 201, 202)


@check(54, "F", "a GET that fails half-way is cut off, not ended cleanly")
def cut_off(registry):
    raise Skipped("needs a store that fails half-way, which cannot be brought about from outside")


@check("C1-parallel", "F", "many GETs on one connection, and a GET given up half-way, leave the instance well")
def given_up(registry):
    repo, data = registry.repo(), content.some_bytes(300_000)
    digest = registry.push_blob(repo, data)
    target = f"/v2/{repo}/blobs/{digest}"
    for number in range(len(registry.urls)):
        connection = registry.connect(number)
        fields = registry.authorization(target)
        connection.send(http11.head("GET", target, connection.authority, fields))
        connection.socket.recv(100)
        connection.abort()
    for _ in range(5):
        response = registry.blob(repo, digest)
        expect(response.status == 200 and response.body == data, said(response))
