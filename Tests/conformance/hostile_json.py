"""Manifests that two parsers would read differently, and bodies beyond the limits (security rules 16, 17 and 18)."""

import gzip

import content
import http11
from content import OCI_INDEX, OCI_MANIFEST
from outcome import expect, refused, said, same, status
from suite import cases, check

# Each makes a bad document out of a good one, given as text, with the text of its one layer.
SPOILED = {
    "duplicate-layers": lambda text, layer: text[:-1] + ',"layers":[]}',
    "duplicate-config": lambda text, layer: text[:-1] + ',"config":{}}',
    "duplicate-in-descriptor": lambda text, layer: text.replace(layer, layer[:-1] + ',"size":1}'),
    "duplicate-escaped": lambda text, layer: text[:-1] + ',"l\\u0061yers":[]}',
    "case-variant-layers": lambda text, layer: text[:-1] + ',"Layers":[' + layer + "]}",
    "case-variant-config": lambda text, layer: text[:-1] + ',"CONFIG":{}}',
    "case-variant-media-type": lambda text, layer: text[:-1] + ',"mediatype":"x"}',
    "case-variant-manifests": lambda text, layer: text[:-1] + ',"Manifests":[]}',
    "case-variant-subject": lambda text, layer: text[:-1] + ',"Subject":' + layer + "}",
    "case-variant-digest": lambda text, layer: text.replace('"digest"', '"Digest"'),
    "kelvin-sign": lambda text, layer: text[:-1] + ',"layer\u017f":[]}',
    "byte-order-mark": lambda text, layer: "\ufeff" + text,
    "trailing-bytes": lambda text, layer: text + "x",
    "trailing-document": lambda text, layer: text + "{}",
    "trailing-nul": lambda text, layer: text + "\0",
    "not-a-number": lambda text, layer: text[:-1] + ',"x":NaN}',
    "infinity": lambda text, layer: text[:-1] + ',"x":-Infinity}',
    "comment": lambda text, layer: text[:-1] + "/**/}",
    "trailing-comma": lambda text, layer: text[:-1] + ",}",
    "single-quotes": lambda text, layer: text.replace('"', "'"),
    "control-in-string": lambda text, layer: text[:-1] + ',"x":"\t"}',
    "lone-surrogate-key": lambda text, layer: text.replace('"layers"', '"layers\\ud800"'),
    "deep-array": lambda text, layer: text[:-1] + ',"x":' + "[" * 5000 + "]" * 5000 + "}",
    "deep-object": lambda text, layer: text[:-1] + ',"x":' + '{"a":' * 2000 + "1" + "}" * 2000 + "}",
    "unclosed-deep": lambda text, layer: '{"x":' + "[" * 100_000,
    "size-negative": lambda text, layer: text.replace(layer, sized(layer, "-1")),
    "size-float": lambda text, layer: text.replace(layer, sized(layer, "300.5")),
    "size-text": lambda text, layer: text.replace(layer, sized(layer, '"300"')),
    "size-null": lambda text, layer: text.replace(layer, sized(layer, "null")),
    "size-2-63": lambda text, layer: text.replace(layer, sized(layer, "9223372036854775808")),
    "size-2-64": lambda text, layer: text.replace(layer, sized(layer, "18446744073709551616")),
    "size-1e400": lambda text, layer: text.replace(layer, sized(layer, "1e400")),
    "size-400-digits": lambda text, layer: text.replace(layer, sized(layer, "9" * 400)),
    "size-hexadecimal": lambda text, layer: text.replace(layer, sized(layer, "0x12c")),
    "size-leading-zero": lambda text, layer: text.replace(layer, sized(layer, "0300")),
    "no-size": lambda text, layer: text.replace(layer, layer.replace('"size"', '"sighs"')),
    "layers-object": lambda text, layer: text.replace(f"[{layer}]", "{}"),
    "layers-null-entry": lambda text, layer: text.replace(layer, "null"),
    "layers-text": lambda text, layer: text.replace(f"[{layer}]", '"x"'),
    "digest-upper-case": lambda text, layer: text.replace(layer, layer.replace("sha256:", "SHA256:")),
    "digest-path": lambda text, layer: text.replace(layer, layer.replace("sha256:", "sha256:../")),
    "digest-short": lambda text, layer: text.replace(layer, layer.replace('"digest":"', '"digest":"sha256:ab","d":"')),
    "schema-version-1": lambda text, layer: text.replace('"schemaVersion":2', '"schemaVersion":1'),
    "schema-version-text": lambda text, layer: text.replace('"schemaVersion":2', '"schemaVersion":"2"'),
    "no-config": lambda text, layer: text.replace('"config"', '"konfig"'),
    "many-descriptors": lambda text, layer: text.replace(layer, ",".join([layer] * 10_500)),
    "utf-16": lambda text, layer: text.encode("utf-16"),
    "not-utf-8": lambda text, layer: text[:-1].encode() + b',"x":"\xff"}',
    "overlong-utf-8": lambda text, layer: text[:-1].encode() + b',"x":"\xc0\xaf"}',
}


