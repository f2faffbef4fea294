"""Values that try to become header fields or addresses of the answer (security rule 21)."""

import content
import http11
from outcome import expect, said
from suite import cases, check
from tags import tagged

EVIL = "%0d%0aSet-Cookie:%20x=y"
BLOB = content.digest(b"x")

# Method and target; {repo} holds many tags.
TARGETS = {
    "tag": ("GET", "/v2/{repo}/manifests/a" + EVIL), "put-tag": ("PUT", "/v2/{repo}/manifests/a" + EVIL),
    "tag-parameter": ("PUT", f"/v2/{{repo}}/manifests/{BLOB}?tag=a" + EVIL), "name": ("GET", "/v2/{repo}" + EVIL + "/tags/list"),
    "last": ("GET", "/v2/{repo}/tags/list?n=1&last=" + EVIL), "n": ("GET", "/v2/{repo}/tags/list?n=1" + EVIL),
    "artifact-type": ("GET", f"/v2/{{repo}}/referrers/{BLOB}?artifactType=a" + EVIL),
    "artifact-type-quote": ("GET", f"/v2/{{repo}}/referrers/{BLOB}?n=1&artifactType=a%22%3E;%20rel=%22x"),
    "digest": ("GET", "/v2/{repo}/blobs/sha256:" + EVIL), "upload": ("GET", "/v2/{repo}/blobs/uploads/a" + EVIL),
    "mount": ("POST", "/v2/{repo}/blobs/uploads/?mount=" + EVIL + "&from=a"),
    "from": ("POST", f"/v2/{{repo}}/blobs/uploads/?mount={BLOB}&from=a" + EVIL),
    "catalog-last": ("GET", "/v2/_catalog?n=1&last=" + EVIL), "extra": ("GET", "/v2/?x=" + EVIL),
    "newline-only": ("GET", "/v2/{repo}/tags/list?n=1&last=a%0aSet-Cookie:%20x=y"),
}


@cases("A21", "M", "no parameter becomes a header field", TARGETS)
def injected(registry, method, form):
    repo, _ = tagged(registry)
    target = form.format(repo=repo)
    for auth in (True, False):
        scopes = ("registry:catalog:*",) if "_catalog" in target else (f"repository:{repo}:pull,push",)
        response = registry.send(method, target, auth=auth, scopes=scopes if auth else None)
        expect(response.status < 500, said(response))
        expect(not response.all("Set-Cookie"), f"{said(response)}: a field was injected")
        for name, value in response.fields:
            expect("\n" not in value and "\r" not in value and "\0" not in value, f"{name} holds a line break")


@check("A21-host", "S", "Host and X-Forwarded-* of a client do not shape Location, Link or the realm")
def host(registry):
    repo, _ = registry.seed()
    for evil in (
        [("Host", "evil.example")], [("Host", "evil.example:80@x")], [("X-Forwarded-Host", "evil.example")],
        [("Forwarded", 'host="evil.example"')], [("X-Forwarded-Proto", "gopher")], [("X-Original-URL", "/v2/evil.example")],
        [("Host", 'evil.example"')], [("X-Forwarded-Prefix", "/evil.example")],
    ):
        for method, target, auth in (
            ("GET", "/v2/", False), ("POST", f"/v2/{repo}/blobs/uploads/", True), ("GET", f"/v2/{repo}/tags/list?n=1", True),
            ("GET", f"/v2/{repo}/tags/list", False), ("GET", "/v2/evil/../", False),
        ):
            registry.last_request = f"{method} {target} with {evil}"
            connection = registry.connect()
            fields = evil + (registry.authorization(target) if auth else [])
            if method == "POST":
                fields = fields + [("Content-Length", "0")]
            connection.send(http11.head(method, target, connection.authority, fields))
            response = registry.saw(connection.receive(method), registry.last_request)
            connection.close()
            for name in ("Location", "Link", "WWW-Authenticate", "Content-Location", "Refresh"):
                for value in response.all(name):
                    expect("evil.example" not in value and "gopher" not in value, f"{name}: {value[:100]} for {evil[0]}")


@check("A21-subject", "S", "what a manifest says does not become a header field")
def manifest_values(registry):
    repo = registry.repo()
    config, layers = registry.parts(repo)
    evil = "sha256:x\r\nSet-Cookie: x=y"
    subject = {"mediaType": content.OCI_MANIFEST, "digest": evil, "size": 1}
    for document in (
        content.image(config, layers, subject=subject), content.image({**config, "mediaType": "a/b\r\nSet-Cookie: x=y"}, layers),
        content.image(config, layers, artifactType='a"b\r\nSet-Cookie: x=y'),
        content.image(config, layers, annotations={"a\r\nSet-Cookie: x": "\r\nSet-Cookie: x=y"}),
    ):
        response = registry.put_manifest(repo, "t", document)
        expect(response.status < 500 and not response.all("Set-Cookie"), said(response))
        if response.status == 201:
            back = registry.get(f"/v2/{repo}/manifests/t")
            expect(back.status == 200 and not back.all("Set-Cookie"), said(back))


@check("A21-nosniff", "S", "stored bytes are not offered as a web page")
def sniffing(registry):
    repo = registry.repo()
    digest = registry.push_blob(repo, b"<html><script>alert(1)</script></html>")
    response = registry.send("GET", f"/v2/{repo}/blobs/{digest}", {"Accept": "text/html"})
    kind = response.get("Content-Type", "")
    expect("html" not in kind and "svg" not in kind, f"Content-Type {kind}")
    config, layers = registry.parts(repo)
    data = content.encode(content.image(config, layers))
    response = registry.put_manifest(repo, "html", data, "text/html")
    expect(response.status in (400, 404, 415), f"{said(response)} for a manifest of type text/html")
