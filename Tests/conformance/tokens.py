"""The token server, by GET and by POST (wire.md C.3, security rules 11 and 12)."""

import base64
import json
import re
from urllib.parse import quote, urlencode

from outcome import expect, field, said, same, status
from ping import bearer
from suite import check

RFC3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"


def fetch(registry, *scopes, extra="", credentials=True):
    client = registry.tokens
    return client.ask(client.target(scopes, extra), client.credentials() if credentials else ())


def post(registry, **form):
    body = urlencode(form).encode()
    return registry.tokens.ask("/" + registry.tokens.realm.split("/", 3)[3], method="POST", body=body)


def may(registry, response, repo, method, path):
    """Whether the token in a token response allows a request."""
    document = json.loads(response.body)
    token = document.get("access_token") or document["token"]
    answer = registry.send(method, f"/v2/{repo}/{path}", {"Authorization": "Bearer " + token}, auth=False)
    expect(answer.status < 500, said(answer))
    return answer.status not in (401, 403)


@check("T1", "F", "GET realm with Basic: token, access_token, expires_in >= 60, issued_at")
def token_fields(registry):
    bearer(registry)
    repo, _ = registry.seed()
    response = status(fetch(registry, f"repository:{repo}:pull"), 200)
    document = json.loads(response.body)
    expect(isinstance(document.get("token"), str) and document["token"], "no token")
    same("access_token", document["token"], document.get("access_token"))
    expect(document.get("expires_in", 60) >= 60, f"expires_in {document.get('expires_in')}")
    expect(re.fullmatch(RFC3339, document.get("issued_at", "")), f"issued_at {document.get('issued_at')!r}")
    expect(len(response.body) <= 65536, "more than 64 KiB")
    expect(may(registry, response, repo, "GET", "tags/list"), "the token does not allow what it was asked for")


@check("T2", "F", "GET without credentials: an anonymous token or 401; wrong ones 401")
def anonymous(registry):
    bearer(registry)
    repo, _ = registry.seed()
    response = status(fetch(registry, f"repository:{repo}:pull,push", credentials=False), 200, 401)
    if response.status == 200:
        expect(not may(registry, response, repo, "POST", "blobs/uploads/"), "an anonymous token allows pushes")
    for wrong in ("Basic eDp5", "Basic !!", "Basic " + base64.b64encode(b"a:" + b"x" * 8000).decode()):
        status(registry.tokens.ask(registry.tokens.target(()), [("Authorization", wrong)]), 400, 401, 431)


@check("T3", "F", "several scopes, repeated or separated by spaces, in any order")
def several_scopes(registry):
    bearer(registry)
    repo, _ = registry.seed()
    one, two = f"repository:{repo}:pull", f"repository:{registry.repo()}:pull,push"
    for scopes in ((one, two), (two, one)):
        expect(may(registry, fetch(registry, *scopes), repo, "GET", "tags/list"), "repeated scope parameters")
        joined = fetch(registry, extra="scope=" + quote(" ".join(scopes)))
        expect(may(registry, joined, repo, "GET", "tags/list"), "scopes separated by a space")
        plus = fetch(registry, extra="scope=" + "+".join(quote(scope, safe="") for scope in scopes))
        expect(may(registry, plus, repo, "GET", "tags/list"), "scopes separated by a plus sign")


@check("T4", "F", "unknown, empty and malformed scopes are dropped, never an error")
def odd_scopes(registry):
    bearer(registry)
    repo, _ = registry.seed()
    odd = ["", "x", "a:b:c", ":::", "repository::pull", "repository:../b:pull", f"repository:{repo}:fly", "registry:x:*"]
    odd += [f"repository:{repo}", "repository:UPPER:pull", "aws:foo:bar", "repository:a\r\nSet-Cookie:x:pull"]
    for scope in odd:
        response = status(fetch(registry, scope), 200)
        expect(not response.all("Set-Cookie"), "a header was injected")
        response = status(fetch(registry, scope, f"repository:{repo}:pull"), 200)
        expect(may(registry, response, repo, "GET", "tags/list"), f"{scope!r} spoiled the scope beside it")
    status(fetch(registry, extra="scope="), 200)


