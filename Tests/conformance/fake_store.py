"""Ranges and upload sessions of the fake registry."""

import re
import uuid

LARGEST = 2**63 - 1


def ranged(text, data, fields, flags):
    """The whole blob, a part of it or 416, as the Range field asks."""
    size = len(data)
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", text or "")
    if text and "," in text and "several-416" in flags:
        return 416, fields + [("Content-Range", f"bytes */{size}")], b""
    if not match or match[0] == "bytes=-":
        return 200, fields, data
    if match[1]:
        first, last = int(match[1]), min(int(match[2] or LARGEST), size - 1)
    else:
        first, last = max(size - int(match[2]), 0), size - 1
    if first > last or first >= size or (match[2] and match[1] and int(match[2]) < first):
        return 416, fields + [("Content-Range", f"bytes */{size}")], b""
    if "range-off-by-one" in flags:
        last = max(first, last - 1)
    return 206, fields + [("Content-Range", f"bytes {first}-{last}/{size}")], data[first : last + 1]


class Uploads:
    def __init__(self, flags):
        self.flags, self.sessions = flags, {}

    def begin(self, name):
        session = uuid.uuid4().hex
        self.sessions[session] = (name, b"")
        return 202, self.fields(name, session), b""

    def fields(self, name, session):
        last = max(len(self.sessions[session][1]) - ("range-is-length" not in self.flags), 0)
        prefix = "bytes=" if "range-unit" in self.flags else ""
        place = f"/v2/{name}/blobs/uploads/{session}"
        if "bare-location" in self.flags:
            place = "127.0.0.1" + place
        return [("Location", place), ("Range", f"{prefix}0-{last}"), ("Docker-Upload-UUID", session)]

    def find(self, name, session):
        owner = self.sessions.get(session, (None, b""))[0]
        return owner is not None and (owner == name or "foreign-session" in self.flags)

    def answer(self, request, name, session):
        """(status, fields, the bytes of a finished upload)."""
        if not self.find(name, session):
            return 404, [], b""
        held = self.sessions[session][1]
        if request.method == "GET":
            return (200 if "status-200" in self.flags else 204), self.fields(name, session), b""
        if request.method == "DELETE":
            del self.sessions[session]
            return 204, [], b""
        text = request.get("Content-Range")
        if "both-patches" in self.flags and len(request.body) > 100_000:
            held = b""
        if text is not None and (request.body or request.method == "PATCH"):
            match = re.fullmatch(r"(\d{1,18})-(\d{1,18})", text)
            if not match or int(match[1]) > int(match[2]):
                return 416, [], b""
            if int(match[1]) > len(held) and "gaps" not in self.flags:
                return 416, [], b""
            if int(match[1]) < len(held) and "replays" not in self.flags:
                return 416, [], b""
            if request.complete and int(match[2]) - int(match[1]) + 1 != len(request.body):
                return 400, [], b""
        if request.method == "PATCH":
            self.sessions[session] = (name, held + request.body)
            return 202, self.fields(name, session), b""
        del self.sessions[session]
        return 201, [], held + request.body
