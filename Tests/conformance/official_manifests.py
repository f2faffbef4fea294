"""The cases of the official conformance program for manifests: each is pushed, listed, pulled and deleted."""

import json
import os

import content
from content import ALGORITHMS, ARTIFACT_TYPE, OCI_INDEX, OCI_MANIFEST
from outcome import field, refused, said, same, status, expect
from suite import cases, check


class Builder:
    """Pushes what a manifest refers to and makes the document."""

    def __init__(self, registry, repo, algorithm):
        self.registry, self.repo, self.algorithm = registry, repo, algorithm

    def parts(self, layers=1):
        return self.registry.parts(self.repo, self.algorithm, layers)

    def pushed(self, document):
        data = content.encode(document)
        reference = content.digest(data, self.algorithm)
        status(self.registry.put_manifest(self.repo, reference, data), 201)
        return content.descriptor(data, document["mediaType"], self.algorithm)

    def image(self, **more):
        config, layers = self.parts()
        return content.image(config, layers, **more)

    def uncompressed(self):
        config, layers = self.parts()
        return content.image(config, [{**layers[0], "mediaType": content.OCI_TAR}])

    def large(self):
        return self.image(annotations={"org.example.pad": "x" * 3_900_000})

    def index(self, **more):
        return content.index([self.pushed(self.image()), self.pushed(self.image())], **more)

    def nested(self):
        return content.index([self.pushed(self.index())])

    def empty_index(self):
        return content.index([])

    def artifact(self, **more):
        config, layers = self.parts()
        empty = self.registry.push_blob(self.repo, b"{}", self.algorithm)
        config = {"mediaType": content.OCI_EMPTY, "digest": empty, "size": 2}
        return content.image(config, layers, artifactType=ARTIFACT_TYPE, **more)

    def artifact_index(self):
        return content.index([self.pushed(self.artifact())], artifactType=ARTIFACT_TYPE)

    def bare_artifact(self):
        empty = self.registry.push_blob(self.repo, b"{}", self.algorithm)
        config = {"mediaType": content.OCI_EMPTY, "digest": empty, "size": 2}
        return content.image(config, [config], artifactType=ARTIFACT_TYPE)

    def artifact_with_subject(self):
        return self.artifact(subject=self.pushed(self.image()), annotations={"org.example": "1"})

    def index_with_subject(self):
        return self.index(subject=self.pushed(self.image()), artifactType=ARTIFACT_TYPE)

    def missing_subject(self):
        return self.artifact(subject=content.descriptor(os.urandom(9), OCI_MANIFEST, self.algorithm))

    def data_field(self):
        empty = self.registry.push_blob(self.repo, b"{}", self.algorithm)
        config = {"mediaType": content.OCI_EMPTY, "digest": empty, "size": 2, "data": "e30="}
        return content.image(config, [config], artifactType=ARTIFACT_TYPE)

    def foreign(self):
        config, layers = self.parts()
        foreign = content.descriptor(os.urandom(9), content.FOREIGN_LAYER, self.algorithm, urls=["https://store.example.com/l"])
        return content.image(config, layers + [foreign])

    def custom(self):
        config, layers = self.parts()
        layers[0]["org.example.extra"] = ["x"]
        return content.image(config, layers, **{"org.example.extra": {"nested": True}})

    def no_layers(self):
        return content.image(self.parts(0)[0], [])


KINDS = {
    "image": Builder.image, "uncompressed": Builder.uncompressed, "large": Builder.large, "index": Builder.index,
    "nested-index": Builder.nested, "empty-index": Builder.empty_index, "artifact": Builder.artifact,
    "artifact-index": Builder.artifact_index, "artifact-without-layers": Builder.bare_artifact,
    "artifact-with-subject": Builder.artifact_with_subject, "index-with-subject": Builder.index_with_subject,
    "missing-subject": Builder.missing_subject, "data-field": Builder.data_field, "foreign-layers": Builder.foreign,
    "custom-fields": Builder.custom, "no-layers": Builder.no_layers,
}
TABLE = {f"{name}-{algorithm}": (kind, algorithm) for algorithm in ALGORITHMS for name, kind in KINDS.items()}


def pulled(registry, repo, reference, data, digest):
    for method in ("GET", "HEAD"):
        response = status(registry.send(method, f"/v2/{repo}/manifests/{reference}"), 200)
        same("Content-Length", str(len(data)), field(response, "Content-Length"))
        same("Content-Type", json.loads(data)["mediaType"], field(response, "Content-Type"))
        same("Docker-Content-Digest", digest, field(response, "Docker-Content-Digest"))
        if method == "GET":
            same("bytes", data, response.body)


def referred(registry, repo, digest, listed):
    response = status(registry.get(f"/v2/{repo}/referrers/{digest}"), 200)
    same("Content-Type", OCI_INDEX, field(response, "Content-Type").partition(";")[0])
    same("referrers", listed, [item["digest"] for item in json.loads(response.body)["manifests"]])


def gone(registry, repo, reference):
    """DELETE and then 404 at the same instance; others may remember for a moment (see check 99)."""
    answer = registry.send("DELETE", f"/v2/{repo}/manifests/{reference}", at=0)
    if answer.status in (400, 405):
        refused(answer, (400, 405), "UNSUPPORTED")
        return False
    status(answer, 202)
    status(registry.send("GET", f"/v2/{repo}/manifests/{reference}", at=0), 404)
    return True


@cases("OM", "M", "official case", TABLE)
def manifest_case(registry, kind, algorithm):
    repo = registry.repo()
    document = kind(Builder(registry, repo, algorithm))
    data = content.encode(document)
    digest, by_tag = content.digest(data, algorithm), content.digest(data)
    subject = document.get("subject", {}).get("digest")
    status(registry.put_manifest(repo, digest, data), 201)
    response = status(registry.put_manifest(repo, "tagged", data), 201)
    same("OCI-Subject", [subject] if subject else [], response.all("OCI-Subject"))
    pulled(registry, repo, digest, data, digest)
    pulled(registry, repo, "tagged", data, by_tag)
    same("tags", ["tagged"], json.loads(registry.get(f"/v2/{repo}/tags/list").body)["tags"])
    referred(registry, repo, digest, [])
    if subject:
        response = registry.get(f"/v2/{repo}/referrers/{subject}")
        found = {item["digest"] for item in json.loads(status(response, 200).body)["manifests"]}
        expect({digest, by_tag} & found and found <= {digest, by_tag}, f"referrers of the subject: {found}")
    gone(registry, repo, "tagged")
    if gone(registry, repo, digest) and subject:
        if by_tag != digest:
            gone(registry, repo, by_tag)
        referred(registry, repo, subject, [])


@check("OM-wrong-digest", "M", "official case: PUT of a manifest by another digest")
def wrong_digest(registry):
    for algorithm in ALGORITHMS:
        repo = registry.repo()
        data = content.encode(Builder(registry, repo, algorithm).image())
        response = registry.put_manifest(repo, content.random_digest(algorithm), data)
        expect(response.status == 400, said(response))


@check("OM-empty-repository", "M", "official case: tags and referrers of a repository nobody pushed to")
def empty_repository(registry):
    repo = registry.repo()
    status(registry.get(f"/v2/{repo}/tags/list"), 200, 404)
    for algorithm in ALGORITHMS:
        referred(registry, repo, content.random_digest(algorithm), [])
