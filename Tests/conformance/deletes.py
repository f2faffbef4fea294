"""Checks 98 to 101: deleting."""

import json
import time

import content
from outcome import expect, not_offered, refused, same, status
from suite import check


PATIENCE = 15


def delete(registry, target, **more):
    """DELETE, or a skip where the registry does not offer it."""
    response = registry.send("DELETE", target, **more)
    if response.status in (400, 405):
        refused(response, (400, 405), "UNSUPPORTED")
        not_offered("DELETE here")
    return response


@check(98, "M", "DELETE of a tag: 202, then 404, and the digest stays")
def tag(registry):
    repo = registry.repo()
    data = registry.push_image(repo, "gone")
    status(registry.put_manifest(repo, "kept", data), 201)
    status(delete(registry, f"/v2/{repo}/manifests/gone"), 202)
    for _ in range(2 * len(registry.urls)):
        refused(registry.get(f"/v2/{repo}/manifests/gone"), 404, "MANIFEST_UNKNOWN")
        same("by digest", data, status(registry.get(f"/v2/{repo}/manifests/{content.digest(data)}"), 200).body)
        same("tags", ["kept"], json.loads(registry.get(f"/v2/{repo}/tags/list").body)["tags"])
    status(registry.put_manifest(repo, "gone", data), 201)
    same("pushed again", data, status(registry.get(f"/v2/{repo}/manifests/gone"), 200).body)


@check(99, "M", "DELETE of a manifest: 202; it and its tags are gone at every instance")
def manifest(registry):
    repo = registry.repo()
    data, other = registry.push_image(repo, "one"), registry.push_image(repo, "other")
    status(registry.put_manifest(repo, "two", data), 201)
    digest = content.digest(data)
    for number in range(len(registry.urls)):
        status(registry.send("GET", f"/v2/{repo}/manifests/{digest}", at=number), 200)
    status(delete(registry, f"/v2/{repo}/manifests/{digest}", at=0), 202)
    begun = time.monotonic()
    # Another instance may answer from memory for a moment (security rule 30); the one that deleted may not.
    while registry.send("GET", f"/v2/{repo}/manifests/{digest}", at=1).status == 200 and len(registry.urls) > 1:
        expect(time.monotonic() - begun < PATIENCE, f"still served elsewhere after {PATIENCE} s")
        status(registry.send("GET", f"/v2/{repo}/manifests/{digest}", at=0), 404)
        time.sleep(0.2)
    waited = time.monotonic() - begun
    for number in range(len(registry.urls)):
        for reference in (digest, "one", "two"):
            for method in ("GET", "HEAD"):
                status(registry.send(method, f"/v2/{repo}/manifests/{reference}", at=number), 404)
        same("tags", ["other"], json.loads(registry.send("GET", f"/v2/{repo}/tags/list", at=number).body)["tags"])
    same("the other", other, status(registry.get(f"/v2/{repo}/manifests/other"), 200).body)
    status(registry.put_manifest(repo, "one", data), 201)
    same("pushed again", data, status(registry.get(f"/v2/{repo}/manifests/one"), 200).body)
    if waited > 1:
        return f"served elsewhere for {waited:.0f} s more"


@check("C1-child", "S", "DELETE of a manifest that an index lists: 202, or refused in order and all stays")
def child(registry):
    repo = registry.repo()
    data = registry.push_image(repo)
    parent = content.encode(content.index([content.descriptor(data, content.OCI_MANIFEST)]))
    status(registry.put_manifest(repo, "parent", parent), 201)
    response = delete(registry, f"/v2/{repo}/manifests/{content.digest(data)}")
    if response.status != 202:
        refused(response, (403, 409))
        same("the manifest", data, status(registry.get(f"/v2/{repo}/manifests/{content.digest(data)}"), 200).body)
    same("the index", parent, status(registry.get(f"/v2/{repo}/manifests/parent"), 200).body)
    return f"answered {response.status}"


@check(100, "M", "DELETE a second time, or of what never was: 404")
def second(registry):
    repo = registry.repo()
    digest = content.digest(registry.push_image(repo, "t"))
    status(delete(registry, f"/v2/{repo}/manifests/{digest}"), 202)
    refused(registry.send("DELETE", f"/v2/{repo}/manifests/{digest}"), 404, "MANIFEST_UNKNOWN")
    refused(registry.send("DELETE", f"/v2/{repo}/manifests/never"), 404, "MANIFEST_UNKNOWN")
    refused(registry.send("DELETE", f"/v2/{registry.repo()}/manifests/{digest}"), 404, "NAME_UNKNOWN", "MANIFEST_UNKNOWN")


@check(101, "M", "DELETE of a blob: 202, 404 or 405, and other repositories keep theirs")
def blob(registry):
    repo, other, data = registry.repo(), registry.repo(), content.some_bytes()
    digest = registry.push_blob(repo, data)
    registry.push_blob(other, data)
    response = status(registry.send("DELETE", f"/v2/{repo}/blobs/{digest}"), 202, 404, 405)
    if response.status == 202:
        for _ in range(2 * len(registry.urls)):
            status(registry.get(f"/v2/{repo}/blobs/{digest}"), 404)
        status(registry.send("DELETE", f"/v2/{repo}/blobs/{digest}"), 404)
    else:
        expect(b"errors" in response.body, "no error body")
    same("in the other repository", data, status(registry.blob(other, digest), 200).body)
    if response.status == 405:
        return "answered 405"
