"""Paths, names and digests that try to reach something else (security rules 1 to 3 and 25)."""

import content
import http11
from outcome import Failed, expect, said, status
from suite import cases, check

# {repo} is a repository with the tag "latest".
PATHS = {
    "encoded-dots": "/v2/x/%2e%2e/{repo}/manifests/latest", "dots": "/v2/x/../{repo}/manifests/latest",
    "dot": "/v2/./{repo}/manifests/latest", "double-slash": "/v2//{repo}/manifests/latest",
    "double-slash-inside": "/v2/{repo}//manifests/latest", "leading-double-slash": "//v2/{repo}/manifests/latest",
    "encoded-slash": "/v2/{encoded}/manifests/latest", "backslash": "/v2/x\\..\\{repo}/manifests/latest",
    "encoded-backslash": "/v2/x%5c..%5c{repo}/manifests/latest", "nul": "/v2/{repo}%00/manifests/latest",
    "upper-case": "/V2/{repo}/manifests/latest", "double-encoded": "/v2/x/%252e%252e/{repo}/manifests/latest",
    "not-utf-8": "/v2/{repo}%ff/manifests/latest", "overlong": "/v2/x/%c0%ae%c0%ae/{repo}/manifests/latest",
    "fullwidth": "/v2/%ef%bd%81/b/tags/list", "newline": "/v2/{repo}%0a/tags/list", "tab": "/v2/{repo}%09/tags/list",
    "semicolon": "/v2/{repo};x/manifests/latest", "trailing-slash": "/v2/{repo}/manifests/latest/",
    "catalog-slash": "/v2/_catalog/", "bad-percent": "/v2/{repo}%zz/tags/list", "cut-percent": "/v2/{repo}/tags/list%2",
    "dot-tail": "/v2/{repo}/manifests/latest/..", "encoded-question": "/v2/{repo}/manifests/latest%3Fx",
    "fragment": "/v2/{repo}/manifests/latest#x", "encoded-tag-slash": "/v2/{repo}/manifests/a%2flatest",
    "absolute-file": "/etc/passwd", "no-slash": "v2/", "star": "*", "empty-name": "/v2/manifests/latest",
    "empty-reference": "/v2/{repo}/manifests/", "sibling": "/v2x/", "encoded-letters-dots": "/v2/x/.%2e/{repo}/manifests/latest",
}


@cases("A1", "M", "a path that is not in its plain form names nothing", PATHS)
def odd_path(registry, form):
    repo, data = registry.seed()
    target = form.format(repo=repo, encoded=repo.replace("/", "%2F"))
    fields = registry.authorization(f"/v2/{repo}/manifests/latest")
    for method in ("GET", "HEAD"):
        connection = registry.connect(registry.turn)
        registry.last_request = f"{method} {target}"
        connection.send(http11.head(method, target, connection.authority, fields))
        response = registry.saw(connection.receive(method), f"{method} {target}")
        connection.close()
        # A redirect to the plain form is what some routers do; it names nothing either.
        expect(response.status in (301, 307, 308, 400, 401, 403, 404, 405), said(response))
        expect(response.body != data, "it answers the manifest")


@check("A2-length", "S", "names, tags and URLs beyond any limit are refused")
def lengths(registry):
    repo, _ = registry.seed()
    for target in (
        f"/v2/{'a/' * 3000}b/tags/list", f"/v2/{'a' * 5000}/tags/list", f"/v2/{repo}/manifests/{'a' * 5000}",
        f"/v2/{repo}/tags/list?last={'a' * 20000}", f"/v2/{'a' * 100_000}/tags/list",
    ):
        connection = registry.connect()
        registry.last_request = target[:60]
        connection.send(http11.head("GET", target, connection.authority, registry.authorization(f"/v2/{repo}/tags/list")))
        try:
            response = registry.saw(connection.receive(), target[:60])
            expect(response.status in (400, 401, 404, 414, 431), said(response))
        except http11.Broken as reason:
            if "in time" in str(reason):
                raise Failed(f"{target[:60]}: {reason}") from reason
        connection.close()
    registry.alive()


@check("A3", "M", "digests that are paths or of another algorithm reach nothing")
def digests(registry):
    repo, _ = registry.seed()
    plain = content.digest(b"x")[7:]
    for digest in (
        "sha256:../../etc/passwd", "sha256:..%2f..%2fetc%2fpasswd", "sha256:" + plain[:63], "sha256:" + plain.upper(),
        "sha256:" + plain + "%00", "md5:" + plain[:32], "sha256+b64u:" + plain, "sha256:" + plain + "0", "sha-256:" + plain,
        "sha256:" + plain + "%20", "%20sha256:" + plain, "sha256::" + plain, "sha384:" + plain + plain[:32], "sha1:" + plain[:40],
    ):
        for path in (f"blobs/{digest}", f"manifests/{digest}", f"referrers/{digest}"):
            # 301 is how some routers answer dots: with the plain form of the path.
            status(registry.send("GET", f"/v2/{repo}/{path}"), 400, 404, *((301, 307, 308) if ".." in path else ()))
        response = registry.send("POST", f"/v2/{repo}/blobs/uploads/?digest={digest}", body=b"x")
        # 202 leaves the digest to the PUT.
        expect(response.status in (202, 400, 404), said(response))


QUERIES = {
    "tag-sleep": "manifests/a'||pg_sleep(9)--", "tag-quote": "manifests/a%27", "tag-nul": "manifests/a%00",
    "tag-ff": "manifests/%ff", "artifact-type-nul": f"referrers/{content.digest(b'x')}?artifactType=%00",
    "artifact-type-quote": f"referrers/{content.digest(b'x')}?artifactType='||pg_sleep(9)--",
    "artifact-type-ff": f"referrers/{content.digest(b'x')}?artifactType=%ff", "upload-quote": "blobs/uploads/'--",
    "upload-nul": "blobs/uploads/%00", "upload-dots": "blobs/uploads/../x", "upload-encoded-dots": "blobs/uploads/%2e%2e%2fx",
}


@cases("A25", "M", "what a database would trip over is refused or harmless", QUERIES)
def database(registry, path):
    repo, _ = registry.seed()
    response = registry.send("GET", f"/v2/{repo}/{path}")
    status(response, 200, 400, 404, *((301, 307, 308) if ".." in path or "%2e" in path else ()))
    if response.status == 200:
        expect(path.startswith("referrers"), said(response))
