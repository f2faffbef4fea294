"""The yardstick: bare curl copying the same objects between the same two stores, with presigned URLs."""

import pathlib
import secrets
import shutil
import subprocess
import time

MIB = 1 << 20


class CurlCopy:
    """Ways to copy with curl; each returns seconds from the first request to the last answer."""

    def __init__(self, source, target, concurrency, folder):
        self.source, self.target, self.concurrency = source, target, concurrency
        self.folder = pathlib.Path(folder)

    def _clean(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def _config(self, name, entries):
        """A curl configuration file; each entry is the options of one transfer."""
        path = self.folder / name
        path.write_text("\nnext\n".join("\n".join(f'{k} = "{v}"' if v else k for k, v in e) for e in entries) + "\n")
        return path

    @staticmethod
    def _get(url, path, byte_range=None):
        entry = [("url", url), ("output", path), ("silent", None), ("fail", None), ("show-error", None)]
        return entry + ([("range", byte_range)] if byte_range else [])

    @staticmethod
    def _put(url, path, headers=None):
        entry = [("url", url), ("upload-file", path), ("output", headers or "/dev/null"), ("silent", None), ("fail", None),
                 ("show-error", None), ("header", "Expect:")]
        return entry + ([("include", None)] if headers else [])

    def _parallel(self, config):
        self._run(["curl", "--noproxy", "*", "--parallel", "--parallel-immediate", "--parallel-max", str(self.concurrency), "--config", config])

    def _pipelines(self, gets, puts):
        """As many curl processes as the concurrency, each taking its share, GET then PUT, by xargs."""
        names = []
        for at in range(self.concurrency):
            mine = [entry for pair in zip(gets[at :: self.concurrency], puts[at :: self.concurrency]) for entry in pair]
            if mine:
                names.append(str(self._config(f"slice-{at}", mine)))
        # One process per share: it alternates GET and PUT over two connections that stay open.
        self._run(["xargs", "-P", str(self.concurrency), "-I", "{}", "curl", "--noproxy", "*", "--config", "{}"], "\n".join(names))

    @staticmethod
    def _run(command, text=None):
        """Its progress meter goes nowhere; what it says of a failure is raised."""
        result = subprocess.run([str(word) for word in command], input=text, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if result.returncode != 0:
            raise RuntimeError(f"curl: status {result.returncode}: {result.stderr[-500:]}")

    def objects(self, blobs, way):
        """Copies whole objects: `parallel` (all GETs by one process, then all PUTs) or `pipelines`."""
        self._clean()
        prefix = f"curl/{secrets.token_hex(4)}"
        gets = [self._get(self.source.presign("GET", b.key), self.folder / f"o{i}") for i, b in enumerate(blobs)]
        puts = [self._put(self.target.presign("PUT", f"{prefix}/{i}"), self.folder / f"o{i}") for i in range(len(blobs))]
        keys = [f"{prefix}/{i}" for i in range(len(blobs))]
        began = time.monotonic()
        if way == "parallel":
            self._parallel(self._config("gets", gets))
            self._parallel(self._config("puts", puts))
        else:
            self._pipelines(gets, puts)
        seconds = time.monotonic() - began
        self._check(keys, blobs)
        return seconds

    def parts(self, blob, part_bytes, way):
        """Copies one object by ranges into a multipart upload, `parallel` or in `pipelines`; all told, begin to complete."""
        self._clean()
        key, count = f"curl/{secrets.token_hex(8)}", -(-blob.size // part_bytes)
        began = time.monotonic()
        upload = self.target.begin(key)
        gets, puts = [], []
        for i in range(count):
            first, last = i * part_bytes, min(blob.size, (i + 1) * part_bytes) - 1
            gets.append(self._get(self.source.presign("GET", blob.key), self.folder / f"p{i}", f"{first}-{last}"))
            query = {"partNumber": str(i + 1), "uploadId": upload}
            puts.append(self._put(self.target.presign("PUT", key, query), self.folder / f"p{i}", self.folder / f"h{i}"))
        if way == "parallel":
            self._parallel(self._config("gets", gets))
            self._parallel(self._config("puts", puts))
        else:
            self._pipelines(gets, puts)
        tags = []
        for i in range(count):
            lines = (self.folder / f"h{i}").read_text().splitlines()
            tags.append((i + 1, next(l.split(":", 1)[1].strip() for l in lines if l.lower().startswith("etag:"))))
        self.target.complete(key, upload, tags)
        seconds = time.monotonic() - began
        self._check([key], [blob])
        return seconds

    def _check(self, keys, blobs):
        """A yardstick that copied nothing would be a fine one: sizes of all, the hash of one."""
        size, digest = self.target.sha256(keys[-1])
        if (size, digest) != (blobs[-1].size, blobs[-1].digest):
            raise RuntimeError(f"curl's copy of {blobs[-1].digest} is wrong: {size} bytes, {digest}")
        for key in keys:
            self.target.delete(key)
        shutil.rmtree(self.folder, ignore_errors=True)
