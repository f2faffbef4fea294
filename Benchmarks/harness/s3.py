"""A small S3 client over http.client: Signature Version 4 in headers or in the URL, one connection a client."""

import concurrent.futures
import datetime
import hashlib
import hmac
import http.client
import os
import re
import threading
import urllib.parse

MIB = 1 << 20
UNSIGNED = "UNSIGNED-PAYLOAD"


class S3Error(Exception):
    """A store answered something else than was asked for."""


def _quote(text):
    return urllib.parse.quote(text, safe="-_.~")


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class S3:
    """One store: endpoint, keys, bucket. Not for use by two threads at once: see `copy()`."""

    def __init__(self, endpoint, access_key, secret_key, bucket, region="us-east-1", timeout=300):
        self.endpoint, self.access_key, self.secret_key, self.bucket = endpoint.rstrip("/"), access_key, secret_key, bucket
        self.region, self.timeout = region, timeout
        self.host = urllib.parse.urlsplit(self.endpoint).netloc
        self._connection = None

    def copy(self, bucket=None, endpoint=None):
        """Another client of the same store with a connection of its own."""
        return S3(endpoint or self.endpoint, self.access_key, self.secret_key, bucket or self.bucket, self.region, self.timeout)

    # Signing

    def _signature(self, method, path, query, headers, payload, moment):
        stamp, day = moment.strftime("%Y%m%dT%H%M%SZ"), moment.strftime("%Y%m%d")
        names = ";".join(sorted(headers))
        canonical = "\n".join([
            method, path, "&".join(f"{_quote(k)}={_quote(v)}" for k, v in sorted(query.items())),
            "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers)), names, payload])
        scope = f"{day}/{self.region}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + self.secret_key).encode()
        for part in (day, self.region, "s3", "aws4_request"):
            key = _hmac(key, part)
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), stamp, scope, names

    def _path(self, key):
        return f"/{self.bucket}" + (f"/{urllib.parse.quote(key, safe='-_.~/')}" if key else "")

    def presign(self, method, key, query=None, seconds=7200):
        """A URL that carries its permission; for curl."""
        moment = datetime.datetime.now(datetime.timezone.utc)
        path = self._path(key)
        query = dict(query or {})
        query.update({
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{self.access_key}/{moment:%Y%m%d}/{self.region}/s3/aws4_request",
            "X-Amz-Date": moment.strftime("%Y%m%dT%H%M%SZ"), "X-Amz-Expires": str(seconds), "X-Amz-SignedHeaders": "host"})
        query["X-Amz-Signature"] = self._signature(method, path, query, {"host": self.host}, UNSIGNED, moment)[0]
        return f"{self.endpoint}{path}?" + "&".join(f"{_quote(k)}={_quote(v)}" for k, v in query.items())

    def signed_headers(self, method, key, query=None, payload=UNSIGNED, host=None):
        """The headers of one signed request."""
        moment = datetime.datetime.now(datetime.timezone.utc)
        headers = {"host": host or self.host, "x-amz-content-sha256": payload, "x-amz-date": moment.strftime("%Y%m%dT%H%M%SZ")}
        signature, _, scope, names = self._signature(method, self._path(key), query or {}, headers, payload, moment)
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope},SignedHeaders={names},Signature={signature}")
        return headers

    # Requests

    def request(self, method, key, query=None, body=None, length=None, headers=None, expect=(200,)):
        """The response, its body not yet read. A connection the store had closed is opened anew once."""
        query = query or {}
        url = self._path(key) + ("?" + "&".join(f"{_quote(k)}={_quote(v)}" for k, v in sorted(query.items())) if query else "")
        fields = {**self.signed_headers(method, key, query), **(headers or {})}
        if body is not None:
            fields["content-length"] = str(len(body) if length is None else length)
        elif method in ("PUT", "POST"):
            fields["content-length"] = "0"
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self.host, timeout=self.timeout)
            try:
                self._connection.request(method, url, body=body, headers=fields)
                response = self._connection.getresponse()
                break
            except (http.client.HTTPException, OSError):
                self.close()
                if attempt == 2 or not (body is None or isinstance(body, (bytes, bytearray, memoryview))):
                    raise
        if response.status not in expect:
            text = response.read(2000).decode(errors="replace")
            raise S3Error(f"{method} {key or self.bucket}: {response.status} {text}")
        return response

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def create_bucket(self):
        self.request("PUT", "", expect=(200, 409)).read()

    def put(self, key, body, length=None):
        self.request("PUT", key, body=body, length=length).read()

    def get(self, key, start=None, end=None):
        """The bytes, or those from `start` to before `end`."""
        if start is None:
            return self.request("GET", key).read()
        return self.request("GET", key, headers={"range": f"bytes={start}-{end - 1}"}, expect=(206,)).read()

    def sha256(self, key):
        """Size and digest of what the store serves."""
        hasher, size, response = hashlib.sha256(), 0, self.request("GET", key)
        while chunk := response.read(MIB):
            hasher.update(chunk)
            size += len(chunk)
        return size, "sha256:" + hasher.hexdigest()

    def delete(self, key):
        self.request("DELETE", key, expect=(200, 204, 404)).read()

    def list(self, prefix=""):
        """Every key and size below the prefix, page by page."""
        token = None
        while True:
            query = {"list-type": "2", "max-keys": "1000", "prefix": prefix}
            if token:
                query["continuation-token"] = token
            text = self.request("GET", "", query=query).read().decode()
            for item in re.findall(r"<Contents>(.*?)</Contents>", text, re.S):
                yield re.search(r"<Key>(.*?)</Key>", item).group(1), int(re.search(r"<Size>(\d+)</Size>", item).group(1))
            token = re.search(r"<NextContinuationToken>(.*?)</NextContinuationToken>", text)
            if token is None:
                return
            token = token.group(1)

    def multipart_uploads(self):
        """How many unfinished multipart uploads the bucket holds (of the first thousand)."""
        return self.request("GET", "", query={"uploads": ""}).read().decode().count("<Upload>")

    def clear(self):
        """Deletes every object and aborts every unfinished upload."""
        for key, _ in list(self.list()):
            self.delete(key)
        while True:
            text = self.request("GET", "", query={"uploads": ""}).read().decode()
            found = re.findall(r"<Upload>.*?<Key>(.*?)</Key>.*?<UploadId>(.*?)</UploadId>.*?</Upload>", text, re.S)
            for key, upload in found:
                self.request("DELETE", key, query={"uploadId": upload}, expect=(204, 404)).read()
            if not found or "<IsTruncated>true" not in text:
                return

    # Multipart

    def begin(self, key):
        text = self.request("POST", key, query={"uploads": ""}).read().decode()
        return re.search(r"<UploadId>(.*?)</UploadId>", text).group(1)

    def upload_part(self, key, upload, number, data):
        response = self.request("PUT", key, query={"partNumber": str(number), "uploadId": upload}, body=data)
        response.read()
        return response.headers["ETag"]

    def complete(self, key, upload, tags):
        parts = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{t}</ETag></Part>" for n, t in tags)
        text = self.request(
            "POST", key, query={"uploadId": upload},
            body=f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()).read().decode()
        if "<Error>" in text:
            raise S3Error(text)


def in_threads(count, store, items, work):
    """`work(client, item)` for every item, each thread with a client of its own; results in the order of the items."""
    local = threading.local()

    def one(item):
        if not hasattr(local, "client"):
            local.client = store.copy()
        return work(local.client, item)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, items))


def random_object(size, hasher):
    """Random bytes in pieces of a MiB, hashed on the way."""
    left = size
    while left > 0:
        piece = os.urandom(min(left, MIB))
        hasher.update(piece)
        left -= len(piece)
        yield piece
