"""Manifests, tags and referrers of the fake registry."""

import json
import re
from urllib.parse import quote

import content
import fake_registry as fake

KINDS = (content.OCI_MANIFEST, content.OCI_INDEX, content.DOCKER_MANIFEST, content.DOCKER_LIST)
MEMBERS = ("schemaVersion", "mediaType", "config", "layers", "manifests", "subject", "artifactType", "annotations")


def invalid():
    return fake.Answer(400, "MANIFEST_INVALID")


def strict(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a key twice")
    return dict(pairs)


def parsed(registry, request):
    """The document, or 400 where it is none that all clients read alike."""
    try:
        hook = None if "duplicate-keys" in registry.flags else strict
        document = json.loads(request.body.decode("utf-8"), object_pairs_hook=hook)
        kind = document.get("mediaType", content.OCI_MANIFEST)
    except (ValueError, AttributeError, RecursionError):
        raise invalid() from None
    given = (request.get("Content-Type") or "").partition(";")[0]
    if kind not in KINDS or (kind != given and "any-type" not in registry.flags) or document.get("schemaVersion") != 2:
        raise invalid()
    if any(name not in MEMBERS and name.lower() in map(str.lower, MEMBERS) for name in document):
        raise invalid()
    listed = kind in (content.OCI_INDEX, content.DOCKER_LIST)
    if listed == ("manifests" not in document) or listed != ("layers" not in document) or listed != ("config" not in document):
        raise invalid()
    return document, kind, listed


def missing(registry, repository, document, listed):
    """Digests the repository does not have; 400 where a size is wrong."""
    absent = []
    for item in document["manifests"] if listed else [document["config"], *document["layers"]]:
        if "nondistributable" in item.get("mediaType", "") and item.get("urls"):
            continue
        held = repository.manifests if listed else repository.blobs
        if item.get("digest") not in held:
            absent.append(item.get("digest"))
        elif type(item.get("size")) is not int or item["size"] != len(held[item["digest"]][0] if listed else held[item["digest"]]):
            raise invalid()
    return absent[:1] if "first-unknown-only" in registry.flags else absent


def put(registry, request, name, reference, query):
    if len(request.body) > 5 << 20:
        raise fake.Answer(413, "MANIFEST_INVALID")
    document, kind, listed = parsed(registry, request)
    algorithm = reference.partition(":")[0] if ":" in reference else "sha256"
    digest = content.digest(request.body, algorithm)
    if ":" in reference and digest != reference:
        if "any-digest" not in registry.flags:
            raise fake.Answer(400, "DIGEST_INVALID")
        digest = reference
    repository = registry.opened(name)
    if absent := missing(registry, repository, document, listed):
        raise fake.Answer(400, "MANIFEST_BLOB_UNKNOWN", *absent)
    tags = [value for key, value in query if key == "tag"] if ":" in reference else [reference]
    if not all(re.fullmatch(fake.TAG, tag) for tag in tags):
        raise fake.Answer(400, "MANIFEST_INVALID")
    data = content.encode(document) if "reserialised" in registry.flags else request.body
    repository.manifests[digest] = (data, kind, document)
    repository.tags.update({tag: digest for tag in tags})
    fields = [("Location", f"/v2/{name}/manifests/{digest}"), ("Docker-Content-Digest", digest)]
    if ":" in reference:
        fields += [("OCI-Tag", tag) for tag in tags]
    if "subject" in document and "no-subject" not in registry.flags:
        fields.append(("OCI-Subject", document["subject"]["digest"]))
    return 201, fields, b""


def manifest(registry, request, name, reference, query):
    if not re.fullmatch(f"{fake.DIGEST}|{fake.TAG}", reference):
        raise fake.Answer(400, "DIGEST_INVALID" if ":" in reference else "MANIFEST_INVALID")
    if request.method == "PUT":
        return put(registry, request, name, reference, query)
    repository = registry.known(name, "NAME_UNKNOWN")
    digest = repository.tags.get(reference, reference)
    if digest not in repository.manifests:
        raise fake.Answer(404, "MANIFEST_UNKNOWN")
    if request.method == "DELETE":
        if ":" in reference or "tag-takes-digest" in registry.flags:
            del repository.manifests[digest]
            repository.tags = {tag: held for tag, held in repository.tags.items() if held != digest}
        else:
            del repository.tags[reference]
        return 202, [], b""
    data, kind, _ = repository.manifests[digest]
    if "converted" in registry.flags and "Accept" not in dict(request.fields):
        kind = content.DOCKER_MANIFEST
    fields = [("Content-Type", kind), ("ETag", f'"{digest}"')]
    if "no-digest-field" not in registry.flags:
        fields.append(("Docker-Content-Digest", digest))
    if digest in (request.get("If-None-Match") or ""):
        return 304, fields, b""
    return 200, fields, data


def number(text):
    if not re.fullmatch(r"\d{1,18}", text):
        raise fake.Answer(400, "PAGINATION_NUMBER_INVALID")
    return int(text)


def tags(registry, name, rest, query):
    if rest != "list":
        raise fake.Answer(404, "UNSUPPORTED")
    everything = sorted(registry.known(name, "NAME_UNKNOWN").tags)
    last = query.get("last", "")
    rest = [tag for tag in everything if tag > last or ("inclusive-last" in registry.flags and tag == last)]
    count = number(query["n"]) if "n" in query else len(rest)
    page, fields = rest[:count], [("Content-Type", "application/json")]
    if page and (len(rest) > count or ("endless-link" in registry.flags and "n" in query)):
        after = page[-1] if "raw-link" not in registry.flags else page[-1] + query.get("last", "")
        fields.append(("Link", f"</v2/{name}/tags/list?n={count}&last={after if 'raw-link' in registry.flags else quote(after)}>; rel=\"next\""))
    shown = None if not page and "null-tags" in registry.flags else page
    return 200, fields, json.dumps({"name": name, "tags": shown}).encode()


def referrers(registry, name, digest, query):
    if not re.fullmatch(fake.DIGEST, digest):
        raise fake.Answer(400, "DIGEST_INVALID")
    repository = registry.repositories.get(name)
    found = []
    for known, (data, kind, document) in (repository.manifests if repository else {}).items():
        if document.get("subject", {}).get("digest") != digest:
            continue
        item = {"mediaType": kind, "digest": known, "size": len(data)}
        artifact = document.get("artifactType") or document.get("config", {}).get("mediaType")
        item |= {"artifactType": artifact} if artifact else {}
        item |= {"annotations": document["annotations"]} if "annotations" in document else {}
        found.append(item)
    if not found and "referrers-404" in registry.flags:
        raise fake.Answer(404, "NAME_UNKNOWN")
    fields = [("Content-Type", content.OCI_INDEX)]
    if "artifactType" in query or "always-filtered" in registry.flags:
        found = [item for item in found if item.get("artifactType") == query.get("artifactType", item.get("artifactType"))]
        fields.append(("OCI-Filters-Applied", "artifactType"))
    return 200, fields, json.dumps({"schemaVersion": 2, "mediaType": content.OCI_INDEX, "manifests": found}).encode()
