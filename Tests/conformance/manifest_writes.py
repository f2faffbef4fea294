"""Checks 18 to 37: pushing manifests."""

import json
import os

import content
from content import ARTIFACT_TYPE, OCI_INDEX, OCI_LAYER, OCI_MANIFEST
from outcome import codes, expect, field, refused, said, same, status
from suite import check


def stored(registry, repo, data, media_type=None, reference=None, headers=()):
    """Pushes a manifest, pulls it from the returned Location and compares the bytes; returns the 201."""
    reference = reference or content.digest(data)
    response = status(registry.put_manifest(repo, reference, data, media_type, headers), 201)
    back = status(registry.get(registry.relative(field(response, "Location"))), 200)
    same("bytes", data, back.body)
    return response


def wrong(registry, repo, data, media_type=OCI_MANIFEST):
    data = data if isinstance(data, bytes) else content.encode(data)
    return refused(registry.put_manifest(repo, "wrong", data, media_type), 400, "MANIFEST_INVALID", "MANIFEST_UNVERIFIED")


@check(18, "M", "PUT: 201 and a Location that answers GET 200")
def put(registry):
    repo = registry.repo()
    stored(registry, repo, registry.push_image(repo), reference="new")


@check(19, "F", "PUT: Docker-Content-Digest is the digest pushed")
def put_digest(registry):
    repo = registry.repo()
    data = registry.push_image(repo)
    for reference in ("new", content.digest(data)):
        response = status(registry.put_manifest(repo, reference, data), 201)
        same("Docker-Content-Digest", content.digest(data), field(response, "Docker-Content-Digest"))


@check(20, "M", "PUT by another digest: 400 DIGEST_INVALID, nothing stored")
def put_mismatch(registry):
    repo = registry.repo()
    data = registry.push_image(repo)
    for algorithm in content.ALGORITHMS:
        other = content.random_digest(algorithm)
        refused(registry.put_manifest(repo, other, data), 400, "DIGEST_INVALID", "MANIFEST_INVALID")
        status(registry.get(f"/v2/{repo}/manifests/{other}"), 404)


@check(21, "S", "parameters of Content-Type are ignored")
def type_parameters(registry):
    repo = registry.repo()
    data = registry.push_image(repo)
    stored(registry, repo, data, f"{OCI_MANIFEST}; charset=utf-8", reference="charset")


@check(22, "M", "a mediaType that is not the Content-Type: 400 MANIFEST_INVALID")
def type_mismatch(registry):
    repo = registry.repo()
    config, layers = registry.parts(repo)
    wrong(registry, repo, content.image(config, layers), OCI_INDEX)
    wrong(registry, repo, content.image(config, layers), content.DOCKER_MANIFEST)
    wrong(registry, repo, content.index([]), OCI_MANIFEST)
    wrong(registry, repo, content.image(config, layers, mediaType=5))


@check(23, "S", "layers and manifests in one document: 400")
def both_lists(registry):
    repo = registry.repo()
    config, layers = registry.parts(repo)
    wrong(registry, repo, content.image(config, layers, manifests=[]))
    wrong(registry, repo, content.index([], layers=layers, config=config), OCI_INDEX)


