"""The cases of the official conformance program for blobs, each for sha256 and sha512."""

import content
from chunks import at
from content import ALGORITHMS
from outcome import expect, field, refused, same, status
from mounts import mount
from suite import cases
from uploads import patched

CHUNK = 1024


def verified(registry, repo, data, algorithm, response=None):
    """HEAD, GET, and the Location that came with the 201."""
    digest = content.digest(data, algorithm)
    head = status(registry.send("HEAD", f"/v2/{repo}/blobs/{digest}"), 200)
    same("Content-Length", str(len(data)), field(head, "Content-Length"))
    same("bytes", data, status(registry.blob(repo, digest), 200).body)
    if response is not None:
        where = registry.relative(field(status(response, 201), "Location"))
        same("bytes of the Location", data, status(registry.get(where), 200).body)


def closed(registry, repo, location, data, algorithm, body=b"", headers=()):
    digest = content.digest(data, algorithm)
    response = registry.send("PUT", registry.closing(location, digest), headers, body=body)
    verified(registry, repo, data, algorithm, status(response, 201))


def missing(registry, algorithm):
    repo, digest = registry.repo(), content.random_digest(algorithm)
    for method in ("GET", "HEAD"):
        status(registry.send(method, f"/v2/{repo}/blobs/{digest}"), 404)


def post_only(registry, algorithm, data=None):
    repo = registry.repo()
    data = content.some_bytes() if data is None else data
    digest = content.digest(data, algorithm)
    response = status(registry.send("POST", f"/v2/{repo}/blobs/uploads/?digest={digest}", body=data), 201, 202)
    if response.status == 202:
        return closed(registry, repo, registry.relative(field(response, "Location")), data, algorithm, data)
    verified(registry, repo, data, algorithm, response)


def post_put(registry, algorithm, data=None):
    repo = registry.repo()
    data = content.some_bytes() if data is None else data
    closed(registry, repo, registry.begin(repo), data, algorithm, data)


def one_chunk(registry, algorithm):
    repo, data = registry.repo(), content.some_bytes()
    location, _ = patched(registry, registry.begin(repo), data, 0)
    closed(registry, repo, location, data, algorithm)


def streamed(registry, algorithm):
    repo, data = registry.repo(), content.some_bytes(5000)
    response = status(registry.send("PATCH", registry.begin(repo), chunks=[data[:1], data[1:4000], data[4000:]]), 202)
    closed(registry, repo, registry.relative(field(response, "Location")), data, algorithm)


def three_chunks(registry, algorithm):
    repo, data = registry.repo(), content.some_bytes(3 * CHUNK)
    location = registry.begin(repo)
    for first in range(0, len(data), CHUNK):
        location, response = patched(registry, location, data[first : first + CHUNK], first)
        same("Range", f"0-{first + CHUNK - 1}", field(response, "Range"))
    closed(registry, repo, location, data, algorithm)


def last_in_put(registry, algorithm):
    repo, data = registry.repo(), content.some_bytes(3 * CHUNK)
    location = registry.begin(repo)
    for first in (0, CHUNK):
        location, _ = patched(registry, location, data[first : first + CHUNK], first)
    headers = {"Content-Range": f"{2 * CHUNK}-{3 * CHUNK - 1}"}
    closed(registry, repo, location, data, algorithm, data[2 * CHUNK :], headers)


def out_of_order(registry, algorithm, by):
    """The second chunk first: 416; GET says where it stands; then the rest by PATCH or by PUT."""
    repo, data = registry.repo(), content.some_bytes(3 * CHUNK)
    location = registry.begin(repo)
    wrong = {"Content-Range": f"{CHUNK}-{2 * CHUNK - 1}"}
    status(registry.send("PATCH", location, wrong, body=data[CHUNK : 2 * CHUNK]), 416)
    location, _ = at(registry, location)
    location, _ = patched(registry, location, data[:CHUNK], 0)
    later = {"Content-Range": f"{2 * CHUNK}-{3 * CHUNK - 1}"}
    if by == "PATCH":
        status(registry.send("PATCH", location, later, body=data[2 * CHUNK :]), 416)
    else:
        digest = content.digest(data, algorithm)
        status(registry.send("PUT", registry.closing(location, digest), later, body=data[2 * CHUNK :]), 416)
    location, last = at(registry, location)
    same("Range", CHUNK - 1, last)
    if by == "PATCH":
        location, _ = patched(registry, location, data[CHUNK:], CHUNK)
        return closed(registry, repo, location, data, algorithm)
    headers = {"Content-Range": f"{CHUNK}-{3 * CHUNK - 1}"}
    closed(registry, repo, location, data, algorithm, data[CHUNK:], headers)


