#!/usr/bin/env python3
"""An HTTP proxy in front of one store that counts what passes and misbehaves on request.

It understands framing (Content-Length, chunked, 1xx, HEAD) well enough to change bodies without breaking the protocol.
Modes, set at the control port by `POST /mode?NAME[&key=value]` while it runs:

  pass             everything through
  hang             accepts requests and never answers; bodies are not read
  stall            lets half of each request body (or of the answer's, where there is none) through and then goes silent
  forbid           403 with `code=NAME` (as S3 has them: AccessDenied, SignatureDoesNotMatch, …) to everything, with
                   `writes=1` to what is not a GET or HEAD
  slowdown         503 SlowDown to everything; `retry-after=SECONDS` adds the header
  corrupt          flips a bit in every Nth body (`every=10`), of requests and answers, on the way: what a bad line does;
                   `same=1`: always the same byte
  truncate         ends every Nth body (`every=1`), of requests and of objects, halfway, and the connection with it
  corrupt-rest     as a store that loses bits at rest: takes every Nth PUT under a signature of its own and stores it wrong
                   (needs --access-key, --secret-key and --bucket)
  refuse           closes every connection at once

Healing (`POST /mode?pass`) closes the connections that hang. `GET /stats` answers counters as JSON; `POST /reset` zeroes them.

Example: Tests/faults/fault_proxy.py --listen 25301 --control 25302 --upstream 127.0.0.1:25002 --mbit 80
"""

import argparse
import asyncio
import collections
import json
import pathlib
import random
import signal
import socket
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Benchmarks"))
from harness.s3 import S3  # noqa: E402

PIECE = 256 << 10
SLOW_DOWN = (b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>SlowDown</Code>"
             b"<Message>Please reduce your request rate.</Message></Error>")


class Bucket:
    """A link of so many bytes a second; unlimited without a rate."""

    def __init__(self, bytes_per_second):
        self.rate, self.free_at = bytes_per_second, 0.0

    async def take(self, count):
        if not self.rate:
            return
        now = time.monotonic()
        self.free_at = max(self.free_at, now - 0.05) + count / self.rate
        if self.free_at > now:
            await asyncio.sleep(self.free_at - now)


class Closed(Exception):
    """The connection is to be given up."""


class Message:
    """A head as it came, and what follows it."""

    def __init__(self, raw):
        self.raw = raw
        lines = raw.decode("latin-1").split("\r\n")
        self.start = lines[0]
        self.fields = [(n.strip().lower(), v.strip()) for n, _, v in (l.partition(":") for l in lines[1:] if l)]

    def field(self, name):
        return next((v for n, v in self.fields if n == name), None)

    @property
    def is_chunked(self):
        return (self.field("transfer-encoding") or "").lower() == "chunked"

    @property
    def length(self):
        return int(self.field("content-length") or 0)

    def rebuilt(self, replacing):
        kept = [(n, v) for n, v in self.fields if n not in replacing]
        return "\r\n".join([self.start, *(f"{n}: {v}" for n, v in [*kept, *replacing.items()] if v is not None), "", ""]).encode("latin-1")


