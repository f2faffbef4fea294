"""Images made in memory: random layers, a config, manifests of Docker's and of OCI's kind, and indexes."""

import gzip
import hashlib
import io
import json
import os
import tarfile

OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker."
KINDS = {
    "docker": {
        "manifest": DOCKER + "distribution.manifest.v2+json", "config": DOCKER + "container.image.v1+json",
        "layer": DOCKER + "image.rootfs.diff.tar.gzip", "index": DOCKER + "distribution.manifest.list.v2+json"},
    "oci": {
        "manifest": OCI + "manifest.v1+json", "config": OCI + "config.v1+json",
        "layer": OCI + "layer.v1.tar+gzip", "index": OCI + "index.v1+json"},
}


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def some_layer(name, size):
    """A gzip layer with one random file; returns (bytes, diff id)."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = size
        tar.addfile(entry, io.BytesIO(os.urandom(size)))
    return gzip.compress(raw.getvalue(), 1, mtime=0), digest_of(raw.getvalue())


def descriptor(media_type, data):
    return {"mediaType": media_type, "size": len(data), "digest": digest_of(data)}


class Image:
    """`kind` is docker or oci. `manifest`, `config`, `layers` are bytes; `blobs` maps digests to bytes."""

    def __init__(self, kind, layer_bytes, architecture="amd64"):
        types = KINDS[kind]
        made = [some_layer(f"data/{at}.bin", size) for at, size in enumerate(layer_bytes)]
        self.layers = [data for data, _ in made]
        # Docker indents its manifests by three blanks: exactly these bytes have to come back.
        indent = 3 if kind == "docker" else None
        self.config = json.dumps({
            "architecture": architecture, "os": "linux", "config": {},
            "rootfs": {"type": "layers", "diff_ids": [diff for _, diff in made]}}).encode()
        self.media_type = types["manifest"]
        self.manifest = json.dumps({
            "schemaVersion": 2, "mediaType": self.media_type,
            "config": descriptor(types["config"], self.config),
            "layers": [descriptor(types["layer"], data) for data in self.layers]}, indent=indent).encode()
        self.digest = digest_of(self.manifest)
        self.architecture = architecture
        self.blobs = {digest_of(data): data for data in [*self.layers, self.config]}


def index_of(kind, images):
    """The bytes and the media type of an index of these images."""
    media_type = KINDS[kind]["index"]
    entries = [
        descriptor(image.media_type, image.manifest) | {"platform": {"architecture": image.architecture, "os": "linux"}}
        for image in images]
    return json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": entries}).encode(), media_type