def mounted(registry, algorithm, named):
    source, repo, data = registry.repo(), registry.repo(), content.some_bytes()
    digest = registry.push_blob(source, data, algorithm)
    response = mount(registry, repo, digest, source if named else None)
    if status(response, 201, 202).status == 202:
        return closed(registry, repo, registry.relative(field(response, "Location")), data, algorithm, data)
    verified(registry, repo, data, algorithm, response)


def mount_missing(registry, algorithm):
    source, repo = registry.seed()[0], registry.repo()
    status(mount(registry, repo, content.random_digest(algorithm), source), 202)


def cancelled(registry, algorithm):
    repo = registry.repo()
    location, _ = patched(registry, registry.begin(repo), b"x" * CHUNK, 0)
    status(registry.send("DELETE", location), 204, 405)


def ranges(registry, algorithm):
    repo, data = registry.repo(), content.some_bytes(2048)
    digest = registry.push_blob(repo, data, algorithm)
    for text, first, last in (("500-1499", 500, 1499), ("500-", 500, 2047), ("-500", 1548, 2047), ("2000-5000", 2000, 2047)):
        response = status(registry.blob(repo, digest, {"Range": f"bytes={text}"}), 206)
        same(f"{text}: bytes", data[first : last + 1], response.body)
        same(f"{text}: Content-Length", str(last - first + 1), field(response, "Content-Length"))
        same(f"{text}: Content-Range", f"bytes {first}-{last}/2048", field(response, "Content-Range"))
    for text in ("500-0", "5000-10000"):
        status(registry.blob(repo, digest, {"Range": f"bytes={text}"}), 416)


def wrong_digest(registry, algorithm, form):
    repo, data, other = registry.repo(), content.some_bytes(), content.random_digest(algorithm)
    if form == "post":
        response = registry.send("POST", f"/v2/{repo}/blobs/uploads/?digest={other}", body=data)
        if response.status == 202:
            target = registry.closing(registry.relative(field(response, "Location")), other)
            response = registry.send("PUT", target, body=data)
    elif form == "put":
        response = registry.send("PUT", registry.closing(registry.begin(repo), other), body=data)
    else:
        location = registry.begin(repo)
        if form == "chunked":
            location, _ = patched(registry, location, data, 0)
        else:
            response = status(registry.send("PATCH", location, chunks=[data]), 202)
            location = registry.relative(field(response, "Location"))
        response = registry.send("PUT", registry.closing(location, other))
    refused(response, 400)
    for digest in (other, content.digest(data, algorithm)):
        status(registry.send("HEAD", f"/v2/{repo}/blobs/{digest}"), 404)


def deleted(registry, algorithm):
    repo = registry.repo()
    digest = registry.push_blob(repo, content.some_bytes(), algorithm)
    if status(registry.send("DELETE", f"/v2/{repo}/blobs/{digest}"), 202, 404, 405).status == 202:
        for _ in range(2):
            status(registry.send("HEAD", f"/v2/{repo}/blobs/{digest}"), 404)


FORMS = {
    "missing": (missing,), "post": (post_only,), "post-put": (post_put,), "one-chunk": (one_chunk,), "stream": (streamed,),
    "mount": (mounted, True), "anonymous-mount": (mounted, False), "mount-missing": (mount_missing,),
    "cancel": (cancelled,), "three-chunks": (three_chunks,), "last-in-put": (last_in_put,),
    "out-of-order-patch": (out_of_order, "PATCH"), "out-of-order-put": (out_of_order, "PUT"), "ranges": (ranges,),
    "empty-post": (post_only, b""), "empty-put": (post_put, b""), "braces-post": (post_only, b"{}"),
    "braces-put": (post_put, b"{}"), "wrong-post": (wrong_digest, "post"), "wrong-put": (wrong_digest, "put"),
    "wrong-chunked": (wrong_digest, "chunked"), "wrong-stream": (wrong_digest, "stream"), "delete": (deleted,),
}
TABLE = {
    f"{name}-{algorithm}": (form, algorithm, *arguments)
    for algorithm in ALGORITHMS
    for name, (form, *arguments) in FORMS.items()
}


@cases("OB", "M", "official case", TABLE)
def blob_case(registry, form, algorithm, *arguments):
    expect(callable(form), "a case is a function")
    form(registry, algorithm, *arguments)