@check(24, "M", "what is no JSON object, is cut off or names a key twice: 400")
def broken_json(registry):
    repo = registry.repo()
    config, layers = registry.parts(repo)
    data = content.encode(content.image(config, layers))
    twice = data[:-1] + b',"layers":[]}'
    for bad in (b"", b"x", b"[]", b"null", b'"text"', b"{}", data[:-1], data[: len(data) // 2], twice, data + data, b"\xff\xfe"):
        wrong(registry, repo, bad)


@check(25, "M", "unknown blobs: MANIFEST_BLOB_UNKNOWN, one entry per digest")
def unknown_blobs(registry):
    repo = registry.repo()
    config, layers = registry.parts(repo)
    missing = [content.descriptor(os.urandom(9), OCI_LAYER) for _ in range(2)]
    response = registry.put_manifest(repo, "t", content.image(config, layers + missing))
    refused(response, (400, 404), "MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN")
    same("entries", 2, codes(response).count("MANIFEST_BLOB_UNKNOWN"))
    for item in missing:
        expect(item["digest"].encode() in response.body, f"{item['digest']} is not named")
    response = registry.put_manifest(repo, "t", content.image(missing[0], layers))
    refused(response, (400, 404), "MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN")
    status(registry.get(f"/v2/{repo}/manifests/t"), 404)


@check(26, "M", "a subject that is not there is accepted")
def missing_subject(registry):
    repo = registry.repo()
    subject = content.descriptor(os.urandom(9), OCI_MANIFEST)
    registry.push_image(repo, "t", subject=subject)


@check(27, "M", "OCI-Subject is the subject's digest, on images and indexes, and absent without subject")
def oci_subject(registry):
    repo = registry.repo()
    subject = content.descriptor(registry.push_image(repo), OCI_MANIFEST)
    config, layers = registry.parts(repo)
    response = stored(registry, repo, content.encode(content.image(config, layers, subject=subject)))
    same("OCI-Subject of an image", subject["digest"], field(response, "OCI-Subject"))
    response = stored(registry, repo, content.encode(content.index([], subject=subject)))
    same("OCI-Subject of an index", subject["digest"], field(response, "OCI-Subject"))
    response = stored(registry, repo, content.encode(content.image(config, layers)))
    same("OCI-Subject without subject", [], response.all("OCI-Subject"))


@check(28, "M", "no layers")
def no_layers(registry):
    repo = registry.repo()
    config, _ = registry.parts(repo)
    stored(registry, repo, content.encode(content.image(config, [])))


@check(29, "M", "unknown members and white space are kept byte for byte")
def verbatim(registry):
    repo = registry.repo()
    config, layers = registry.parts(repo)
    document = content.image(config, layers, **{"org.example": {"x": [1.5, None, True, "\u00e9\U0001f600"]}, "annotations": {"a": "b"}})
    for data in (json.dumps(document, indent=3).encode() + b"\n", b" \r\n\t" + content.encode(document), json.dumps(document, ensure_ascii=False).encode()):
        stored(registry, repo, data)


def padded(config, layers, size):
    data = content.encode(content.image(config, layers, annotations={"pad": ""}))
    return data.replace(b'"pad":""', b'"pad":"' + b"x" * (size - len(data)) + b'"')


@check(30, "S", "a manifest just under 4 MiB is accepted, one far above the limit is refused with 413")
def manifest_size(registry):
    repo = registry.repo()
    config, layers = registry.parts(repo)
    stored(registry, repo, padded(config, layers, (4 << 20) - 1000))
    huge = padded(config, layers, 12 << 20)
    refused(registry.put_manifest(repo, "huge", huge), (413, 400), "MANIFEST_INVALID", "SIZE_INVALID", "UNSUPPORTED")


@check(31, "M", "layers that are not distributable need not be pushed")
def foreign_layers(registry):
    repo = registry.repo()
    config, layers = registry.parts(repo)
    foreign = content.descriptor(os.urandom(9), content.FOREIGN_LAYER, urls=["https://example.com/layer"])
    stored(registry, repo, content.encode(content.image(config, layers + [foreign])))


@check(32, "M", "unknown config, layer and artifact types are accepted")
def unknown_types(registry):
    repo = registry.repo()
    config, layers = registry.parts(repo)
    config["mediaType"], layers[0]["mediaType"] = "application/vnd.example.config", "text/x-example"
    stored(registry, repo, content.encode(content.image(config, layers)))
    stored(registry, repo, content.encode(content.image(config, layers, artifactType=ARTIFACT_TYPE)))


@check(33, "M", "an empty index and an index in an index")
def indexes(registry):
    repo = registry.repo()
    child = registry.push_image(repo)
    stored(registry, repo, content.encode(content.index([])))
    inner = content.encode(content.index([content.descriptor(child, OCI_MANIFEST)]))
    stored(registry, repo, inner)
    stored(registry, repo, content.encode(content.index([content.descriptor(inner, OCI_INDEX)])), reference="outer")


@check(34, "M", "a tag that moves leaves the old digest pullable")
def retag(registry):
    repo = registry.repo()
    old, new = registry.push_image(repo, "t"), registry.push_image(repo, "t")
    same("by tag", new, status(registry.get(f"/v2/{repo}/manifests/t"), 200).body)
    same("old digest", old, status(registry.get(f"/v2/{repo}/manifests/{content.digest(old)}"), 200).body)


@check(35, "M", "the same PUT again: 201")
def again(registry):
    repo = registry.repo()
    data = registry.push_image(repo, "t")
    for reference in ("t", content.digest(data)) * 2:
        status(registry.put_manifest(repo, reference, data), 201)


@check(36, "M", "by sha512 digest: 201, Docker-Content-Digest sha512")
def sha512(registry):
    repo = registry.repo()
    config, layers = registry.parts(repo, "sha512")
    data = content.encode(content.image(config, layers))
    digest = content.digest(data, "sha512")
    response = stored(registry, repo, data, reference=digest)
    same("Docker-Content-Digest", digest, field(response, "Docker-Content-Digest"))
    same("on HEAD", digest, field(registry.send("HEAD", f"/v2/{repo}/manifests/{digest}"), "Docker-Content-Digest"))


@check(37, "S", "a descriptor whose size is not the blob's: 400")
def wrong_size(registry):
    repo = registry.repo()
    config, layers = registry.parts(repo)
    for step in (1, -1):
        other = dict(layers[0], size=layers[0]["size"] + step)
        wrong(registry, repo, content.image(config, [other]))
        other = dict(config, size=config["size"] + step)
        wrong(registry, repo, content.image(other, layers))
    response = registry.put_manifest(repo, "right", content.image(config, layers))
    expect(response.status == 201, said(response))
