"""Checks 1 to 6: the ping, and what a registry says to somebody it does not know."""

import content
from outcome import Skipped, expect, field, refused, said, same, status
from tokens_client import parse_challenge
from suite import check

# Route, method, and the actions its challenge must name at least.
GUARDED = [
    ("manifests/latest", "GET", "pull"),
    ("manifests/latest", "HEAD", "pull"),
    ("blobs/" + content.digest(b"x"), "GET", "pull"),
    ("blobs/" + content.digest(b"x"), "HEAD", "pull"),
    ("tags/list", "GET", "pull"),
    ("referrers/" + content.digest(b"x"), "GET", "pull"),
    ("blobs/uploads/", "POST", "pull,push"),
    ("manifests/latest", "PUT", "pull,push"),
    ("blobs/uploads/3fa85f64-5717-4562-b3fc-2c963f66afa6", "PATCH", "pull,push"),
    ("blobs/uploads/3fa85f64-5717-4562-b3fc-2c963f66afa6", "PUT", "pull,push"),
    ("manifests/latest", "DELETE", "delete"),
]


def guarded(registry):
    if registry.scheme is None:
        raise Skipped("the registry asks nobody for credentials")


def bearer(registry):
    guarded(registry)
    if registry.scheme != "bearer":
        raise Skipped("the registry does not use tokens")


@check(1, "M", "GET /v2/ answers 200 to who is allowed")
def ping(registry):
    for number in range(len(registry.urls)):
        status(registry.send("GET", "/v2/", at=number), 200)


@check(2, "F", "ping body {}, JSON, Docker-Distribution-API-Version")
def ping_body(registry):
    response = status(registry.send("GET", "/v2/"), 200)
    same("body", b"{}", response.body.strip())
    same("Content-Type", "application/json", field(response, "Content-Type").partition(";")[0])
    same("Docker-Distribution-API-Version", "registry/2.0", field(response, "Docker-Distribution-API-Version"))


@check(3, "F", "without credentials: 401, JSON UNAUTHORIZED, a quoted challenge, on HEAD too")
def unauthorised(registry):
    guarded(registry)
    for method in ("GET", "HEAD"):
        response = status(registry.send(method, "/v2/", auth=False), 401)
        if method == "GET":
            refused(response, 401, "UNAUTHORIZED")
        scheme, found, bare = parse_challenge(field(response, "WWW-Authenticate"))
        expect(not bare, f"unquoted in the challenge: {bare}")
        wanted = {"bearer": ("realm", "service"), "basic": ("realm",)}.get(scheme.lower(), ())
        expect(wanted, f"unknown scheme {scheme}")
        for name in wanted:
            expect(found.get(name), f"no {name} in the challenge of {method}")
        if scheme.lower() == "bearer":
            expect(found["realm"].startswith(("http://", "https://")), f"realm {found['realm']} is no URL")


@check(4, "F", "the 401 of a repository route names the scope it needs")
def challenge_scope(registry):
    bearer(registry)
    repo = registry.repo()
    for path, method, actions in GUARDED:
        response = status(registry.send(method, f"/v2/{repo}/{path}", auth=False), 401)
        _, found, _ = parse_challenge(field(response, "WWW-Authenticate"))
        scope = found.get("scope", "")
        expect(scope.startswith(f"repository:{repo}:"), f"{method} {path}: scope {scope!r}")
        given = set(scope.rpartition(":")[2].split(","))
        expect(set(actions.split(",")) <= given, f"{method} {path}: scope {scope!r} lacks {actions}")
        if actions == "pull":
            same(f"{method} {path}: actions", {"pull"}, given)


@check(5, "F", "a token of too little scope: insufficient_scope and the full scope; a bad one: invalid_token")
def low_scope(registry):
    bearer(registry)
    repo = registry.repo()
    pull = [f"repository:{repo}:pull"]
    response = registry.send("POST", f"/v2/{repo}/blobs/uploads/", scopes=pull)
    _, found, _ = parse_challenge(field(status(response, 401), "WWW-Authenticate"))
    same("error", "insufficient_scope", found.get("error"))
    expect({"pull", "push"} <= set(found.get("scope", "").rpartition(":")[2].split(",")), f"scope {found.get('scope')}")
    token = registry.tokens.token(f"repository:{repo}:pull")
    spoiled = token[:-6] + ("A" if token[-6] != "A" else "B") + token[-5:]
    for bad in (spoiled, "not-a-token"):
        response = registry.send("GET", "/v2/", {"Authorization": "Bearer " + bad}, auth=False)
        _, found, _ = parse_challenge(field(status(response, 401), "WWW-Authenticate"))
        same("error for a bad token", "invalid_token", found.get("error"))


@check(6, "F", "the scheme matches in any case; bad credentials never fall through")
def scheme_case(registry):
    guarded(registry)
    (_, value), = registry.authorization("/v2/")
    scheme, _, rest = value.partition(" ")
    for spelled in (scheme.lower(), scheme.upper()):
        status(registry.send("GET", "/v2/", {"Authorization": f"{spelled} {rest}"}, auth=False), 200)
    repo, _ = registry.seed()
    wrong = ("Bearer x", "Bearer", "Basic", "Basic !!!", "Basic eDp5", "Basic Og==", "Digest a=b", f"{scheme}{rest}", "")
    for value in wrong:
        for target in ("/v2/", f"/v2/{repo}/tags/list"):
            response = registry.send("GET", target, {"Authorization": value}, auth=False)
            expect(response.status in (400, 401, 403), f"Authorization {value[:30]!r}: {said(response)}")
