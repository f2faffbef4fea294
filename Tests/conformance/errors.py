"""Checks 102 to 108: errors, and connections after them."""

import json
import re

import content
import http11
from outcome import Skipped, error_shape, expect, field, refused, said, same, status
from suite import check

MISSING = "sha256:" + "0" * 64


@check(102, "M", "errors are JSON of the specified shape with codes of the table")
def shapes(registry):
    repo, _ = registry.seed()
    absent = registry.repo()
    for method, target in (
        ("GET", f"/v2/{repo}/manifests/none"), ("GET", f"/v2/{repo}/blobs/{MISSING}"), ("GET", f"/v2/{absent}/tags/list"),
        ("PUT", f"/v2/{repo}/manifests/bad"), ("GET", f"/v2/{repo}/blobs/uploads/none"), ("DELETE", f"/v2/{repo}/manifests/none"),
        ("GET", f"/v2/{repo}/manifests/sha256:x"), ("PUT", f"/v2/{repo}/manifests/{MISSING}"),
    ):
        response = registry.send(method, target)
        expect(400 <= response.status < 500, said(response))
        error_shape(response)
        for entry in json.loads(response.body)["errors"]:
            expect(isinstance(entry.get("message", ""), str), f"{said(response)}: message {entry.get('message')!r}")


@check(103, "F", "405 has Allow")
def not_allowed(registry):
    repo, _ = registry.seed()
    seen = 0
    for method, path in (
        ("PUT", "tags/list"), ("POST", "manifests/latest"), ("PATCH", "manifests/latest"), ("DELETE", "tags/list"),
        ("PUT", f"blobs/{MISSING}"), ("POST", f"referrers/{MISSING}"), ("GET", "blobs/uploads/"),
    ):
        response = registry.send(method, f"/v2/{repo}/{path}")
        expect(400 <= response.status < 500, said(response))
        if response.status == 405:
            seen += 1
            allowed = {name.strip() for name in field(response, "Allow").split(",")}
            expect(allowed and method not in allowed, f"{said(response)}: Allow {allowed}")
    expect(seen, "no 405 for any wrong method")


@check(104, "F", "429 is TOOMANYREQUESTS with Retry-After")
def too_many(registry):
    raise Skipped("cannot be brought about from outside without knowing the limits")


@check(105, "S", "Warning fields are 299 - \"text\" of at most 4096 bytes", last=True)
def warnings(registry):
    if not registry.warnings:
        return "none was sent"
    for value in registry.warnings:
        expect(re.fullmatch(r'299 - "(\\.|[^"\\])*"', value) and len(value) <= 4096, f"Warning {value[:80]!r}")


@check(106, "F", "a dependency that is down: 503 with Retry-After")
def dependency_down(registry):
    raise Skipped("needs a fault in a server behind the registry, which cannot be brought about from outside")


@check(107, "M", "errors to HEAD have no body")
def head_errors(registry):
    repo, _ = registry.seed()
    for target in (f"/v2/{repo}/manifests/none", f"/v2/{repo}/blobs/{MISSING}", f"/v2/{repo}/manifests/sha256:x"):
        connection = registry.connect()
        fields = registry.authorization(target)
        connection.send(http11.head("HEAD", target, connection.authority, fields))
        response = connection.receive("HEAD")
        expect(response.status in (400, 404), f"HEAD {target} -> {response.status}")
        expect(not connection.is_closed_within(0.3) or response.closes(), "closed without saying so")
        same("bytes after the head", b"", connection.buffer)
        connection.close()


@check(108, "F", "a connection survives every refusal that took its body, or the answer says Connection: close")
def keep_alive(registry):
    repo, data = registry.seed()
    connection = registry.connect()
    kept = 0
    for method, path, body in (
        ("GET", "manifests/none", b""), ("PUT", "manifests/bad", b"x" * 20_000), ("GET", f"blobs/{MISSING}", b""),
        ("PATCH", "blobs/uploads/none", b"x" * 5000), ("PUT", f"manifests/{MISSING}", data),
        ("PUT", f"blobs/uploads/none?digest={MISSING}", b"x" * 5000), ("POST", f"blobs/uploads/?digest={MISSING}", b"x" * 99),
        ("DELETE", "manifests/none", b""), ("POST", "manifests/latest", b"x" * 10_000), ("GET", "tags/list?n=abc", b""),
    ):
        target = f"/v2/{repo}/{path}"
        fields = registry.authorization(target) + [("Content-Length", str(len(body)))]
        if body:
            fields.append(("Content-Type", content.OCI_MANIFEST))
        connection.send(http11.head(method, target, connection.authority, fields) + body)
        response = registry.saw(connection.receive(method), f"{method} {path}")
        # A registry may leave POST ?digest for a later PUT, and overlook an odd n.
        expect(400 <= response.status < 500 or path.startswith("tags") or response.status == 202, said(response))
        if response.closes():
            connection.close()
            connection = registry.connect()
            continue
        kept += 1
        connection.send(http11.head("GET", "/v2/", connection.authority, registry.authorization("/v2/")))
        same(f"GET /v2/ after {said(response)}", 200, connection.receive().status)
    connection.close()
    return f"{kept} of 10 kept"


@check("C1-5xx", "M", "nothing any check sent was answered with 5xx", last=True)
def no_server_errors(registry):
    expect(not registry.server_errors, f"{len(registry.server_errors)}: {'; '.join(registry.server_errors[:5])}")


@check("C1-unauthorised-body", "F", "a refused push whose body is still coming: the answer arrives")
def refused_with_body(registry):
    if registry.scheme is None:
        raise Skipped("the registry asks nobody for credentials")
    target = f"/v2/{registry.repo()}/blobs/uploads/?digest={MISSING}"
    response = registry.send("POST", target, body=b"x" * 500_000, auth=False)
    refused(response, 401, "UNAUTHORIZED")
    status(registry.send("GET", "/v2/"), 200)
