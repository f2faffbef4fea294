"""Checks 92 to 97: referrers."""

import json
import os

import content
from content import ARTIFACT_TYPE, OCI_INDEX, OCI_MANIFEST
from outcome import expect, field, not_offered, same, status
from suite import check
from tags import next_page


def listed(registry, repo, digest, query=""):
    response = status(registry.get(f"/v2/{repo}/referrers/{digest}{query}"), 200)
    document = json.loads(response.body)
    expect(isinstance(document.get("manifests"), list), f"manifests is {document.get('manifests')!r}")
    return document["manifests"], response, document


def everything(registry, repo, digest, query=""):
    found, target, count = [], f"/v2/{repo}/referrers/{digest}{query}", 0
    while target:
        response = status(registry.get(target), 200)
        found += json.loads(response.body)["manifests"]
        target, count = next_page(registry, response), count + 1
        expect(count < 200, "the pages do not end")
    return found


def artifact(registry, repo, subject, **more):
    """Pushes an artifact that refers to a subject; returns its digest."""
    empty = registry.push_blob(repo, b"{}")
    config = {"mediaType": content.OCI_EMPTY, "digest": empty, "size": 2}
    document = content.image(config, [config], subject=subject, **{"artifactType": ARTIFACT_TYPE, **more})
    document["annotations"] = {"nonce": os.urandom(4).hex(), **document.get("annotations", {})}
    data = content.encode(document)
    status(registry.put_manifest(repo, content.digest(data), data), 201)
    return data


def subject_of(registry, repo):
    return content.descriptor(registry.push_image(repo), OCI_MANIFEST)


@check(92, "M", "referrers of an unknown digest, even in an unknown repository: 200 and an empty index")
def unknown(registry):
    repo, _ = registry.seed()
    for name in (repo, registry.repo()):
        for algorithm in content.ALGORITHMS:
            same("manifests", [], listed(registry, name, content.random_digest(algorithm))[0])


@check(93, "M", "Content-Type, schemaVersion and mediaType of an index")
def index_form(registry):
    repo = registry.repo()
    subject = subject_of(registry, repo)
    for _ in range(2):
        _, response, document = listed(registry, repo, subject["digest"])
        same("Content-Type", OCI_INDEX, field(response, "Content-Type"))
        same("schemaVersion", 2, document.get("schemaVersion"))
        same("mediaType", OCI_INDEX, document.get("mediaType"))
        artifact(registry, repo, subject)


@check(94, "M", "descriptors carry digest, size, mediaType, artifactType and annotations")
def descriptors(registry):
    repo = registry.repo()
    subject = subject_of(registry, repo)
    with_type = artifact(registry, repo, subject, annotations={"org.example": "x"})
    config, layers = registry.parts(repo)
    by_config = content.encode(content.image({**config, "mediaType": "application/vnd.example.cfg"}, layers, subject=subject))
    plain_index = content.encode(content.index([], subject=subject))
    typed_index = content.encode(content.index([], subject=subject, artifactType=ARTIFACT_TYPE, annotations={"a": "b"}))
    for data in (by_config, plain_index, typed_index):
        status(registry.put_manifest(repo, content.digest(data), data), 201)
    found = {item["digest"]: item for item in listed(registry, repo, subject["digest"])[0]}
    wanted = {with_type: ARTIFACT_TYPE, by_config: "application/vnd.example.cfg", plain_index: None, typed_index: ARTIFACT_TYPE}
    same("referrers", {content.digest(data) for data in wanted}, set(found))
    for data, kind in wanted.items():
        item, document = found[content.digest(data)], json.loads(data)
        same("size", len(data), item.get("size"))
        same("mediaType", document["mediaType"], item.get("mediaType"))
        same("artifactType", kind, item.get("artifactType"))
        same("annotations", document.get("annotations"), item.get("annotations"))


@check(95, "M", "artifactType filters, and OCI-Filters-Applied says so only then")
def filtered(registry):
    repo = registry.repo()
    subject = subject_of(registry, repo)
    wanted = artifact(registry, repo, subject)
    artifact(registry, repo, subject, artifactType="application/vnd.example.other")
    items, response, _ = listed(registry, repo, subject["digest"])
    same("all", 2, len(items))
    same("OCI-Filters-Applied without filter", [], response.all("OCI-Filters-Applied"))
    items, response, _ = listed(registry, repo, subject["digest"], f"?artifactType={ARTIFACT_TYPE}")
    if not response.all("OCI-Filters-Applied"):
        same("unfiltered", 2, len(items))
        not_offered("the filter")
    same("OCI-Filters-Applied", "artifactType", field(response, "OCI-Filters-Applied"))
    same("filtered", [content.digest(wanted)], [item["digest"] for item in items])
    items, _, _ = listed(registry, repo, subject["digest"], "?artifactType=application/none%2Bjson")
    same("filtered by a type nobody has", [], items)


@check(96, "M", "many referrers: the pages together hold each once")
def paged(registry):
    repo = registry.repo()
    subject = subject_of(registry, repo)
    wanted = {content.digest(artifact(registry, repo, subject)) for _ in range(7)}
    for query in ("", "?n=2", "?n=3&artifactType=" + ARTIFACT_TYPE):
        found = [item["digest"] for item in everything(registry, repo, subject["digest"], query)]
        same(f"number with {query!r}", 7, len(found))
        same(f"referrers with {query!r}", wanted, set(found))


@check(97, "M", "a deleted referrer is not listed; what the fallback tag lists is listed once")
def deleted(registry):
    repo = registry.repo()
    subject = subject_of(registry, repo)
    one, two = artifact(registry, repo, subject), artifact(registry, repo, subject)
    response = registry.send("DELETE", f"/v2/{repo}/manifests/{content.digest(one)}")
    if response.status not in (400, 405):
        status(response, 202)
        kept = [item["digest"] for item in listed(registry, repo, subject["digest"])[0]]
        same("referrers after DELETE", [content.digest(two)], kept)
        one = two
    items = [content.descriptor(data, OCI_MANIFEST, artifactType=ARTIFACT_TYPE) for data in {one, two}]
    fallback = subject["digest"].replace(":", "-")
    status(registry.put_manifest(repo, fallback, content.encode(content.index(items))), 201)
    found = [item["digest"] for item in listed(registry, repo, subject["digest"])[0]]
    same("referrers", sorted(map(content.digest, {one, two})), sorted(found))
    if response.status in (400, 405):
        not_offered("DELETE of manifests")


@check("C1-referrers", "M", "referrers of a subject that is not there yet, listed before and after it comes")
def early(registry):
    repo = registry.repo()
    config, layers = registry.parts(repo)
    data = content.encode(content.image(config, layers))
    subject = content.descriptor(data, OCI_MANIFEST)
    wanted = [content.digest(artifact(registry, repo, subject))]
    for _ in range(2):
        same("referrers", wanted, [item["digest"] for item in listed(registry, repo, subject["digest"])[0]])
        status(registry.put_manifest(repo, "late", data), 201)
