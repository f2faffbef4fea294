"""Containers, blobs and staged blocks, on disk."""

import base64
import bisect
import contextlib
import dataclasses
import hashlib
import itertools
import json
import os
import shutil
import threading
import time

from .faults import Fault

MAXIMUM_PUT_BYTES = 5_000 << 20
MAXIMUM_BLOCK_BYTES = 4_000 << 20
MAXIMUM_BLOCKS = 50_000
MAXIMUM_STAGED_BLOCKS = 100_000


@dataclasses.dataclass(frozen=True)
class Blob:
    """A committed blob; its file never changes, another version has another."""

    name: str
    file: str
    size: int
    modified: int
    etag: str
    content_type: str
    md5: str
    metadata: dict


class Container:
    """The blobs of one container and the blocks staged for them."""

    def __init__(self, folder):
        self.folder, self.lock = folder, threading.RLock()
        self.blobs, self.names, self.staged = {}, [], {}
        self.serial = itertools.count(time.time_ns())
        for name in ("blobs", "blocks", "incoming"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for file in (folder / "incoming").iterdir():
            file.unlink()
        for file in (folder / "blobs").glob("*.json"):
            blob = Blob(**json.loads(file.read_text()))
            self.blobs[blob.name] = blob
        self.names = sorted(self.blobs)
        for place in (folder / "blocks").iterdir():
            label = place / "name"
            if label.exists():
                self.staged[label.read_text()] = {
                    bytes.fromhex(file.name): file for file in place.iterdir() if file != label}

    @contextlib.contextmanager
    def incoming(self):
        """A file to receive bytes in, gone afterwards unless it was moved."""
        path = self.folder / "incoming" / str(next(self.serial))
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    @staticmethod
    def _hash(name):
        return hashlib.sha256(name.encode()).hexdigest()

    def find(self, name):
        with self.lock:
            return self.blobs.get(name)

    def open(self, name):
        """A blob and its open file, or None; the file stays readable when the blob is deleted."""
        with self.lock:
            blob = self.blobs.get(name)
            return blob and (blob, open(self.folder / "blobs" / blob.file, "rb"))

    def page(self, prefix, first, limit):
        """The blobs from the name `first` on, at most `limit`, and the name after them."""
        with self.lock:
            at = bisect.bisect_left(self.names, max(prefix, first))
            names = []
            for name in self.names[at:at + limit + 1]:
                if not name.startswith(prefix):
                    break
                names.append(name)
            return [self.blobs[name] for name in names[:limit]], names[limit] if len(names) > limit else None

    def commit(self, name, path, size, content_type, md5, metadata, condition):
        """Makes a received file the blob of that name, dropping what was staged for it."""
        with self.lock:
            old = self.blobs.get(name)
            condition(old)
            serial = next(self.serial)
            blob = Blob(name, f"{self._hash(name)}.{serial}", size, int(time.time()), f'"0x{serial:016X}"', content_type,
                        md5, metadata)
            os.replace(path, self.folder / "blobs" / blob.file)
            self._write(self.folder / "blobs" / f"{self._hash(name)}.json", json.dumps(dataclasses.asdict(blob)))
            self.blobs[name] = blob
            if old:
                (self.folder / "blobs" / old.file).unlink(missing_ok=True)
            else:
                bisect.insort(self.names, name)
            self._drop_staged(name)
            return blob

    def delete(self, name, condition):
        with self.lock:
            blob = self.blobs.get(name)
            if not blob:
                raise Fault(404, "BlobNotFound", "The specified blob does not exist.")
            condition(blob)
            del self.blobs[name]
            self.names.pop(bisect.bisect_left(self.names, name))
            (self.folder / "blobs" / f"{self._hash(name)}.json").unlink(missing_ok=True)
            (self.folder / "blobs" / blob.file).unlink(missing_ok=True)

    def stage(self, name, identifier, path):
        """Keeps a received file as a block of a blob."""
        with self.lock:
            staged = self.staged.setdefault(name, {})
            if any(len(other) != len(identifier) for other in itertools.islice(staged, 1)):
                raise Fault(400, "InvalidBlobOrBlock", "The specified block ids have not all the same length.")
            if identifier not in staged and len(staged) >= MAXIMUM_STAGED_BLOCKS:
                raise Fault(409, "BlockCountExceedsLimit", "There are too many uncommitted blocks.")
            place = self.folder / "blocks" / self._hash(name)
            place.mkdir(exist_ok=True)
            self._write(place / "name", name)
            os.replace(path, place / identifier.hex())
            staged[identifier] = place / identifier.hex()

    def commit_blocks(self, name, identifiers, content_type, metadata, condition):
        """Joins staged blocks to the blob of that name; the blocks not named are dropped."""
        if len(identifiers) > MAXIMUM_BLOCKS:
            raise Fault(400, "BlockListTooLong", "The block list may not contain more than 50,000 blocks.")
        with self.incoming() as path, self.lock:
            condition(self.blobs.get(name))
            staged = self.staged.get(name, {})
            for identifier in identifiers:
                if identifier not in staged:
                    raise Fault(400, "InvalidBlockList", "The specified block list is invalid.")
            with open(path, "wb") as joined:
                for identifier in identifiers:
                    with open(staged[identifier], "rb") as block:
                        shutil.copyfileobj(block, joined, 1 << 20)
                size = joined.tell()
            return self.commit(name, path, size, content_type, "", metadata, condition)

    def uncommitted(self, prefix):
        """The names that have staged blocks and no blob."""
        with self.lock:
            return sorted(name for name in self.staged if name.startswith(prefix) and name not in self.blobs)

    def staged_blocks(self, name):
        with self.lock:
            return [(base64.b64encode(key).decode(), path.stat().st_size)
                    for key, path in self.staged.get(name, {}).items()]

    def _drop_staged(self, name):
        if self.staged.pop(name, None) is not None:
            shutil.rmtree(self.folder / "blocks" / self._hash(name), ignore_errors=True)

    def _write(self, path, text):
        temporary = self.folder / "incoming" / str(next(self.serial))
        temporary.write_text(text)
        os.replace(temporary, path)


class Service:
    """The containers of the account."""

    def __init__(self, folder):
        self.folder, self.lock = folder, threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self.containers = {place.name: Container(place) for place in folder.iterdir() if (place / "blobs").is_dir()}

    def create(self, name):
        """Makes a container; false where it is there."""
        with self.lock:
            if name in self.containers:
                return False
            self.containers[name] = Container(self.folder / name)
            return True

    def container(self, name):
        with self.lock:
            found = self.containers.get(name)
        if not found:
            raise Fault(404, "ContainerNotFound", "The specified container does not exist.")
        return found
