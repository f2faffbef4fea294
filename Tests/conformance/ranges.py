"""Checks 42 to 51: ranges of blobs."""

import re

import content
from outcome import expect, field, said, same, status
from suite import cases, check

SIZE = 2048


def blob(registry):
    """A blob of 2048 bytes that all range checks share: (repository, digest, bytes)."""
    if not hasattr(registry, "range_blob"):
        repo, data = registry.repo("-ranges"), content.some_bytes(SIZE)
        registry.range_blob = (repo, registry.push_blob(repo, data), data)
    return registry.range_blob


def asked(registry, value):
    repo, digest, _ = blob(registry)
    response = registry.blob(repo, digest, {"Range": value})
    response.request += f" Range: {value}"
    return response


def partial(registry, value, first, last):
    data = blob(registry)[2]
    response = status(asked(registry, value), 206)
    same(f"{value}: bytes", data[first : last + 1], response.body)
    same(f"{value}: Content-Length", str(last - first + 1), field(response, "Content-Length"))
    same(f"{value}: Content-Range", f"bytes {first}-{last}/{SIZE}", field(response, "Content-Range"))


def unsatisfiable(registry, value):
    response = status(asked(registry, value), 416)
    same(f"{value}: Content-Range", f"bytes */{SIZE}", field(response, "Content-Range"))


@check(42, "S", "bytes=a-b: 206, Content-Length and Content-Range")
def closed_range(registry):
    partial(registry, "bytes=500-1499", 500, 1499)
    partial(registry, "bytes=0-0", 0, 0)
    partial(registry, "bytes=2047-2047", 2047, 2047)


@check(43, "S", "bytes=a-")
def open_range(registry):
    partial(registry, "bytes=500-", 500, SIZE - 1)
    partial(registry, "bytes=0-", 0, SIZE - 1)


@check(44, "S", "bytes=-n, also with n beyond the size")
def suffix_range(registry):
    partial(registry, "bytes=-500", SIZE - 500, SIZE - 1)
    partial(registry, "bytes=-1", SIZE - 1, SIZE - 1)
    response = status(asked(registry, "bytes=-5000"), 206, 200)
    same("bytes", blob(registry)[2], response.body)


@check(45, "S", "an end beyond the blob is clipped")
def clipped(registry):
    partial(registry, "bytes=2000-5000", 2000, SIZE - 1)
    partial(registry, f"bytes=0-{SIZE}", 0, SIZE - 1)


@check(46, "S", "a start beyond the blob: 416 and bytes */size")
def beyond(registry):
    unsatisfiable(registry, "bytes=5000-10000")
    unsatisfiable(registry, f"bytes={SIZE}-")


@check(47, "M", "bytes=500-0: 416")
def reversed_range(registry):
    status(asked(registry, "bytes=500-0"), 416)


@check(48, "F", "several ranges: 206 multipart, 200 or 400, never 416 (podman)")
def several(registry):
    data = blob(registry)[2]
    for value in ("bytes=0-1,4-5", "bytes=0-99, 200-299, 1000-", "bytes=-5,0-5"):
        response = status(asked(registry, value), 200, 206, 400)
        if response.status == 200:
            same(f"{value}: bytes", data, response.body)
        elif response.status == 206:
            kind = field(response, "Content-Type")
            expect(kind.startswith("multipart/byteranges"), f"{value}: 206 with Content-Type {kind}")


OVERFLOW = {
    "end-max": ("bytes=0-9223372036854775807", (200, 206)),
    "end-max-plus": ("bytes=0-9223372036854775808", (200, 206, 400, 416)),
    "end-2-64": ("bytes=0-18446744073709551616", (200, 206, 400, 416)),
    "first-max": ("bytes=9223372036854775807-", (416,)),
    "both-max": ("bytes=9223372036854775807-9223372036854775807", (416,)),
    "first-2-64": ("bytes=18446744073709551616-", (200, 400, 416)),
    "suffix-max": ("bytes=-9223372036854775807", (200, 206)),
    "suffix-min": ("bytes=-9223372036854775808", (200, 206, 400, 416)),
    "suffix-40-digits": ("bytes=-" + "9" * 40, (200, 206, 400, 416)),
    "suffix-zero": ("bytes=-0", (200, 400, 416)),
    "empty": ("bytes=", (200, 400, 416)),
    "dash": ("bytes=-", (200, 400, 416)),
    "letters": ("bytes=a-b", (200, 400, 416)),
    "signs": ("bytes=+1-+2", (200, 400, 416)),
    "double": ("bytes=1--2", (200, 400, 416)),
    "hexadecimal": ("bytes=0x1-0x2", (200, 400, 416)),
    "thousand": ("bytes=" + ",".join(f"{n}-{n}" for n in range(1000)), (200, 206, 400, 416, 431)),
}


@cases(49, "M", "overflowing and malformed ranges do no harm", OVERFLOW)
def overflow(registry, value, wanted):
    response = asked(registry, value)
    # What is malformed should be ignored, but a store may read something into it: then it must answer what it says.
    allowed = wanted if wanted == (416,) else (*wanted, 206)
    expect(response.status in allowed, f"{said(response)[:200]}, expected {wanted}")
    data = blob(registry)[2]
    if response.status == 200:
        same("bytes", data, response.body)
    elif response.status == 206 and not field(response, "Content-Type").startswith("multipart/"):
        match = re.fullmatch(rf"bytes (\d+)-(\d+)/{SIZE}", field(response, "Content-Range"))
        expect(match, f"{value}: Content-Range {response.get('Content-Range')!r}")
        same("bytes", data[int(match[1]) : int(match[2]) + 1], response.body)
    registry.alive()


@check(50, "F", "a unit other than bytes is ignored: 200")
def other_unit(registry):
    for value in ("items=0-5", "octets=1-2", "none"):
        response = status(asked(registry, value), 200)
        same("bytes", blob(registry)[2], response.body)


@check(51, "F", "resuming: every bytes=N- ends at the last byte (docker, c/image)")
def resume(registry):
    for first in (1, 7, 1024, SIZE - 1):
        partial(registry, f"bytes={first}-", first, SIZE - 1)
