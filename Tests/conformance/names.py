"""Checks 7 to 10: repository names, tags and digests."""

import content
from outcome import expect, field, refused, said, same, status
from suite import check

BAD_NAMES = ["Upper/case", "a..b", "a//b", "-a", "a-", "a__-b", "a___b", ".a", "a./b", "a b", "a$b", "a:b", "a@b", "_a"]
BAD_TAGS = ["-a", ".a", "a" * 129, "a b", "a$", "a:b", "a+b", "%C3%A4", "@"]
BAD_DIGESTS = [
    "sha256:" + "a" * 63, "sha256:" + "a" * 65, "sha256:" + "A" * 64, "sha256:" + "g" * 64, "sha256:", "sha512:" + "a" * 64,
    "sha256:..%2f..%2fetc", "md5:" + "a" * 32, "sha256+b64u:" + "a" * 43, ":" + "a" * 64, "sha256:" + "a" * 64 + "%00",
]


@check(7, "M", "malformed repository names: 400 NAME_INVALID or 404")
def bad_names(registry):
    for name in BAD_NAMES:
        name = name.replace(" ", "%20")
        for method, path in (("GET", "tags/list"), ("GET", "manifests/latest"), ("POST", "blobs/uploads/")):
            # A registry may look at the token first; one for such a name is not to be had.
            response = registry.send(method, f"/v2/{name}/{path}", scopes=(f"repository:{name}:pull,push",))
            status(response, 400, 404, 401)
            if response.status == 400:
                refused(response, 400, "NAME_INVALID")
    status(registry.send("GET", "/v2/a/tags/list/", scopes=()), 400, 404, 401)
    long = "a" * 256
    status(registry.send("GET", f"/v2/{long}/tags/list", scopes=()), 400, 404, 401)


@check(8, "M", "tags of 1 and 128 characters work, malformed and longer ones are refused")
def tag_names(registry):
    repo = registry.repo()
    data = registry.push_image(repo)
    for tag in ("a", "_x", "A.b-c_D", "9", "a" * 128):
        status(registry.put_manifest(repo, tag, data), 201)
        same("bytes", data, status(registry.get(f"/v2/{repo}/manifests/{tag}"), 200).body)
    for tag in BAD_TAGS:
        tag = tag.replace(" ", "%20")
        status(registry.put_manifest(repo, tag, data), 400, 404)
        status(registry.get(f"/v2/{repo}/manifests/{tag}"), 400, 404)


@check(9, "F", "blobs, manifests, tags, referrers and uploads as parts of a repository name")
def reserved_names(registry):
    base = registry.repo()
    for part in ("blobs", "manifests", "tags", "referrers", "uploads", "list", "tags/list", "blobs/uploads", "v2"):
        for repo in (f"{base}/{part}", f"{base}/{part}/x"):
            data = registry.push_image(repo, "t")
            same(f"{repo}: bytes", data, status(registry.get(f"/v2/{repo}/manifests/t"), 200).body)
            listed = status(registry.get(f"/v2/{repo}/tags/list"), 200)
            expect(b'"t"' in listed.body, f"{repo}: {listed.body[:80]!r}")
            digest = registry.push_blob(repo, b"reserved " + repo.encode())
            status(registry.send("HEAD", f"/v2/{repo}/blobs/{digest}"), 200, 307)


@check(10, "M", "malformed digests: PUT 400, GET 400 or 404, referrers 400")
def bad_digests(registry):
    repo, data = registry.seed()
    for digest in BAD_DIGESTS:
        status(registry.get(f"/v2/{repo}/blobs/{digest}"), 400, 404)
        status(registry.get(f"/v2/{repo}/manifests/{digest}"), 400, 404)
        status(registry.put_manifest(repo, digest, data), 400, 404)
        status(registry.get(f"/v2/{repo}/referrers/{digest}"), 400, 404)
    response = registry.put_manifest(repo, "sha256:" + "g" * 64, data)
    expect(response.status == 400, f"{said(response)}, expected 400")
    refused(registry.get(f"/v2/{repo}/referrers/sha256:xyz"), 400)
    location = registry.begin(repo)
    for digest in ("sha256:" + "a" * 63, "sha256:" + "A" * 64, "md5:" + "a" * 32, "x"):
        response = registry.send("PUT", registry.closing(location, digest), body=b"bytes")
        refused(response, 400, "DIGEST_INVALID", "UNSUPPORTED")


@check("C1-location", "M", "the Location of a blob and of a manifest answers GET 200 with the same bytes")
def locations(registry):
    repo = registry.repo()
    data = content.some_bytes(500)
    digest = content.digest(data)
    response = registry.send("PUT", registry.closing(registry.begin(repo), digest), body=data)
    where = registry.relative(field(status(response, 201), "Location"))
    same("blob", data, status(registry.get(where), 200).body)
    manifest = registry.push_image(repo)
    for reference in ("by-tag", content.digest(manifest)):
        response = status(registry.put_manifest(repo, reference, manifest), 201)
        where = registry.relative(field(response, "Location"))
        same("manifest", manifest, status(registry.get(where), 200).body)
