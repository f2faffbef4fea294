"""Writes an OCI image layout with real tar layers of random files, for one or several platforms.

usage: make_image.py FOLDER TAG [--platforms amd64,arm64] [--layers 9] [--layer-bytes 300000] [--big-layer-bytes 0]
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import pathlib
import tarfile


def put(folder, data):
    """Stores bytes under their digest and returns (digest, size)."""
    name = hashlib.sha256(data).hexdigest()
    (folder / "blobs" / "sha256" / name).write_bytes(data)
    return "sha256:" + name, len(data)


def layer(folder, path, size):
    """One gzip layer holding one random file; returns its descriptor and its diff id."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        entry = tarfile.TarInfo(path)
        entry.size = size
        tar.addfile(entry, io.BytesIO(os.urandom(size)))
    diff = "sha256:" + hashlib.sha256(raw.getvalue()).hexdigest()
    digest, length = put(folder, gzip.compress(raw.getvalue(), 1, mtime=0))
    return {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest, "size": length}, diff


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("tag")
    parser.add_argument("--platforms", default="amd64")
    parser.add_argument("--layers", type=int, default=9)
    parser.add_argument("--layer-bytes", type=int, default=300_000)
    parser.add_argument("--big-layer-bytes", type=int, default=0)
    arguments = parser.parse_args()
    folder = pathlib.Path(arguments.folder)
    (folder / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    media = "application/vnd.oci.image.manifest.v1+json"
    manifests = []
    for platform in arguments.platforms.split(","):
        sizes = [arguments.layer_bytes + 1000 * at for at in range(arguments.layers)]
        if arguments.big_layer_bytes:
            sizes.append(arguments.big_layer_bytes)
        layers, diffs = zip(*[layer(folder, f"data/{platform}-{at}.bin", size) for at, size in enumerate(sizes)])
        config, size = put(folder, json.dumps({
            "architecture": platform, "os": "linux", "config": {},
            "rootfs": {"type": "layers", "diff_ids": list(diffs)}}).encode())
        digest, length = put(folder, json.dumps({
            "schemaVersion": 2, "mediaType": media,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": size},
            "layers": list(layers)}).encode())
        manifests.append({"mediaType": media, "digest": digest, "size": length,
                          "platform": {"architecture": platform, "os": "linux"}})
    if len(manifests) > 1:
        digest, length = put(folder, json.dumps({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": manifests}).encode())
        manifests = [{"mediaType": "application/vnd.oci.image.index.v1+json", "digest": digest, "size": length}]
    manifests[0]["annotations"] = {"org.opencontainers.image.ref.name": arguments.tag}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": manifests}))


if __name__ == "__main__":
    main()
