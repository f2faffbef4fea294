"""The REST interface: one request after another on each connection, a thread for each."""

import base64
import binascii
import email.utils
import hashlib
import hmac
import http.server
import os
import re
import socket
import sys
import urllib.parse
import uuid
import xml.etree.ElementTree
from xml.sax.saxutils import escape

from . import blobs, signatures
from .faults import Fault

PIECE = 256 << 10
MAXIMUM_LIST_BODY = 16 << 20
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Request:
    """A request as it came in: nothing decoded but the query."""

    def __init__(self, method, target, headers):
        self.method = method
        self.path, _, query = target.partition("?")
        self.query = signatures.parse_query(query)
        self.headers = headers

    def one(self, name):
        return self.query.get(name, [""])[0]


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, service, account, key, verbose):
        self.service, self.account, self.key, self.verbose = service, account, key, verbose
        super().__init__(address, Handler)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "Windows-Azure-Blob/1.0", ""

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format, *arguments):
        if self.server.verbose:
            # Not the query: it may hold a signature.
            print(self.command, self.path.partition("?")[0], arguments[1] if len(arguments) > 1 else "",
                  file=sys.stderr)

    def do_PUT(self):
        self._answer()

    do_GET = do_HEAD = do_DELETE = do_POST = do_PUT

    # --- one request

    def _answer(self):
        self.unread = 0
        try:
            headers = {}
            for name, value in self.headers.items():
                if name.lower() in headers:
                    raise Fault(400, "InvalidHeaderValue", f"{name} is given twice")
                headers[name.lower()] = value
            request = Request(self.command, self.path, headers)
            if "transfer-encoding" in headers:
                raise Fault(411, "MissingContentLengthHeader", "Bodies need a length.")
            length = headers.get("content-length", "0")
            if not length.isdigit():
                raise Fault(400, "InvalidHeaderValue", "Content-Length")
            if self.command == "PUT" and "content-length" not in headers:
                raise Fault(411, "MissingContentLengthHeader", "The Content-Length header was not specified.")
            self.unread = int(length)
            self._dispatch(request)
        except Fault as fault:
            self._refuse(fault)

    def _dispatch(self, request):
        container, blob = self._resource(request.path)
        operation = self._operation(request, blob)
        if "authorization" in request.headers:
            signatures.check_shared_key(request, self.server.account, self.server.key)
        elif "sig" in request.query:
            signatures.check_access_signature(request, self.server.account, self.server.key, container, blob,
                                              operation.permissions)
        else:
            raise Fault(401, "NoAuthenticationInformation",
                        "Server failed to authenticate the request. Please refer to the information in the "
                        "www-authenticate header.", {"WWW-Authenticate": "Bearer"})
        if "x-ms-version" in request.headers:
            signatures.check_version(request.headers["x-ms-version"])
        if operation is Handler.create_container:
            operation(self, request, container)
        elif blob is None:
            operation(self, request, self.server.service.container(container))
        else:
            operation(self, request, self.server.service.container(container), blob)

    def _resource(self, path):
        """The container and the blob's name; the account may come first, as emulators have it."""
        parts = path.split("/", 2)
        if len(parts) > 1 and parts[1] == self.server.account:
            parts = ["", *(parts[2] if len(parts) > 2 else "").split("/", 1)]
        if len(parts) < 2 or not parts[1]:
            raise Fault(400, "InvalidUri", "There is no container in the path.")
        try:
            blob = urllib.parse.unquote(parts[2], errors="strict") if len(parts) > 2 and parts[2] else None
        except UnicodeDecodeError:
            raise Fault(400, "InvalidUri", "The path is not UTF-8.") from None
        if blob is not None and len(blob) > 1024:
            raise Fault(400, "OutOfRangeInput", "A blob's name has at most 1,024 characters.")
        return parts[1], blob

    def _operation(self, request, blob):
        subject = "blob" if blob is not None else request.one("restype")
        operation = OPERATIONS.get((request.method, subject, request.one("comp")))
        if operation is None:
            raise Fault(400, "InvalidQueryParameterValue", "This is no operation the fake knows.")
        return operation

    # --- containers

    def create_container(self, request, name):
        if not re.fullmatch(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name):
            raise Fault(400, "InvalidResourceName")
        if not self.server.service.create(name):
            raise Fault(409, "ContainerAlreadyExists", "The specified container already exists.")
        self._reply(201)

    def look_at_container(self, request, container):
        self._reply(200, {"x-ms-lease-state": "available"})

    def list(self, request, container):
        prefix, marker = request.one("prefix"), request.one("marker")
        limit = self._list_limit(request.one("maxresults"))
        first = self._open_marker(marker, prefix) if marker else ""
        found, after = container.page(prefix, first, limit)
        entries = [self._entry(blob) for blob in found]
        if "uncommittedblobs" in request.one("include").split(","):
            entries += [f"<Blob><Name>{escape(name)}</Name><Properties><Content-Length>0</Content-Length></Properties>"
                        "</Blob>" for name in container.uncommitted(prefix)]
        following = self._make_marker(after, prefix) if after is not None else ""
        # The service puts a byte order mark in front.
        self._reply(200, {"Content-Type": "application/xml"}, (
            '\ufeff<?xml version="1.0" encoding="utf-8"?><EnumerationResults '
            f'ServiceEndpoint="http://{escape(self.headers.get("Host", ""))}/" ContainerName="{container.folder.name}">'
            f"<Prefix>{escape(prefix)}</Prefix><Marker>{escape(marker)}</Marker><MaxResults>{limit}</MaxResults>"
            f"<Blobs>{''.join(entries)}</Blobs><NextMarker>{following}</NextMarker></EnumerationResults>").encode())

    @staticmethod
    def _list_limit(text):
        if not text:
            return 5_000
        if not text.isdigit() or int(text) == 0:
            raise Fault(400, "OutOfRangeQueryParameterValue", "maxresults")
        return min(int(text), 5_000)

    def _make_marker(self, name, prefix):
        """A place of a listing, sealed so that nobody makes one himself: clients are to take markers as they are."""
        text = base64.urlsafe_b64encode(f"{len(name)}!{name}".encode()).decode()
        return f"2!{len(text)}!{text}!{self._seal(text, prefix)}"

    def _open_marker(self, marker, prefix):
        found = re.fullmatch(r"2!(\d+)!([^!]*)!([0-9a-f]{16})", marker)
        if not found or not hmac.compare_digest(found[3], self._seal(found[2], prefix)):
            raise Fault(400, "OutOfRangeInput", "One of the request inputs is out of range: marker.")
        return base64.urlsafe_b64decode(found[2]).decode().partition("!")[2]

    def _seal(self, text, prefix):
        return hmac.new(self.server.key, f"{prefix}\n{text}".encode(), hashlib.sha256).hexdigest()[:16]

    @staticmethod
    def _entry(blob):
        date = email.utils.formatdate(blob.modified, usegmt=True)
        return (f"<Blob><Name>{escape(blob.name)}</Name><Properties><Creation-Time>{date}</Creation-Time><Last-Modified>"
                f"{date}</Last-Modified><Etag>{blob.etag.strip(chr(34))}</Etag><Content-Length>{blob.size}"
                f"</Content-Length><Content-Type>{escape(blob.content_type)}</Content-Type><Content-Encoding />"
                f"<Content-Language /><Content-CRC64 /><Content-MD5>{blob.md5}</Content-MD5><Cache-Control />"
                "<Content-Disposition /><BlobType>BlockBlob</BlobType><AccessTier>Hot</AccessTier><AccessTierInferred>"
                "true</AccessTierInferred><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"
                "<ServerEncrypted>true</ServerEncrypted></Properties><OrMetadata /></Blob>")

    # --- blobs

    def put_blob(self, request, container, name):
        if "x-ms-copy-source" in request.headers:
            raise Fault(400, "InvalidHeaderValue", "The fake copies by blocks only.")
        if request.headers.get("x-ms-blob-type") != "BlockBlob":
            raise Fault(400, "MissingRequiredHeader" if "x-ms-blob-type" not in request.headers else
                        "InvalidHeaderValue", "x-ms-blob-type")
        if self.unread > blobs.MAXIMUM_PUT_BYTES:
            raise Fault(413, "RequestBodyTooLarge", "The request body is too large.")
        metadata, condition = self._metadata(request), self._write_condition(request)
        condition(container.find(name))
        size = self.unread
        with container.incoming() as path:
            md5 = self._receive(request, path)
            content_type = request.headers.get("x-ms-blob-content-type") or request.headers.get(
                "content-type", "application/octet-stream")
            blob = container.commit(name, path, size, content_type, md5, metadata, condition)
        self._reply(201, self._version(blob) | {"Content-MD5": md5})

    def put_block(self, request, container, name):
        try:
            identifier = base64.b64decode(request.one("blockid"), validate=True)
        except binascii.Error:
            raise Fault(400, "InvalidQueryParameterValue", "blockid is not base64.") from None
        if not 1 <= len(identifier) <= 64:
            raise Fault(400, "OutOfRangeQueryParameterValue", "blockid has 1 to 64 bytes.")
        for header in request.headers:
            if header.startswith(("if-", "x-ms-meta-")):
                raise Fault(400, "InvalidHeaderValue", f"Put Block takes no {header}.")
        if "x-ms-copy-source" in request.headers:
            return self._put_block_from_url(request, container, name, identifier)
        if self.unread == 0:
            raise Fault(400, "InvalidHeaderValue", "Content-Length: a block is not empty.")
        if self.unread > blobs.MAXIMUM_BLOCK_BYTES:
            raise Fault(413, "RequestBodyTooLarge", "The request body is too large.")
        with container.incoming() as path:
            md5 = self._receive(request, path)
            container.stage(name, identifier, path)
        self._reply(201, {"Content-MD5": md5})

    def _put_block_from_url(self, request, container, name, identifier):
        if self.unread:
            raise Fault(400, "InvalidHeaderValue", "Content-Length: a copy has no body.")
        with container.incoming() as path:
            with self._copy_source(request.headers["x-ms-copy-source"]) as source, open(path, "wb") as target:
                size = os.fstat(source.fileno()).st_size
                first, last = self._range(request.headers.get("x-ms-source-range"), size) or (0, size - 1)
                if last - first + 1 > blobs.MAXIMUM_BLOCK_BYTES or size == 0:
                    raise Fault(400, "InvalidHeaderValue", "x-ms-source-range: no block has that size.")
                source.seek(first)
                left = last - first + 1
                while left > 0:
                    piece = source.read(min(PIECE, left))
                    target.write(piece)
                    left -= len(piece)
            container.stage(name, identifier, path)
        self._reply(201)

    def _copy_source(self, url):
        """The open file of a blob that a URL of this service lets its bearer read."""
        parts = urllib.parse.urlsplit(url)
        if parts.netloc != self.headers.get("Host") or parts.scheme != "http":
            raise Fault(400, "CannotVerifyCopySource", "The fake copies from itself only.")
        request = Request("GET", f"{parts.path}?{parts.query}", {})
        try:
            container, blob = self._resource(request.path)
            if "sig" not in request.query:
                raise Fault(401, "NoAuthenticationInformation")
            signatures.check_access_signature(request, self.server.account, self.server.key, container, blob, "r")
            found = self.server.service.container(container).open(blob)
            if not found:
                raise Fault(404, "BlobNotFound")
        except Fault as fault:
            raise Fault(fault.status, "CannotVerifyCopySource", fault.message, {
                "x-ms-copy-source-status-code": str(fault.status), "x-ms-copy-source-error-code": fault.code}) from None
        return found[1]

    def put_block_list(self, request, container, name):
        if self.unread > MAXIMUM_LIST_BODY:
            raise Fault(413, "RequestBodyTooLarge", "The request body is too large.")
        body = self._checked_body(request)
        try:
            root = xml.etree.ElementTree.fromstring(body)
            if root.tag != "BlockList" or any(child.tag not in ("Uncommitted", "Latest") for child in root):
                raise Fault(400, "InvalidXmlDocument", "The fake commits uncommitted blocks only.")
            identifiers = [base64.b64decode(child.text or "", validate=True) for child in root]
        except xml.etree.ElementTree.ParseError:
            raise Fault(400, "InvalidXmlDocument", "XML specified is not syntactically valid.") from None
        except binascii.Error:
            raise Fault(400, "InvalidBlockId", "The specified block ID is invalid.") from None
        blob = container.commit_blocks(
            name, identifiers, request.headers.get("x-ms-blob-content-type", "application/octet-stream"),
            self._metadata(request), self._write_condition(request))
        self._reply(201, self._version(blob))

    def list_blocks(self, request, container, name):
        blocks = "".join(f"<Block><Name>{identifier}</Name><Size>{size}</Size></Block>"
                         for identifier, size in container.staged_blocks(name))
        if not blocks and not container.find(name):
            raise Fault(404, "BlobNotFound", "The specified blob does not exist.")
        self._reply(200, {"Content-Type": "application/xml"}, (
            '<?xml version="1.0" encoding="utf-8"?><BlockList><CommittedBlocks /><UncommittedBlocks>'
            f"{blocks}</UncommittedBlocks></BlockList>").encode())

    def get(self, request, container, name):
        found = container.open(name)
        if not found:
            raise Fault(404, "BlobNotFound", "The specified blob does not exist.")
        blob, file = found
        with file:
            self._read_condition(request, blob)
            part = self._range(request.headers.get("x-ms-range") or request.headers.get("range"), blob.size)
            headers = self._version(blob) | {
                "Content-Type": blob.content_type, "Accept-Ranges": "bytes", "x-ms-blob-type": "BlockBlob",
                "x-ms-lease-state": "available", "x-ms-server-encrypted": "true"}
            headers |= {f"x-ms-meta-{key}": value for key, value in blob.metadata.items()}
            if blob.md5:
                headers["Content-MD5" if part is None else "x-ms-blob-content-md5"] = blob.md5
            first, last = part or (0, blob.size - 1)
            if part:
                headers["Content-Range"] = f"bytes {first}-{last}/{blob.size}"
            self._reply(206 if part else 200, headers, length=last - first + 1)
            if request.method == "GET":
                self._send_file(file, first, last + 1)

    def delete(self, request, container, name):
        if request.headers.get("x-ms-delete-snapshots") not in (None, "include"):
            raise Fault(400, "InvalidHeaderValue", "x-ms-delete-snapshots")
        container.delete(name, self._write_condition(request))
        self._reply(202, {"x-ms-delete-type-permanent": "true"})

    # --- parts of requests

    @staticmethod
    def _metadata(request):
        metadata = {}
        for header, value in request.headers.items():
            if header.startswith("x-ms-meta-"):
                name = header.removeprefix("x-ms-meta-")
                if not IDENTIFIER.fullmatch(name):
                    raise Fault(400, "InvalidMetadata", "Names of metadata are identifiers.")
                metadata[name] = value
        if sum(len(name) + len(value) for name, value in metadata.items()) > 8 << 10:
            raise Fault(400, "MetadataTooLarge")
        return metadata

    @staticmethod
    def _write_condition(request):
        match, none_match = request.headers.get("if-match"), request.headers.get("if-none-match")

        def check(blob):
            if none_match == "*" and blob:
                raise Fault(409, "BlobAlreadyExists", "The specified blob already exists.")
            if none_match not in (None, "*") and blob and blob.etag == none_match:
                raise Fault(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")
            if match is not None and (not blob or match not in ("*", blob.etag)):
                raise Fault(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")
        return check

    @staticmethod
    def _read_condition(request, blob):
        if request.headers.get("if-match") not in (None, "*", blob.etag):
            raise Fault(412, "ConditionNotMet")
        if request.headers.get("if-none-match") in ("*", blob.etag):
            raise Fault(304, "ConditionNotMet")

    @staticmethod
    def _range(text, size):
        """First and last byte, clipped to the blob as the service does; None for the whole."""
        if not text:
            return None
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", text)
        # A range that is none is left out of account.
        if not found or (found[2] and int(found[2]) < int(found[1])):
            return None
        if int(found[1]) >= size:
            raise Fault(416, "InvalidRange", "The range specified is invalid for the current size of the resource.",
                        {"Content-Range": f"bytes */{size}"})
        return int(found[1]), min(int(found[2] or size), size - 1)

    def _pieces(self):
        while self.unread > 0:
            piece = self.rfile.read(min(PIECE, self.unread))
            if not piece:
                self.close_connection = True
                raise ConnectionError("the body ended early")
            self.unread -= len(piece)
            yield piece

    def _receive(self, request, path):
        """Writes the body to a file, compares the checksums that were sent, and gives the MD5."""
        md5, crc = hashlib.md5(), Checksum64() if "x-ms-content-crc64" in request.headers else None
        with open(path, "wb") as file:
            for piece in self._pieces():
                file.write(piece)
                md5.update(piece)
                if crc:
                    crc.update(piece)
        self._compare(request, md5.digest(), crc)
        return base64.b64encode(md5.digest()).decode()

    def _checked_body(self, request):
        body = b"".join(self._pieces())
        crc = Checksum64() if "x-ms-content-crc64" in request.headers else None
        if crc:
            crc.update(body)
        self._compare(request, hashlib.md5(body).digest(), crc)
        return body

    @staticmethod
    def _compare(request, md5, crc):
        for header, actual, size, code in (
                ("content-md5", md5, 16, "Md5"), ("x-ms-content-crc64", crc and crc.digest(), 8, "Crc64")):
            if header not in request.headers:
                continue
            try:
                expected = base64.b64decode(request.headers[header], validate=True)
            except binascii.Error:
                expected = b""
            if len(expected) != size:
                raise Fault(400, f"Invalid{code}", "The checksum is not base64 of the right length.")
            if expected != actual:
                raise Fault(400, f"{code}Mismatch", "The checksum of the body is not the one in the header.")

    # --- answers

    @staticmethod
    def _version(blob):
        return {"ETag": blob.etag, "Last-Modified": email.utils.formatdate(blob.modified, usegmt=True)}

    def _reply(self, status, headers=None, body=b"", length=None):
        self.send_response(status)
        fields = {"x-ms-request-id": str(uuid.uuid4()), "x-ms-version": self.headers.get("x-ms-version", "2021-12-02"),
                  "Content-Length": str(len(body) if length is None else length)} | (headers or {})
        for name, value in fields.items():
            self.send_header(name, value)
        if self.unread:
            # What is not read would be taken for the next request.
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _refuse(self, fault):
        for _ in self._pieces() if 0 < self.unread <= 4 << 20 else ():
            pass
        body = (f'\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>{fault.code}</Code><Message>'
                f"{escape(fault.message)}\nRequestId:{uuid.uuid4()}</Message></Error>").encode()
        self._reply(fault.status, {"x-ms-error-code": fault.code, "Content-Type": "application/xml"} | fault.headers,
                    body if fault.status != 304 else b"")

    def _send_file(self, file, at, end):
        self.wfile.flush()
        while at < end:
            sent = os.sendfile(self.connection.fileno(), file.fileno(), at, min(end - at, 4 << 20))
            if sent == 0:
                raise ConnectionError("the client went away")
            at += sent


class Checksum64:
    """The service's CRC-64 (polynomial 0x9A6C9329AC4BC9B5, reflected), eight bytes, lowest first."""

    TABLE = []

    def __init__(self):
        if not self.TABLE:
            for byte in range(256):
                value = byte
                for _ in range(8):
                    value = value >> 1 ^ (0x9A6C9329AC4BC9B5 if value & 1 else 0)
                self.TABLE.append(value)
        self.value = 0xFFFFFFFFFFFFFFFF

    def update(self, data):
        value = self.value
        for byte in data:
            value = self.TABLE[(value ^ byte) & 255] ^ value >> 8
        self.value = value

    def digest(self):
        return (self.value ^ 0xFFFFFFFFFFFFFFFF).to_bytes(8, "little")


def _operation(method, subject, comp, function, permissions):
    function.permissions = permissions
    return (method, subject, comp), function


# Method, what it is about, and `comp` to what is done, and the letters of an access signature of which one must be there.
OPERATIONS = dict([
    _operation("PUT", "container", "", Handler.create_container, ""),
    _operation("GET", "container", "", Handler.look_at_container, "r"),
    _operation("HEAD", "container", "", Handler.look_at_container, "r"),
    _operation("GET", "container", "list", Handler.list, "l"),
    _operation("PUT", "blob", "", Handler.put_blob, "cw"),
    _operation("PUT", "blob", "block", Handler.put_block, "cw"),
    _operation("PUT", "blob", "blocklist", Handler.put_block_list, "cw"),
    _operation("GET", "blob", "blocklist", Handler.list_blocks, "r"),
    _operation("GET", "blob", "", Handler.get, "r"),
    _operation("HEAD", "blob", "", Handler.get, "r"),
    _operation("DELETE", "blob", "", Handler.delete, "d"),
])
