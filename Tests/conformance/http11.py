"""A small HTTP/1.1 client over raw sockets: it sends exactly the bytes it is told to, also wrong ones."""

import select
import socket
import ssl
import time
from urllib.parse import urlsplit

READ_TIMEOUT = 30.0
CONNECT_PATIENCE = 15.0
MAXIMUM_BODY = 64 << 20


class Broken(Exception):
    """The peer did not send a whole, well-formed response."""


class Response:
    """One response, with its header fields in the order they came."""

    def __init__(self, status, reason, fields, version):
        self.status, self.reason, self.fields, self.version = status, reason, fields, version
        self.body = b""
        self.interim = []  # Statuses of 1xx responses that came first.
        self.request = ""  # Method and target, for messages.
        self.host = ""

    def all(self, name):
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default

    def closes(self):
        return self.version == "HTTP/1.0" or "close" in ",".join(self.all("Connection")).lower()


class Connection:
    """One socket. Use `send` and `receive` separately to pipeline, to stall or to break off."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.tls = parts.scheme == "https"
        self.host, self.port = parts.hostname, parts.port or (443 if self.tls else 80)
        self.authority = parts.netloc.rpartition("@")[2]
        self.buffer = b""
        self.socket = self._connect()

    def _connect(self):
        deadline = time.monotonic() + CONNECT_PATIENCE
        while True:
            try:
                made = socket.create_connection((self.host, self.port), timeout=READ_TIMEOUT)
                break
            except ConnectionRefusedError:
                # A registry that is being restarted is waited for.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls:
            made = ssl.create_default_context().wrap_socket(made, server_hostname=self.host)
        return made

    def send(self, data):
        """Sends all of `data`; returns False where the peer closed before it had everything."""
        try:
            self.socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        try:
            self.socket.close()
        except OSError:
            pass

    def abort(self):
        """Closes with a reset, as a crashed client does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.close()

    def is_stale(self):
        """Whether an idle connection was closed by the peer, or holds bytes nobody asked for."""
        if self.buffer:
            return True
        ready, _, _ = select.select([self.socket], [], [], 0)
        return bool(ready)

    def is_closed_within(self, seconds):
        """Waits for the peer to close; bytes that come first are kept."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            ready, _, _ = select.select([self.socket], [], [], left)
            if not ready:
                return False
            try:
                data = self.socket.recv(65536)
            except OSError:
                return True
            if not data:
                return True
            self.buffer += data
        return False

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except socket.timeout as error:
            raise Broken("no answer in time") from error
        except OSError as error:
            raise Broken(f"connection lost: {error}") from error
        if not data:
            raise Broken("connection closed")
        self.buffer += data

    def _line(self):
        while b"\n" not in self.buffer:
            if len(self.buffer) > 65536:
                raise Broken("endless line")
            self._more()
        line, _, self.buffer = self.buffer.partition(b"\n")
        if not line.endswith(b"\r"):
            raise Broken(f"line without CR: {line[:60]!r}")
        return line[:-1].decode("latin-1")

    def _exactly(self, count):
        while len(self.buffer) < count:
            self._more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def _head(self):
        line = self._line()
        version, _, rest = line.partition(" ")
        code, _, reason = rest.partition(" ")
        if not version.startswith("HTTP/1.") or len(code) != 3 or not code.isdigit():
            raise Broken(f"not a status line: {line[:60]!r}")
        fields = []
        while line := self._line():
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise Broken(f"not a header field: {line[:60]!r}")
            fields.append((name, value.strip()))
        return Response(int(code), reason, fields, version)

    def receive(self, method="GET"):
        """Reads one response, past any 1xx; raises Broken where it is cut short or malformed."""
        interim = []
        while (response := self._head()).status < 200:
            interim.append(response.status)
        response.interim = interim
        response.host = self.authority
        lengths = set(response.all("Content-Length"))
        if len(lengths) > 1:
            raise Broken(f"different Content-Length fields: {lengths}")
        if method == "HEAD" or response.status in (204, 304):
            return response
        if "chunked" in (response.get("Transfer-Encoding") or "").lower():
            while size := int(self._line().partition(";")[0], 16):
                response.body += self._exactly(size)
                if self._exactly(2) != b"\r\n":
                    raise Broken("chunk without end")
            while self._line():
                pass
        elif lengths:
            text = lengths.pop()
            if not text.isdigit() or int(text) > MAXIMUM_BODY:
                raise Broken(f"Content-Length {text[:40]!r}")
            response.body = self._exactly(int(text))
        else:
            try:
                while True:
                    self._more()
            except Broken as error:
                if "closed" not in str(error):
                    raise
            response.body, self.buffer = self.buffer, b""
        return response


def head(method, target, authority, fields):
    """The bytes of a request's head; `fields` are (name, value) pairs and may repeat."""
    lines = [f"{method} {target} HTTP/1.1"]
    if not any(name.lower() == "host" for name, _ in fields):
        lines.append(f"Host: {authority}")
    lines += [f"{name}: {value}" for name, value in fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunked(pieces):
    """The chunked coding of an iterable of byte strings."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece) + b"0\r\n\r\n"
