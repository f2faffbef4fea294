"""The HTTP side of the fake registry: strict, threaded and small. Flags make it wrong on purpose."""

import re
import socket
import threading

HEAD_LIMIT = 32768
BODY_LIMIT = 16 << 20


class Refused(Exception):
    def __init__(self, status):
        self.status = status


class Request:
    def __init__(self, method, target, fields, body, complete):
        self.method, self.target, self.fields, self.body, self.complete = method, target, fields, body, complete

    def get(self, name, default=None):
        return next((value for field, value in self.fields if field.lower() == name.lower()), default)


class Server:
    """Answers each connection on a thread; `handler` maps a Request to (status, fields, body)."""

    def __init__(self, handler, flags=()):
        self.handler, self.flags = handler, flags
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self.socket.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.settimeout(15)
        reader = connection.makefile("rb")
        try:
            while self._one(connection, reader):
                pass
        except OSError:
            pass
        except Refused as refusal:
            body = b'{"errors":[{"code":"UNSUPPORTED","message":"bad request"}]}'
            self._answer(connection, "GET", refusal.status, [("Connection", "close"), ("Content-Type", "application/json")], body)
            # What is still on its way must be read, or the reset takes the answer with it.
            connection.settimeout(0.5)
            try:
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 20):
                    pass
            except OSError:
                pass
        finally:
            reader.close()
            connection.close()

    def _line(self, reader, left):
        line = reader.readline(left)
        if not line.endswith(b"\r\n") or b"\0" in line or b"\r" in line[:-2]:
            if not line:
                raise OSError("closed")
            raise Refused(431 if len(line) >= left else 400)
        return line[:-2].decode("latin-1")

    def _one(self, connection, reader):
        """Reads and answers one request; returns whether the connection goes on."""
        line = self._line(reader, 9000)
        match = re.fullmatch(r"([A-Z-]+) (/[!-~]*) HTTP/1\.1", line)
        if not match:
            raise Refused(400)
        fields, size = [], 0
        while text := self._line(reader, HEAD_LIMIT):
            size += len(text)
            pair = re.fullmatch(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*)", text)
            if not pair or size > HEAD_LIMIT or len(fields) > 100:
                raise Refused(431 if pair else 400)
            fields.append((pair[1], pair[2].strip()))
        request = Request(match[1], match[2], fields, b"", True)
        hosts = [value for name, value in fields if name.lower() == "host"]
        if len(hosts) != 1 or not re.fullmatch(r"[\w.:\[\]-]+", hosts[0]):
            raise Refused(400)
        self._body(connection, reader, request)
        status, fields, body = self.handler(request)
        self._answer(connection, request.method, status, fields, body)
        return request.complete

    def _body(self, connection, reader, request):
        lengths = [value for name, value in request.fields if name.lower() == "content-length"]
        codings = [value for name, value in request.fields if name.lower() == "transfer-encoding"]
        if "length-and-chunked" in self.flags and codings:
            lengths = []
        if len(lengths) > 1 or (lengths and codings) or any(not re.fullmatch(r"\d{1,18}", value) for value in lengths):
            raise Refused(400)
        if codings and codings != ["chunked"]:
            raise Refused(400)
        if "manifests" in request.target and lengths and int(lengths[0]) > BODY_LIMIT // 2:
            raise Refused(413)
        if (request.get("Expect") or "").lower() == "100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "body-left-over" in self.flags and request.method == "PUT" and "/bad" in request.target:
            return
        try:
            if codings:
                request.body = self._chunks(reader, "manifests" in request.target)
            elif lengths:
                request.body = reader.read(int(lengths[0]))
                request.complete = len(request.body) == int(lengths[0])
        except OSError:
            request.complete = False

    def _chunks(self, reader, small):
        body = bytearray()
        while True:
            size = self._line(reader, 1000).partition(";")[0]
            if not re.fullmatch(r"[0-9A-Fa-f]{1,8}", size):
                raise Refused(400)
            if not int(size, 16):
                while self._line(reader, 1000):
                    pass
                return bytes(body)
            body += reader.read(int(size, 16))
            if len(body) > BODY_LIMIT // (2 if small else 1):
                raise Refused(413)
            if reader.read(2) != b"\r\n":
                raise Refused(400)

    def _answer(self, connection, method, status, fields, body):
        lines = [f"HTTP/1.1 {status} X"] + [f"{name}: {value}" for name, value in fields]
        if status not in (204, 304) and not any(name == "Content-Length" for name, _ in fields):
            lines.append(f"Content-Length: {len(body)}")
        bare = method == "HEAD" and "head-body" not in self.flags
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (b"" if bare else body))
