"""What 1.1+dev adds to 1.1."""

from urllib.parse import quote

import content
from content import OCI_MANIFEST
from outcome import expect, field, not_offered, refused, same, status
from suite import check
from uploads import finished


@check("D1", "M", "POST ?digest-algorithm=sha512, then sha512 at the end (end-4c)", dev=True)
def announced(registry):
    for algorithm in content.ALGORITHMS:
        repo, data = registry.repo(), content.some_bytes(400)
        location = registry.begin(repo, f"?digest-algorithm={algorithm}")
        finished(registry, repo, location, data, data, algorithm)


@check("D2", "S", "an unsupported digest-algorithm or digest: 400", dev=True)
def unsupported(registry):
    repo, data = registry.repo(), content.some_bytes(40)
    for name in ("md5", "blake3", "SHA256", "", "sha256,sha512"):
        refused(registry.send("POST", f"/v2/{repo}/blobs/uploads/?digest-algorithm={name}"), 400)
    other = "blake3:" + "a" * 64
    status(registry.send("POST", f"/v2/{repo}/blobs/uploads/?digest={other}", body=data), 400, 202)
    refused(registry.send("PUT", registry.closing(registry.begin(repo), other), body=data), 400)
    repo, data = registry.seed()
    refused(registry.put_manifest(repo, other, data), 400)
    refused(registry.get(f"/v2/{repo}/manifests/{other}"), (400, 404))


@check("D3", "M", "PUT manifests/<digest>?tag=a&tag=b: 201, OCI-Tag for each, and the tags stand", dev=True)
def tagged_put(registry):
    for algorithm in content.ALGORITHMS:
        repo = registry.repo()
        config, layers = registry.parts(repo)
        data = content.encode(content.image(config, layers))
        digest = content.digest(data, algorithm)
        response = status(registry.put_manifest(repo, f"{digest}?tag=a&tag=b.2", data), 201)
        named = [tag.strip() for value in response.all("OCI-Tag") for tag in value.split(",")]
        if not named:
            not_offered("tags at a push by digest")
        same("OCI-Tag", ["a", "b.2"], sorted(named))
        for tag in ("a", "b.2"):
            back = status(registry.get(f"/v2/{repo}/manifests/{tag}"), 200)
            same("bytes", data, back.body)
            same("Docker-Content-Digest", digest, field(back, "Docker-Content-Digest"))


@check("D4", "S", "a malformed tag= stores nothing: 400", dev=True)
def bad_tag(registry):
    repo = registry.repo()
    config, layers = registry.parts(repo)
    data = content.encode(content.image(config, layers))
    digest = content.digest(data)
    for tag in ("-x", "", "a" * 129, quote("a b"), "a%0d%0aX:y"):
        refused(registry.put_manifest(repo, f"{digest}?tag=ok&tag={tag}", data), 400)
    status(registry.get(f"/v2/{repo}/manifests/{digest}"), 404)
    status(registry.get(f"/v2/{repo}/manifests/ok"), 404)


@check("D5", "M", "DELETE of a session: 204 (end-14)", dev=True)
def cancelled(registry):
    status(registry.send("DELETE", registry.begin(registry.repo())), 204)


@check("D6", "M", "a closing PUT out of order: 416", dev=True)
def late_put(registry):
    repo, data = registry.repo(), content.some_bytes(100)
    location = registry.begin(repo)
    target = registry.closing(location, content.digest(data))
    status(registry.send("PUT", target, {"Content-Range": "50-99"}, body=data[50:]), 416)
    status(registry.send("GET", location), 204)
    finished(registry, repo, location, data, data)


@check("D7", "M", "OCI-Chunk-Min-Length, where given, is a number of bytes", dev=True)
def chunk_length(registry):
    value = status(registry.send("POST", f"/v2/{registry.repo()}/blobs/uploads/"), 202).get("OCI-Chunk-Min-Length")
    expect(value is None or value.isdigit(), f"OCI-Chunk-Min-Length {value!r}")
    return "not given" if value is None else value


@check("D8", "M", "Docker-Content-Digest on GET and HEAD, Content-Length on HEAD, of manifests and blobs", dev=True)
def must_fields(registry):
    repo, data = registry.seed()
    blob = registry.push_blob(repo, b"dev")
    for path, digest, size in (("manifests/latest", content.digest(data), len(data)), (f"blobs/{blob}", blob, 3)):
        response = status(registry.send("HEAD", f"/v2/{repo}/{path}"), 200)
        same("Content-Length", str(size), field(response, "Content-Length"))
        same("Docker-Content-Digest", digest, field(response, "Docker-Content-Digest"))
        response = registry.send("GET", f"/v2/{repo}/{path}")
        if response.status == 200:
            same("Docker-Content-Digest", digest, field(response, "Docker-Content-Digest"))


@check("D9", "S", "an index whose manifests are not all there: 201 where offered, else MANIFEST_BLOB_UNKNOWN", dev=True)
def sparse(registry):
    repo = registry.repo()
    child = content.descriptor(registry.push_image(repo), OCI_MANIFEST)
    absent = content.descriptor(b"absent " + repo.encode(), OCI_MANIFEST)
    data = content.encode(content.index([child, absent]))
    response = registry.put_manifest(repo, content.digest(data), data)
    if response.status != 201:
        refused(response, (400, 404), "MANIFEST_BLOB_UNKNOWN", "MANIFEST_UNKNOWN", "MANIFEST_INVALID")
        not_offered("sparse indexes")
    same("bytes", data, status(registry.get(f"/v2/{repo}/manifests/{content.digest(data)}"), 200).body)


@check("D10", "F", "?ns= of mirrors is ignored (containerd)", dev=True)
def mirror_parameter(registry):
    repo, data = registry.seed()
    same("bytes", data, status(registry.get(f"/v2/{repo}/manifests/latest?ns=docker.io"), 200).body)
