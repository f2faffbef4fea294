"""Checks 11 to 17: pulling manifests."""

import content
from outcome import Skipped, expect, field, refused, said, same, status
from suite import check

ACCEPTS = [
    [],
    [("Accept", "*/*")],
    [("Accept", content.OCI_MANIFEST)],
    [("Accept", f"{content.DOCKER_MANIFEST}, {content.OCI_MANIFEST}, {content.OCI_INDEX}, */*")],
    [("Accept", f"{content.DOCKER_MANIFEST}, {content.DOCKER_LIST};q=0.5,{content.OCI_MANIFEST}")],
    [("Accept", content.DOCKER_MANIFEST), ("Accept", content.OCI_MANIFEST), ("Accept", content.OCI_INDEX)],
    [("Accept", "application/vnd.docker.distribution.manifest.v1+prettyjws")],
    [("Accept", content.OCI_INDEX)],
]


def references(registry):
    repo, data = registry.seed()
    return repo, data, [f"/v2/{repo}/manifests/{reference}" for reference in ("latest", content.digest(data))]


@check(11, "M", "GET by tag and by digest: 200 and the exact bytes")
def exact_bytes(registry):
    _, data, targets = references(registry)
    for target in targets:
        same("bytes", data, status(registry.get(target), 200).body)


@check(12, "S", "Content-Type is the pushed one, without parameters")
def content_type(registry):
    repo, data, targets = references(registry)
    for target in targets:
        same("Content-Type", content.OCI_MANIFEST, field(registry.get(target), "Content-Type"))
    docker = registry.push_image(repo, "docker", mediaType=content.DOCKER_MANIFEST)
    response = status(registry.get(f"/v2/{repo}/manifests/docker"), 200)
    same("Content-Type", content.DOCKER_MANIFEST, field(response, "Content-Type"))
    same("bytes", docker, response.body)


@check(13, "S", "Docker-Content-Digest, Content-Length and Content-Type on GET and HEAD; HEAD without body")
def pull_fields(registry):
    _, data, targets = references(registry)
    for target in targets:
        for method in ("GET", "HEAD"):
            response = status(registry.send(method, target), 200)
            same(f"{method} Docker-Content-Digest", content.digest(data), field(response, "Docker-Content-Digest"))
            same(f"{method} Content-Length", str(len(data)), field(response, "Content-Length"))
            same(f"{method} Content-Type", content.OCI_MANIFEST, field(response, "Content-Type"))
        # Bytes behind a HEAD's head would be read as the next response.
        status(registry.send("GET", "/v2/"), 200)


@check(14, "F", "whatever Accept says, the stored bytes and type come back")
def accept(registry):
    _, data, targets = references(registry)
    for target in targets:
        for fields in ACCEPTS:
            for method in ("GET", "HEAD"):
                response = status(registry.send(method, target, fields, accept=False), 200)
                same(f"Content-Type for {fields}", content.OCI_MANIFEST, field(response, "Content-Type"))
                if method == "GET":
                    same(f"bytes for {fields}", data, response.body)


@check(15, "M", "a missing manifest: 404 MANIFEST_UNKNOWN; a missing repository: 404 NAME_UNKNOWN")
def missing(registry):
    repo, _ = registry.seed()
    for reference in ("no-such-tag", content.random_digest(), content.random_digest("sha512")):
        refused(registry.get(f"/v2/{repo}/manifests/{reference}"), 404, "MANIFEST_UNKNOWN")
        status(registry.send("HEAD", f"/v2/{repo}/manifests/{reference}"), 404)
    absent = registry.repo()
    refused(registry.get(f"/v2/{absent}/manifests/latest"), 404, "NAME_UNKNOWN", "MANIFEST_UNKNOWN")


@check(16, "F", "ETag, and If-None-Match answers 304 (docker)")
def not_modified(registry):
    _, data, targets = references(registry)
    for target in targets:
        tag = field(status(registry.send("GET", target), 200), "ETag")
        for value in (tag, f'"x", {tag}', "W/" + tag if not tag.startswith("W/") else tag):
            for method in ("GET", "HEAD"):
                response = status(registry.send(method, target, {"If-None-Match": value}), 304)
                same("ETag of the 304", tag, field(response, "ETag"))
        status(registry.send("GET", target, {"If-None-Match": '"other"'}), 200)


@check(17, "F", "HEAD of a tag at one instance right after the PUT at another sees it")
def other_region(registry):
    if len(registry.urls) < 2:
        raise Skipped("needs two instances")
    repo, first = registry.repo(), None
    for turn in range(4):
        data = registry.push_image(repo)
        status(registry.put_manifest(repo, "moving", data, at=turn), 201)
        for method in ("HEAD", "GET"):
            for reference in ("moving", content.digest(data)):
                response = registry.send(method, f"/v2/{repo}/manifests/{reference}", at=turn + 1)
                expect(response.status == 200, f"{said(response)} after PUT at the other instance")
                same("digest", content.digest(data), field(response, "Docker-Content-Digest"))
        first = first or data
    same("the first manifest", first, status(registry.get(f"/v2/{repo}/manifests/{content.digest(first)}"), 200).body)