class Proxy:
    def __init__(self, arguments):
        self.arguments = arguments
        self.upstream = arguments.upstream.rsplit(":", 1)
        self.mode, self.options = arguments.mode, {}
        self.down, self.up = (Bucket(arguments.mbit * 125000 if arguments.mbit else 0) for _ in range(2))
        self.stuck, self.bodies, self.healed = set(), 0, asyncio.Event()
        self.reset()

    def reset(self):
        self.counters = collections.Counter()

    def set_mode(self, name, options):
        self.mode, self.options = name, options
        for task in list(self.stuck):
            task.cancel()

    # One connection of a client

    async def serve(self, reader, writer):
        self.counters["connections"] += 1
        there = None
        try:
            if self.mode == "refuse":
                return
            # What is in our send buffer counts as read by the client: a small one keeps the count honest.
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 256 << 10)
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            writer.transport.set_write_buffer_limits(high=128 << 10)
            while True:
                request = await self.head(reader)
                if request is None:
                    return
                method = request.start.split(" ", 1)[0]
                self.counters["requests"] += 1
                self.counters[f"requests.{method}"] += 1
                mode = self.mode
                if mode == "refuse":
                    return
                if mode == "hang":
                    self.counters["hung"] += 1
                    await self.stick()
                if mode == "slowdown":
                    await self.slow_down(request, reader, writer)
                    continue
                if mode == "forbid" and not (self.options.get("writes") and method in ("GET", "HEAD")):
                    await self.forbid(request, reader, writer)
                    continue
                if there is None:
                    there = await asyncio.open_connection(*self.upstream, limit=1 << 20)
                    there[1].get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                await self.exchange(request, method, mode, reader, writer, *there)
        except (Closed, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, asyncio.LimitOverrunError, OSError):
            self.counters["broken"] += 1
        finally:
            for end in (writer, there[1] if there else None):
                if end:
                    end.transport.abort()

    async def stick(self):
        """Silence until the mode changes; then the connection is given up."""
        task = asyncio.current_task()
        self.stuck.add(task)
        try:
            await asyncio.sleep(86400)
        finally:
            self.stuck.discard(task)
        raise Closed

    @staticmethod
    async def head(reader):
        try:
            return Message(await reader.readuntil(b"\r\n\r\n"))
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise
            return None

    async def slow_down(self, request, reader, writer):
        if request.field("expect") is None:
            async for _ in self.body(request, reader):
                pass
        wait = self.options.get("retry-after")
        head = [b"HTTP/1.1 503 Slow Down", b"Content-Type: application/xml", b"Content-Length: %d" % len(SLOW_DOWN)]
        if wait:
            head.append(b"Retry-After: " + wait.encode())
        if request.field("expect") is not None:
            head.append(b"Connection: close")
        is_head = request.start.startswith("HEAD ")
        writer.write(b"\r\n".join(head) + b"\r\n\r\n" + (b"" if is_head else SLOW_DOWN))
        await writer.drain()
        self.counters["slowed"] += 1
        if request.field("expect") is not None:
            raise Closed

    async def forbid(self, request, reader, writer):
        text = f"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{self.options.get('code', 'AccessDenied')}</Code></Error>".encode()
        closes = request.field("expect") is not None
        if not closes:
            async for _ in self.body(request, reader):
                pass
        head = [b"HTTP/1.1 403 Forbidden", b"Content-Type: application/xml", b"Content-Length: %d" % len(text)]
        if closes:
            head.append(b"Connection: close")
        writer.write(b"\r\n".join(head) + b"\r\n\r\n" + (b"" if request.start.startswith("HEAD ") else text))
        await writer.drain()
        self.counters["forbidden"] += 1
        if closes:
            raise Closed

    @staticmethod
    async def body(message, reader):
        """The pieces of a body as (framing before, bytes, framing after)."""
        if message.is_chunked:
            while True:
                line = await reader.readline()
                size = int(line.split(b";")[0], 16)
                if size == 0:
                    trailer = b""
                    while (last := await reader.readline()) not in (b"\r\n", b""):
                        trailer += last
                    yield line + trailer + b"\r\n", b"", b""
                    return
                data = await reader.readexactly(size)
                yield line, data, await reader.readexactly(2)
        left = message.length
        while left > 0:
            data = await reader.read(min(left, PIECE))
            if not data:
                raise Closed
            left -= len(data)
            yield b"", data, b""

    def is_struck(self, mode, length):
        """Whether this body is one of those to be spoilt."""
        if not mode.startswith(("corrupt", "truncate")) or length == 0:
            return False
        self.bodies += 1
        return self.bodies % int(self.options.get("every", 1 if mode == "truncate" else 10)) == 0

    @staticmethod
    def is_object(request):
        """Whether a GET asks for an object, plainly or by a signed URL, and not for a listing."""
        query = urllib.parse.urlsplit(request.start.split()[1]).query
        return not query or "X-Amz-Signature=" in query

    async def exchange(self, request, method, mode, reader, writer, from_store, to_store):
        struck = (mode != "corrupt-rest" or method == "PUT") and self.is_struck(mode, request.length or request.is_chunked)
        raw = request.raw
        if struck and mode == "corrupt-rest":
            raw = self.resigned(request, method)
        to_store.write(raw)
        sending = asyncio.ensure_future(self.send(request, mode, struck, reader, to_store))
        try:
            while True:
                answer = await self.head(from_store)
                if answer is None:
                    raise Closed
                status = int(answer.start.split()[1])
                if status >= 200:
                    break
                writer.write(answer.raw)
                await writer.drain()
            has_body = method != "HEAD" and status not in (204, 304)
            stalls = mode == "stall" and not (request.length or request.is_chunked)
            # Only objects are spoilt, not the store's XML; and what is stored wrong is not spoilt a second time.
            struck = (mode in ("corrupt", "truncate") and method == "GET" and has_body and self.is_object(request)
                      and self.is_struck(mode, answer.length))
            writer.write(answer.raw)
            passed, total = 0, answer.length
            if has_body:
                async for before, data, after in self.body(answer, from_store):
                    if struck and mode == "truncate":
                        data = self.first_half(data, passed, total)
                    elif struck:
                        data, struck = self.spoilt(data), False
                    await self.down.take(len(data))
                    writer.write(before + data + after)
                    await writer.drain()
                    passed += len(data)
                    self.counters[f"down.{method}"] += len(data)
                    if struck and passed * 2 >= total - 1:
                        # Sent before the connection is given up: what a client gets is a short body, not a reset.
                        await self.flushed(writer)
                        raise Closed
                    if stalls and passed * 2 >= total:
                        self.counters["stalled"] += 1
                        await self.stick()
            await writer.drain()
            self.counters[f"status.{status}"] += 1
            # An answer that came before the body was taken ends the connection, as with any server.
            if not sending.done():
                await asyncio.wait_for(asyncio.shield(sending), 5)
            await sending
            if (answer.field("connection") or "").lower() == "close":
                await self.flushed(writer)
                raise Closed
        except asyncio.TimeoutError:
            raise Closed from None
        finally:
            if not sending.done():
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)

    async def send(self, request, mode, struck, reader, to_store):
        passed = 0
        async for before, data, after in self.body(request, reader):
            if struck and mode == "truncate":
                data = self.first_half(data, passed, request.length)
            elif struck:
                data, struck = self.spoilt(data), False
            await self.up.take(len(data))
            to_store.write(before + data + after)
            await to_store.drain()
            passed += len(data)
            self.counters["up"] += len(data)
            if struck and passed * 2 >= request.length - 1:
                to_store.transport.abort()
                return
            if mode == "stall" and passed * 2 >= request.length:
                self.counters["stalled"] += 1
                await self.stick()

    def first_half(self, data, passed, total):
        """What of these bytes belongs to the first half of a body."""
        if passed + len(data) < total // 2:
            return data
        self.counters["truncated"] += 1
        return data[: max(total // 2 - passed, 0)]

    @staticmethod
    async def flushed(writer):
        """Ends the connection in order: everything written is sent first."""
        writer.close()
        try:
            await asyncio.wait_for(writer.wait_closed(), 60)
        except asyncio.TimeoutError:
            pass  # a client that does not take its bytes; the connection is given up next

    def spoilt(self, data):
        self.counters["spoilt"] += 1
        # A bad line strikes anywhere; what always changes the same byte looks like a store that holds other bytes.
        at = len(data) // 2 if self.options.get("same") else random.randrange(len(data))
        return data[:at] + bytes([data[at] ^ (1 if self.options.get("same") else 1 << random.randrange(8))]) + data[at + 1 :]

    def resigned(self, request, method):
        """The head under a signature of the store's owner that does not cover the body."""
        a = self.arguments
        path = urllib.parse.urlsplit(request.start.split()[1])
        key = urllib.parse.unquote(path.path).removeprefix(f"/{a.bucket}/")
        signer = S3(f"http://{a.upstream}", a.access_key, a.secret_key, a.bucket)
        fields = signer.signed_headers(method, key, dict(urllib.parse.parse_qsl(path.query, keep_blank_values=True)), host=request.field("host"))
        for name in ("content-md5", "x-amz-checksum-sha256"):
            fields[name] = None
        return request.rebuilt(fields)

    # The control port

    async def control(self, reader, writer):
        try:
            request = await self.head(reader)
            if request is None:
                return
            target = urllib.parse.urlsplit(request.start.split()[1])
            if target.path == "/mode":
                name, *rest = target.query.split("&")
                self.set_mode(name, dict(word.partition("=")[::2] for word in rest))
            elif target.path == "/reset":
                self.reset()
            text = json.dumps({"mode": self.mode, **self.counters}).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(text) + text)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, IndexError):
            pass  # a control client that went away has nothing to be told
        finally:
            writer.close()


async def run(arguments):
    proxy, stop = Proxy(arguments), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", arguments.listen, limit=1 << 20, backlog=1024)
    control = await asyncio.start_server(proxy.control, "127.0.0.1", arguments.control)
    print(f"fault proxy {arguments.listen} -> {arguments.upstream}, control {arguments.control}, mode {proxy.mode}", flush=True)
    await stop.wait()
    server.close()
    control.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", type=int, required=True)
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--upstream", required=True, help="HOST:PORT")
    parser.add_argument("--mode", default="pass")
    parser.add_argument("--mbit", type=float, default=0, help="bandwidth each way, all connections together (default: unlimited)")
    parser.add_argument("--access-key")
    parser.add_argument("--secret-key")
    parser.add_argument("--bucket")
    arguments = parser.parse_args()
    asyncio.run(run(arguments))


if __name__ == "__main__":
    main()
