"""Checks 80 to 83: mounting blobs of other repositories."""

import content
from outcome import expect, field, said, same, status
from ping import bearer
from suite import check
from uploads import finished


def mount(registry, repo, digest, source=None, **more):
    query = f"?mount={digest}" + (f"&from={source}" if source else "")
    if registry.scheme == "bearer" and "scopes" not in more:
        more["scopes"] = (f"repository:{repo}:pull,push",) + ((f"repository:{source}:pull",) if source else ())
    return registry.send("POST", f"/v2/{repo}/blobs/uploads/{query}", **more)


def usable(registry, repo, response):
    """A 202 whose session takes a blob."""
    data = content.some_bytes(100)
    finished(registry, repo, registry.relative(field(status(response, 202), "Location")), data, data)


@check(80, "M", "mount: 201, a Location in the target, and the blob can be read there")
def mounted(registry):
    source, data = registry.repo(), content.some_bytes()
    for algorithm in content.ALGORITHMS:
        repo, digest = registry.repo(), registry.push_blob(source, data, algorithm)
        response = mount(registry, repo, digest, source)
        if response.status == 202:
            usable(registry, repo, response)
            return f"{algorithm}: answered 202, an upload"
        where = registry.relative(field(status(response, 201), "Location"))
        expect(where.startswith(f"/v2/{repo}/blobs/"), f"Location {where}")
        same("bytes", data, status(registry.get(where), 200).body)
        same("Docker-Content-Digest", digest, field(response, "Docker-Content-Digest"))
        status(mount(registry, repo, digest, source), 201, 202)


@check(81, "F", "mount of what is missing or from nowhere: 202 and a usable session, never 401, 403 or 404")
def missing_source(registry):
    repo, other = registry.repo(), registry.repo()
    present = registry.push_blob(other, content.some_bytes())
    absent = registry.repo()
    for digest, source in ((content.random_digest(), other), (present, absent), (present, "No/Name"), ("sha256:x", other)):
        scopes = (f"repository:{repo}:pull,push", f"repository:{other}:pull", f"repository:{absent}:pull")
        response = mount(registry, repo, digest, source, scopes=scopes)
        if digest == "sha256:x" or source == "No/Name":
            expect(response.status in (202, 400), f"{said(response)} for a malformed mount")
        else:
            usable(registry, repo, response)


@check(82, "M", "mount without from: 202, or 201 where it may be read")
def no_source(registry):
    repo = registry.repo()
    digest = registry.push_blob(registry.repo(), content.some_bytes())
    response = status(mount(registry, repo, digest), 201, 202)
    if response.status == 202:
        usable(registry, repo, response)
    else:
        status(registry.send("HEAD", f"/v2/{repo}/blobs/{digest}"), 200)
    usable(registry, repo, mount(registry, repo, content.random_digest()))


@check(83, "F", "mount with a token for the target only: 202, or 401 insufficient_scope that names the source")
def unreadable_source(registry):
    bearer(registry)
    repo, source = registry.repo(), registry.repo()
    digest = registry.push_blob(source, content.some_bytes())
    response = mount(registry, repo, digest, source, scopes=(f"repository:{repo}:pull,push",))
    status(response, 202, 401)
    if response.status == 401:
        value = field(response, "WWW-Authenticate")
        expect("insufficient_scope" in value and source in value, f"WWW-Authenticate {value}")
    else:
        usable(registry, repo, response)
        status(registry.send("HEAD", f"/v2/{repo}/blobs/{digest}"), 404)


@check("A7", "M", "a mount that cannot be done answers alike, whatever the reason")
def alike(registry):
    bearer(registry)
    repo, source, empty = registry.repo(), registry.repo(), registry.repo()
    digest = registry.push_blob(source, content.some_bytes())
    registry.push_blob(empty, content.some_bytes())
    own = (f"repository:{repo}:pull,push",)
    shapes = set()
    for name, scopes in ((source, own), (empty, own + (f"repository:{empty}:pull",)), (registry.repo(), own)):
        response = mount(registry, repo, digest, name, scopes=scopes)
        names = tuple(sorted(field.lower() for field, _ in response.fields))
        shapes.add((response.status, names, response.body if response.status == 202 else b""))
    same("different answers", 1, len(shapes))
