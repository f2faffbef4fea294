"""Uploads that cross the part sizes of object stores, and clients that push the same thing at once."""

import threading

import content
from chunks import broken_off, resumed
from outcome import expect, field, said, same, status
from suite import cases, check
from uploads import finished, patched

MIB = 1 << 20
# Stores want parts of 5 MiB and more; these chunks end on, beside and far from that.
CHUNKINGS = {
    "around-5-mib": (5 * MIB, 1, 5 * MIB - 1), "small-large-small": (1, 6 * MIB, 1, 4 * MIB + 1, 7),
    "one-byte-short": (5 * MIB - 1, 5 * MIB - 1, 2), "sixteen-mib": (16 * MIB, 3),
}
TABLE = {f"{name}-{kind}": (sizes, kind) for name, sizes in CHUNKINGS.items() for kind in content.ALGORITHMS}


@cases("C1-large", "F", "large chunks, each at another instance", TABLE)
def large(registry, sizes, algorithm):
    repo, data = registry.repo(), content.some_bytes(sum(sizes))
    location, first = registry.begin(repo), 0
    for size in sizes:
        location, response = patched(registry, location, data[first : first + size], first)
        first += size
        same("Range", f"0-{first - 1}", field(response, "Range"))
    finished(registry, repo, location, data, algorithm=algorithm)


@check("C1-large-once", "F", "12 MiB in one PUT, in one POST, and in one POST without announced length")
def once(registry):
    for form in ("put", "post", "chunked"):
        repo, data = registry.repo(), content.some_bytes(12 * MIB + 5)
        digest = content.digest(data)
        if form == "put":
            finished(registry, repo, registry.begin(repo), data, data)
            continue
        pieces = [data[at : at + 99_991] for at in range(0, len(data), 99_991)] if form == "chunked" else None
        target = f"/v2/{repo}/blobs/uploads/?digest={digest}"
        response = registry.send("POST", target, body=None if pieces else data, chunks=pieces)
        if status(response, 201, 202).status == 202:
            finished(registry, repo, registry.relative(field(response, "Location")), data, data)
        same("bytes", data, status(registry.blob(repo, digest), 200).body)


@check("C1-large-aborted", "F", "a PATCH that breaks off after 7 MiB is resumed at the byte that was kept")
def aborted(registry):
    repo, data = registry.repo(), content.some_bytes(12 * MIB)
    location, _ = patched(registry, registry.begin(repo), data[:1000], 0)
    broken_off(registry, location, data[1000:], 7 * MIB, True)
    location, kept = resumed(registry, location, data)
    expect(1000 <= kept <= 7 * MIB + 1000, f"kept {kept} bytes")
    finished(registry, repo, location, data)
    return f"kept {kept} of {7 * MIB + 1000} bytes"


def together(actions):
    """Runs functions at the same time; returns what they returned, or raised."""
    seen = [None] * len(actions)

    def act(number):
        try:
            seen[number] = actions[number]()
        except Exception as reason:  # Reported by the caller, which expects responses.
            seen[number] = reason

    threads = [threading.Thread(target=act, args=(number,)) for number in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for answer in seen:
        if isinstance(answer, Exception):
            raise answer
    return seen


@check("C1-same-blob", "F", "eight clients push the same blob and the same manifest at once: each gets 201")
def same_blob(registry):
    repo, data = registry.repo(), content.some_bytes(200_000)
    digest = content.digest(data)
    targets = [registry.closing(registry.begin(repo), digest) for _ in range(8)]
    clients = [registry.client() for _ in targets]
    answers = together([lambda c=c, t=t: c.send("PUT", t, body=data) for c, t in zip(clients, targets)])
    same("statuses", [201] * 8, [answer.status for answer in answers])
    same("bytes", data, status(registry.blob(repo, digest), 200).body)
    config, layers = registry.parts(repo)
    document = content.image(config, layers)
    answers = together([lambda c=c: c.put_manifest(repo, "t", document) for c in clients])
    same("statuses of the manifest", [201] * 8, [answer.status for answer in answers])


@check("C1-same-session", "F", "two closing PUTs of one session at once: at least one 201, and the blob is right")
def same_session(registry):
    for _ in range(4):
        repo, data = registry.repo(), content.some_bytes(100_000)
        digest = content.digest(data)
        location, _ = patched(registry, registry.begin(repo), data)
        clients = [registry.client(), registry.client()]
        target = registry.closing(location, digest)
        answers = together([lambda c=c: c.send("PUT", target) for c in clients])
        codes = sorted(answer.status for answer in answers)
        expect(codes[0] == 201 and codes[1] in (201, 404, 416), f"statuses {codes}: {said(answers[0])}")
        same("bytes", data, status(registry.blob(repo, digest), 200).body)


@check("C1-new-repository", "F", "eight clients make the same repository at once: no errors")
def new_repository(registry):
    for _ in range(3):
        repo = registry.repo()
        clients = [registry.client() for _ in range(8)]
        answers = together([lambda c=c: c.send("POST", f"/v2/{repo}/blobs/uploads/") for c in clients])
        same("statuses", [202] * 8, [answer.status for answer in answers])


@check("C1-moving-tag", "F", "a tag pushed by several clients at once ends as one of theirs, with nothing lost")
def moving_tag(registry):
    repo = registry.repo()
    images = [registry.push_image(repo) for _ in range(6)]
    clients = [registry.client() for _ in images]
    answers = together([lambda c=c, i=i: c.put_manifest(repo, "t", i) for c, i in zip(clients, images)])
    same("statuses", [201] * len(images), [answer.status for answer in answers])
    seen = {registry.send("GET", f"/v2/{repo}/manifests/t").body for _ in range(2 * len(registry.urls))}
    expect(len(seen) == 1 and seen <= set(images), "the instances do not agree on the tag")
    for image in images:
        status(registry.get(f"/v2/{repo}/manifests/{content.digest(image)}"), 200)