def sized(layer, value):
    return layer.replace('"size":300', f'"size":{value}')


@cases("A16", "S", "a manifest two parsers may read differently is refused", SPOILED)
def differential(registry, spoil):
    repo, data, layer = good(registry)
    bad = spoil(data.decode(), layer)
    bad = bad if isinstance(bad, bytes) else bad.encode()
    expect(bad != data, "the case changes nothing")
    tag = content.digest(bad)[7:27]
    response = registry.put_manifest(repo, tag, bad, OCI_MANIFEST)
    refused(response, (400, 413), "MANIFEST_INVALID", "DIGEST_INVALID", "MANIFEST_UNVERIFIED", "SIZE_INVALID")
    status(registry.get(f"/v2/{repo}/manifests/{tag}"), 404)


def good(registry):
    """A good document whose parts are there, shared by all cases: (repository, bytes, the layer's text)."""
    if not hasattr(registry, "good_manifest"):
        repo = registry.repo("-json")
        config, layers = registry.parts(repo)
        registry.good_manifest = (repo, content.encode(content.image(config, layers)), content.encode(layers[0]).decode())
    return registry.good_manifest


@check("A16-good", "M", "the good document those cases spoil is accepted")
def accepted(registry):
    repo, data, _ = good(registry)
    status(registry.put_manifest(repo, "good", data), 201)


@check("A16-index-case", "S", "an index with Manifests, and one with config: refused")
def index_case(registry):
    repo = registry.repo()
    child = content.encode(content.descriptor(registry.push_image(repo), OCI_MANIFEST)).decode()
    text = content.encode(content.index([])).decode()
    for bad in (text[:-1] + f',"Manifests":[{child}]}}', text[:-1] + f',"manifests":[{child}]}}'):
        refused(registry.put_manifest(repo, "bad", bad.encode(), OCI_INDEX), 400, "MANIFEST_INVALID")


@check("A17-stream", "S", "a manifest without announced length is counted while it comes: 413 or 400")
def endless(registry):
    repo = registry.repo()
    target = f"/v2/{repo}/manifests/endless"
    connection = registry.connect()
    fields = registry.authorization(target) + [("Content-Type", OCI_MANIFEST), ("Transfer-Encoding", "chunked")]
    connection.send(http11.head("PUT", target, connection.authority, fields))
    piece = b"%x\r\n%s\r\n" % (1 << 20, b" " * (1 << 20))
    sent = 0
    while sent < 64 and connection.send(piece):
        sent += 1
        if connection.is_stale():
            break
    try:
        response = connection.receive("PUT")
        expect(response.status in (413, 400), f"after {sent} MiB: {response.status}")
    except http11.Broken:
        # A reset overtook the answer, which is allowed where the body never ends.
        expect(sent < 64, "64 MiB were taken")
    connection.close()
    expect(sent < 40, f"{sent} MiB were taken before the answer")
    registry.alive()


@check("A17-announced", "S", "a manifest announced as far too long is refused before it is sent")
def announced(registry):
    repo = registry.repo()
    target = f"/v2/{repo}/manifests/huge"
    registry.last_request = "PUT of a 1 TiB manifest"
    connection = registry.connect()
    fields = registry.authorization(target) + [("Content-Type", OCI_MANIFEST), ("Content-Length", str(1 << 40))]
    connection.send(http11.head("PUT", target, connection.authority, fields) + b"{")
    response = connection.receive("PUT")
    response.request = "PUT of 1 TiB manifest"
    status(response, 413, 400)
    expect(response.closes() or connection.is_closed_within(5), "the connection stays open for a body nobody wants")
    connection.close()


@check("A18-manifest", "S", "a manifest with Content-Encoding: gzip is not decoded: 415 or 400")
def encoded_manifest(registry):
    repo, data, _ = good(registry)
    packed = gzip.compress(data)
    response = registry.put_manifest(repo, "packed", packed, OCI_MANIFEST, [("Content-Encoding", "gzip")])
    status(response, 415, 400)
    status(registry.get(f"/v2/{repo}/manifests/packed"), 404)


@check("A18-blob", "S", "a blob with Content-Encoding: gzip is refused, or stored as it came")
def encoded_blob(registry):
    repo = registry.repo()
    plain = b"x" * 100_000
    packed = gzip.compress(plain, mtime=0)
    digest = content.digest(packed)
    response = registry.send("PUT", registry.closing(registry.begin(repo), digest), {"Content-Encoding": "gzip"}, body=packed)
    expect(response.status in (201, 415, 400), said(response))
    if response.status == 201:
        same("bytes", packed, status(registry.blob(repo, digest), 200).body)
    status(registry.send("HEAD", f"/v2/{repo}/blobs/{content.digest(plain)}"), 404)
