"""Imports every group of checks, which registers them in the order they are listed."""

import ping  # noqa: F401
import tokens  # noqa: F401
import names  # noqa: F401
import manifest_reads  # noqa: F401
import manifest_writes  # noqa: F401
import blobs  # noqa: F401
import ranges  # noqa: F401
import uploads  # noqa: F401
import chunks  # noqa: F401
import large  # noqa: F401
import mounts  # noqa: F401
import tags  # noqa: F401
import referrers  # noqa: F401
import deletes  # noqa: F401
import errors  # noqa: F401
import dev  # noqa: F401
import official_blobs  # noqa: F401
import official_manifests  # noqa: F401
import hostile_json  # noqa: F401
import hostile_names  # noqa: F401
import hostile_access  # noqa: F401
import hostile_http  # noqa: F401
import hostile_fields  # noqa: F401
