"""Random images, small enough to push many and with a layer now and then that is sent in parts."""

import dataclasses
import hashlib
import json
import os

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
SIZES = (3_000, 60_000, 400_000, 1_500_000)
LARGE = 12_000_000


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


@dataclasses.dataclass(frozen=True)
class Image:
    """One pushed image as a client must get it back; the layers' bytes are not kept."""

    repository: str
    tag: str
    manifest: bytes
    blobs: tuple  # (digest, size), the config first

    @property
    def digest(self):
        return digest_of(self.manifest)


def make_image(repository, tag, rng, large_share=0.06):
    """A new image and the bytes of its blobs: (image, {digest: bytes})."""
    layers = [os.urandom(rng.choice(SIZES)) for _ in range(rng.randint(1, 3))]
    if rng.random() < large_share:
        layers.append(os.urandom(LARGE))
    return assemble(repository, tag, layers)


def assemble(repository, tag, layers):
    """An image of these layers."""
    contents = {digest_of(data): data for data in layers}
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "config": {}, "nonce": os.urandom(8).hex(),
        "rootfs": {"type": "layers", "diff_ids": [digest_of(data) for data in layers]}}).encode()
    described = [{"mediaType": LAYER, "digest": digest_of(data), "size": len(data)} for data in layers]
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": digest_of(config), "size": len(config)}, "layers": described}).encode()
    blobs = ((digest_of(config), len(config)), *((d["digest"], d["size"]) for d in described))
    return Image(repository, tag, manifest, blobs), {digest_of(config): config, **contents}


def write_layout(folder, image, contents):
    """The image as an OCI layout, which skopeo reads."""
    (folder / "blobs" / "sha256").mkdir(parents=True)
    for digest, data in {**contents, image.digest: image.manifest}.items():
        (folder / "blobs" / "sha256" / digest.removeprefix("sha256:")).write_bytes(data)
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [{
        "mediaType": MANIFEST, "digest": image.digest, "size": len(image.manifest),
        "annotations": {"org.opencontainers.image.ref.name": image.tag}}]}))


def check_layout(folder, image):
    """What is wrong with a pulled layout, or None."""
    for digest, size in (*image.blobs, (image.digest, len(image.manifest))):
        path = folder / "blobs" / "sha256" / digest.removeprefix("sha256:")
        if not path.exists():
            return f"{digest} is missing"
        data = path.read_bytes()
        if len(data) != size or digest_of(data) != digest:
            return f"{digest} has other bytes"
    return None
