"""A registry in memory that obeys the checks, except those its flags tell it to break."""

import base64
import json
import re
import threading
import time
import uuid
from urllib.parse import parse_qsl, unquote_to_bytes

import content
import fake_manifests
from fake_store import Uploads, ranged

NAME = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
DIGEST = r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}"
TAG = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"
API = "Docker-Distribution-API-Version", "registry/2.0"


class Answer(Exception):
    """An error answer."""

    def __init__(self, status, code, *details, fields=()):
        self.status, self.fields = status, list(fields)
        errors = [{"code": code, "message": code.lower(), "detail": detail} for detail in details or ("",)]
        self.body = json.dumps({"errors": errors}).encode()


class Repository:
    def __init__(self):
        self.blobs, self.manifests, self.tags = {}, {}, {}


class FakeRegistry:
    """`handle` answers a request; flags name the rules to break."""

    def __init__(self, flags=()):
        self.flags, self.lock = set(flags), threading.Lock()
        self.repositories, self.everything, self.uploads = {}, {}, Uploads(self.flags)

    def handle(self, request):
        try:
            with self.lock:
                status, fields, body = self.route(request)
        except Answer as answer:
            kind = "text/html" if "html-errors" in self.flags else "application/json"
            body = b"<html></html>" if "html-errors" in self.flags else answer.body
            status, fields = answer.status, answer.fields + [("Content-Type", kind)]
        return status, [API, *fields], body

    # Access

    def allowed(self, request, scope):
        scheme, _, rest = (request.get("Authorization") or "").partition(" ")
        wanted = set(scope.rpartition(":")[2].split(",")) if scope else set()
        challenge = 'Bearer realm="http://%s/token",service="fake"' % re.sub(r"[^\w.:-]", "", request.get("Host"))
        if "trusted-host" not in self.flags:
            challenge = f'Bearer realm="{self.origin}/token",service="fake"'
        if scope and "no-scope" not in self.flags:
            challenge += f',scope="{scope}"'
        error = None
        if scheme.lower() == "bearer" and (scheme == "Bearer" or "scheme-case" not in self.flags):
            try:
                if wanted <= self.granted(rest, scope) or "any-token" in self.flags:
                    return
                error = "insufficient_scope"
            except (ValueError, KeyError):
                error = "invalid_token"
        if error:
            challenge += f',error="{error}"'
        raise Answer(401, "UNAUTHORIZED", fields=[("WWW-Authenticate", challenge)])

    def granted(self, token, scope):
        """The actions a token holds on what a scope names; ValueError where it is none of ours."""
        packed, _, seal = token.partition(".")
        if seal != content.digest(b"fake" + packed.encode())[7:]:
            raise ValueError("not ours")
        pairs = [text.rpartition(":")[::2] for text in json.loads(base64.b64decode(packed))["scopes"]]
        return {action for name, actions in pairs if scope and name == scope.rpartition(":")[0] for action in actions.split(",")}

    def token(self, request, query):
        if request.method != "GET":
            raise Answer(404, "UNSUPPORTED")
        user = request.get("Authorization")
        if user != "Basic " + base64.b64encode(b"u:p").decode():
            raise Answer(401, "UNAUTHORIZED")
        scopes = [re.sub(r"^repository\(\w+\)", "repository", one) for name, value in query if name == "scope" for one in value.split()]
        if "lax-names" not in self.flags:
            scopes = [scope for scope in scopes if re.fullmatch(rf"repository:({NAME}):[\w,]+|registry:catalog:\*", scope)]
        token = base64.b64encode(json.dumps({"scopes": scopes[:100], "id": str(uuid.uuid4())}).encode()).decode()
        token += "." + content.digest(b"fake" + token.encode())[7:]
        issued = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        document = {"token": token, "access_token": token, "expires_in": 300, "issued_at": issued}
        return 200, [("Content-Type", "application/json"), ("Cache-Control", "no-store")], json.dumps(document).encode()

    # Routing

    def route(self, request):
        path, _, query = request.target.partition("?")
        raw = [pair for pair in query.split("&") if pair]
        if any(b"\0" in unquote_to_bytes(pair) or re.search(r"%(?![0-9A-Fa-f]{2})", pair) for pair in raw):
            raise Answer(400, "UNSUPPORTED")
        query = parse_qsl(query, keep_blank_values=True, encoding="utf-8", errors="replace")
        if path == "/token":
            return self.token(request, query)
        if path in ("/v2/", "/v2"):
            self.allowed(request, None)
            return 200, [("Content-Type", "application/json")], b"[]" if "ping-body" in self.flags else b"{}"
        if "%" in path or "//" in path or re.search(r"/\.\.?(/|$)", path):
            raise Answer(400, "NAME_INVALID")
        match = re.fullmatch(r"/v2/(.+)/(manifests|blobs/uploads|blobs|tags|referrers)/([^/]*)", path)
        if path.endswith("/blobs/uploads/") and not match:
            match = re.fullmatch(r"/v2/(.+)/(blobs/uploads)/()", path)
        if not match or len(path) > 8192:
            raise Answer(404, "UNSUPPORTED")
        name, kind, rest = match.groups()
        methods = {"manifests": "GET HEAD PUT DELETE", "blobs": "GET HEAD", "tags": "GET HEAD", "referrers": "GET HEAD"}
        methods["blobs/uploads"] = "GET PATCH PUT DELETE" if rest else "POST"
        if request.method not in methods[kind].split():
            raise Answer(405, "UNSUPPORTED", fields=[] if "no-allow" in self.flags else [("Allow", methods[kind].replace(" ", ", "))])
        if len(name) > 255 or not (re.fullmatch(NAME, name) or "lax-names" in self.flags):
            raise Answer(400, "NAME_INVALID")
        actions = {"GET": "pull", "HEAD": "pull", "DELETE": "delete"}.get(request.method, "pull,push")
        self.allowed(request, f"repository:{name}:{'pull,push' if kind == 'blobs/uploads' else actions}")
        body = {"manifests": self.manifest, "blobs": self.blob, "tags": self.tags, "referrers": self.referrers}.get(kind, self.upload)
        return body(request, name, rest, query)

    def known(self, name, kind):
        if name not in self.repositories:
            raise Answer(404, kind)
        return self.repositories[name]

    def opened(self, name):
        return self.repositories.setdefault(name, Repository())

    # Blobs

    def blob(self, request, name, digest, query):
        if not re.fullmatch(DIGEST, digest):
            raise Answer(400, "DIGEST_INVALID")
        blobs = self.everything if "global-blobs" in self.flags else self.known(name, "NAME_UNKNOWN").blobs
        if digest not in blobs:
            raise Answer(404, "BLOB_UNKNOWN")
        fields = [("Docker-Content-Digest", digest), ("Accept-Ranges", "bytes"), ("Content-Type", "application/octet-stream")]
        if "same-host-redirect" in self.flags and request.method == "GET" and not query:
            return 307, [("Location", f"{self.origin}{request.target}?x=y"), ("Cache-Control", "no-store")], b""
        if request.method == "HEAD":
            return 200, fields + [("Content-Length", str(len(blobs[digest])))], b""
        return ranged(request.get("Range"), blobs[digest], fields, self.flags)

    def store(self, name, data, text):
        """Files bytes as a blob if they have the digest."""
        if not text or not re.fullmatch(DIGEST, text):
            raise Answer(400, "DIGEST_INVALID")
        if content.digest(data, text.partition(":")[0]) != text and "unverified" not in self.flags:
            raise Answer(400, "DIGEST_INVALID")
        self.opened(name).blobs[text] = self.everything[text] = data
        return 201, [("Location", f"/v2/{name}/blobs/{text}"), ("Docker-Content-Digest", text)], b""

    def upload(self, request, name, session, query):
        query = dict(query)
        if request.method == "POST":
            if query.get("digest-algorithm", "sha256") not in content.ALGORITHMS:
                raise Answer(400, "DIGEST_INVALID")
            token = request.get("Authorization").partition(" ")[2]
            readable = "pull" in self.granted(token, f"repository:{query.get('from')}:pull")
            source = self.repositories.get(query.get("from")) if readable else None
            if "mount" in query and source and query["mount"] in source.blobs and "from" in query:
                return self.store(name, source.blobs[query["mount"]], query["mount"])
            if "mount" in query and "mount-404" in self.flags:
                raise Answer(404, "BLOB_UNKNOWN")
            if "digest" in query:
                return self.store(name, request.body, query["digest"])
            self.opened(name)
            return self.uploads.begin(name)
        if request.method == "PUT" and not re.fullmatch(DIGEST, query.get("digest", "")) and self.uploads.find(name, session):
            raise Answer(400, "DIGEST_INVALID")
        status, fields, data = self.uploads.answer(request, name, session)
        if status >= 400:
            code = {404: "BLOB_UPLOAD_UNKNOWN", 416: "RANGE_INVALID"}.get(status, "SIZE_INVALID")
            raise Answer(status, code, fields=fields)
        return self.store(name, data, query["digest"]) if request.method == "PUT" else (status, fields, b"")

    # The rest is in fake_manifests.

    def manifest(self, request, name, reference, query):
        return fake_manifests.manifest(self, request, name, reference, query)

    def tags(self, request, name, rest, query):
        return fake_manifests.tags(self, name, rest, dict(query))

    def referrers(self, request, name, digest, query):
        return fake_manifests.referrers(self, name, digest, dict(query))