@check("T5", "F", "repository(plugin) is treated as repository")
def scope_class(registry):
    bearer(registry)
    repo, _ = registry.seed()
    response = status(fetch(registry, f"repository(plugin):{repo}:pull"), 200)
    expect(may(registry, response, repo, "GET", "tags/list"), "the class spoiled the scope")


@check("T6", "F", "a thousand scopes do not break the token server")
def thousand_scopes(registry):
    bearer(registry)
    repo = registry.repo()
    for count in (60, 1000):
        scopes = [f"repository:{repo}{number}:pull" for number in range(count)]
        response = fetch(registry, *scopes)
        expect(response.status < 500, said(response))
        expect(len(response.body) <= 65536, "the answer has more than 64 KiB")


@check("T7", "F", "POST grant_type=password: access_token, scope, expires_in; or 404; never 5xx (containerd)")
def oauth_password(registry):
    bearer(registry)
    repo, _ = registry.seed()
    form = dict(
        grant_type="password", service=registry.tokens.service, client_id="conformance", access_type="offline",
        username=registry.user or "", password=registry.password or "", scope=f"repository:{repo}:pull",
    )
    response = status(post(registry, **form), 200, 400, 401, 404, 405)
    if response.status == 200:
        document = json.loads(response.body)
        expect(document.get("access_token"), "no access_token")
        expect(document.get("expires_in", 60) >= 60, "expires_in below 60")
        expect("scope" in document, "no scope")
        expect(may(registry, response, repo, "GET", "tags/list"), "the token does not allow what it was asked for")
    status(post(registry, **{**form, "password": "wrong"}), 400, 401, 404, 405)


@check("T8", "F", "POST with other or broken grants: 400, 401 or 404, never 5xx")
def oauth_other(registry):
    bearer(registry)
    service = registry.tokens.service
    for form in (
        dict(grant_type="refresh_token", refresh_token="x", service=service, client_id="c"),
        dict(grant_type="client_credentials", service=service),
        dict(service=service),
        dict(grant_type="password", service=service),
        dict(grant_type="password", service=service, username="a" * 70000, password="b"),
    ):
        response = post(registry, **form)
        expect(400 <= response.status < 500, said(response))


@check("T9", "F", "account, client_id and offline_token are tolerated")
def extra_parameters(registry):
    bearer(registry)
    extra = f"account={quote(registry.user or 'x')}&client_id=conformance&offline_token=true"
    status(fetch(registry, extra=extra), 200)


@check("T10", "S", "token answers are not cached")
def token_cache(registry):
    bearer(registry)
    value = field(status(fetch(registry), 200), "Cache-Control")
    expect("no-store" in value or "private" in value, f"Cache-Control {value!r}")


@check("T11", "M", "a token without signature, or with changed claims, is refused")
def forged(registry):
    bearer(registry)
    repo, _ = registry.seed()
    token = registry.tokens.token(f"repository:{repo}:pull")
    parts = token.split(".")
    if len(parts) != 3:
        return "tokens are opaque"

    def packed(document):
        return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")

    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    wider = packed({**claims, "access": [{"type": "repository", "name": repo, "actions": ["*"]}]})
    none = packed({"alg": "none", "typ": "JWT"})
    for bad in (
        f"{none}.{parts[1]}.", f"{none}.{wider}.{parts[2]}", f"{parts[0]}.{wider}.{parts[2]}",
        f"{parts[0]}.{parts[1]}.", f"{parts[0]}.{parts[1]}", token + ".x", token + "=", "a" * 20000,
    ):
        response = registry.send("GET", f"/v2/{repo}/tags/list", {"Authorization": "Bearer " + bad}, auth=False)
        status(response, 400, 401, 403, 431)
