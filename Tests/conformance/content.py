"""Digests, and the manifests the checks push."""

import hashlib
import json
import os

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_TAR = "application/vnd.oci.image.layer.v1.tar"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
FOREIGN_LAYER = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
ARTIFACT_TYPE = "application/vnd.example.conformance"
ALGORITHMS = ("sha256", "sha512")


def digest(data, algorithm="sha256"):
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def random_digest(algorithm="sha256"):
    return digest(os.urandom(32), algorithm)


def encode(document):
    return json.dumps(document, separators=(",", ":")).encode()


def descriptor(data, media_type, algorithm="sha256", **more):
    return {"mediaType": media_type, "digest": digest(data, algorithm), "size": len(data), **more}


def image(config, layers, **more):
    """An OCI image manifest over descriptors; `more` adds or replaces members, None removes one."""
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers, **more}
    return {name: value for name, value in document.items() if value is not None}


def index(manifests, **more):
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests, **more}
    return {name: value for name, value in document.items() if value is not None}


def some_bytes(count=2048):
    return os.urandom(count)
