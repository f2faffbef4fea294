"""Who may do what, tried from the outside (security rules 4 to 10)."""

import time

import content
import http11
from outcome import expect, field, refused, said, same, status
from ping import bearer, guarded
from suite import check
from uploads import patched


def scoped(registry, repo, actions):
    return (f"repository:{repo}:{actions}",)


@check("A4", "M", "an upload id is known only below its own repository, and cannot be guessed from others")
def upload_ids(registry):
    repo, other = registry.repo(), registry.repo()
    registry.push_blob(other, b"other")
    first, second = registry.begin(repo), registry.begin(repo)
    ids = [where.partition("?")[0].rpartition("/")[2] for where in (first, second)]
    expect(all(len(name) >= 22 for name in ids), f"an id of {min(map(len, ids))} characters")
    shared = sum(a == b for a, b in zip(*ids))
    expect(shared < len(ids[0]) * 3 // 4, "two ids are almost the same")
    answers = set()
    unknown = ids[0][:-1] + ("0" if ids[0][-1] != "0" else "1")
    for name in (ids[0], unknown):
        response = registry.send("GET", f"/v2/{other}/blobs/uploads/{name}" + ("?" + first.partition("?")[2] if "?" in first else ""))
        status(response, 404)
        answers.add((response.status, response.body.replace(name.encode(), b"")))
    same("different answers for a foreign and an unknown id", 1, len(answers))


@check("A5", "S", "a changed Location is refused")
def changed_location(registry):
    repo = registry.repo()
    location, _ = patched(registry, registry.begin(repo), b"x" * 100)
    path, _, query = location.partition("?")
    for at in (-1, -8, -16):
        text = query or path
        at = max(at, -len(text))
        letter = "b" if text[at] != "b" else "c"
        spoiled = text[:at] + letter + text[len(text) + at + 1 :]
        response = registry.send("PATCH", f"{path}?{spoiled}" if query else spoiled, body=b"y")
        expect(response.status in (400, 403, 404), said(response))
    status(registry.send("GET", location), 204)


@check("A6-push-token", "M", "a token for pull and push does not delete")
def push_token(registry):
    bearer(registry)
    repo = registry.repo()
    data = registry.push_image(repo, "t")
    for reference in ("t", content.digest(data)):
        response = registry.send("DELETE", f"/v2/{repo}/manifests/{reference}", scopes=scoped(registry, repo, "pull,push"))
        status(response, 401, 403, 405)
        same("the manifest", data, status(registry.get(f"/v2/{repo}/manifests/{reference}"), 200).body)


@check("A6-pull-token", "M", "a token for pull changes nothing, a token for one repository opens no other")
def pull_token(registry):
    bearer(registry)
    repo, other = registry.repo(), registry.repo()
    data = registry.push_image(repo, "t")
    pull = scoped(registry, repo, "pull")
    for method, path in (
        ("POST", "blobs/uploads/"), ("PUT", "manifests/x"), ("DELETE", "manifests/t"), ("PATCH", "blobs/uploads/x"),
        ("PUT", "blobs/uploads/x?digest=" + content.digest(b"")), ("DELETE", "blobs/uploads/x"),
    ):
        status(registry.send(method, f"/v2/{repo}/{path}", scopes=pull, body=b"x" if method == "PUT" else None), 401, 403)
    for path in ("manifests/t", "tags/list", "blobs/" + content.digest(b"x"), "referrers/" + content.digest(data)):
        for method in ("GET", "HEAD"):
            status(registry.send(method, f"/v2/{repo}/{path}", scopes=scoped(registry, other, "pull,push")), 401, 403)
            status(registry.send(method, f"/v2/{repo}/{path}", auth=False), 401, 403)


@check("A6-methods", "S", "unknown methods are refused, and no field changes the method")
def methods(registry):
    repo = registry.repo()
    data = registry.push_image(repo, "t")
    for method in ("TRACE", "OPTIONS", "CONNECT", "FOO", "PROPFIND", "get", "M-SEARCH"):
        response = registry.send(method, f"/v2/{repo}/manifests/t")
        expect(response.status in (400, 401, 403, 404, 405, 501), said(response))
        expect(data not in response.body, f"{method} answers the manifest")
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        response = registry.send("GET", f"/v2/{repo}/manifests/t", {name: "DELETE"})
        same(f"{name}: bytes", data, status(response, 200).body)
    same("afterwards", data, status(registry.get(f"/v2/{repo}/manifests/t?_method=DELETE"), 200).body)


@check("A8", "M", "knowing a digest is not having the blob: no upload without the right bytes")
def short_cut(registry):
    source, repo, data = registry.repo(), registry.repo(), content.some_bytes()
    digest = registry.push_blob(source, data)
    response = registry.send("POST", f"/v2/{repo}/blobs/uploads/?digest={digest}", body=b"other bytes")
    if response.status == 202:
        target = registry.closing(registry.relative(field(response, "Location")), digest)
        response = registry.send("PUT", target, body=b"other bytes")
    refused(response, 400, "DIGEST_INVALID")
    for body in (b"", b"other bytes"):
        response = registry.send("PUT", registry.closing(registry.begin(repo), digest), body=body)
        refused(response, 400, "DIGEST_INVALID", "SIZE_INVALID", "BLOB_UPLOAD_INVALID")
    status(registry.send("HEAD", f"/v2/{repo}/blobs/{digest}"), 404)
    status(registry.get(f"/v2/{repo}/blobs/{digest}"), 404)


@check("A9", "M", "a manifest cannot take in blobs and manifests of another repository")
def foreign_blob(registry):
    source, repo = registry.repo(), registry.repo()
    config, layers = registry.parts(repo)
    _, foreign = registry.parts(source)
    response = registry.put_manifest(repo, "t", content.image(config, foreign))
    refused(response, (400, 404), "MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN")
    status(registry.get(f"/v2/{repo}/blobs/{foreign[0]['digest']}"), 404)
    child = content.descriptor(registry.push_image(source), content.OCI_MANIFEST)
    response = registry.put_manifest(repo, "i", content.index([child]))
    if response.status == 201:
        status(registry.get(f"/v2/{repo}/manifests/{child['digest']}"), 404)
    expect(layers, "no layers")


@check("A10", "M", "to a stranger a repository that exists and one that does not look the same")
def strangers(registry):
    guarded(registry)
    repo, data = registry.seed()
    absent = repo[:-5] + "-none"
    for method in ("GET", "HEAD", "PUT", "DELETE", "POST", "PATCH"):
        for path in ("manifests/latest", "tags/list", f"manifests/{content.digest(data)}", f"referrers/{content.digest(data)}"):
            shapes = []
            for name in (repo, absent):
                response = registry.send(method, f"/v2/{name}/{path}", auth=False, at=0)
                challenge = (response.get("WWW-Authenticate") or "").replace(name, "NAME")
                names = tuple(sorted(field.lower() for field, _ in response.fields))
                shapes.append((response.status, challenge, names, response.body.replace(name.encode(), b"NAME")))
            same(f"{method} {path}: answers", shapes[1], shapes[0])
            expect(shapes[0][0] in (401, 403, 405), f"{method} {path} -> {shapes[0][0]}")


@check("A19-head", "S", "a request head that never ends is given up within 20 s")
def slow_head(registry):
    connection = registry.connect()
    connection.send(b"GET /v2/ HTTP/1.1\r\nHost: ")
    if not connection.is_closed_within(20):
        connection.close()
        expect(False, "the connection is still open after 20 s")
    connection.close()
    registry.alive()


@check("A19-body", "F", "a slow body is not cut off while it moves")
def slow_body(registry):
    repo, data = registry.repo(), content.some_bytes(40_000)
    target = registry.closing(registry.begin(repo), content.digest(data))
    connection = registry.connect()
    fields = registry.authorization(target) + [("Content-Length", str(len(data)))]
    connection.send(http11.head("PUT", target, connection.authority, fields))
    for at in range(0, len(data), 10_000):
        time.sleep(0.5)
        expect(connection.send(data[at : at + 10_000]), "the connection was lost")
    response = registry.saw(connection.receive("PUT"), "PUT in four slow pieces")
    connection.close()
    status(response, 201)
