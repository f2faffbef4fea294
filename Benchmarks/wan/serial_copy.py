"""The naive way over a long link, to compare with: ranges of one object, each read and then stored, one after the other."""

import argparse
import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.s3 import MIB, S3  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True, help="endpoint and bucket: http://HOST:PORT/BUCKET")
    parser.add_argument("--target", required=True, help="endpoint and bucket")
    parser.add_argument("--key", required=True)
    parser.add_argument("--bytes", type=int, required=True, help="how much of it")
    parser.add_argument("--part-mib", type=int, default=5)
    parser.add_argument("--fresh-connections", action="store_true", help="a new connection for every request")
    arguments = parser.parse_args()
    keys = os.environ["S3_ACCESS_KEY"], os.environ["S3_SECRET_KEY"]
    source, target = (S3(url.rpartition("/")[0], *keys, url.rpartition("/")[2]) for url in (arguments.source, arguments.target))
    part, key = arguments.part_mib * MIB, f"serial/{os.getpid()}"
    upload, tags = target.begin(key), []
    began = time.monotonic()
    for number, at in enumerate(range(0, arguments.bytes, part), 1):
        data = source.get(arguments.key, at, min(at + part, arguments.bytes))
        tags.append((number, target.upload_part(key, upload, number, data)))
        if arguments.fresh_connections:
            source.close()
            target.close()
    target.complete(key, upload, tags)
    seconds = time.monotonic() - began
    target.delete(key)
    print(json.dumps({"seconds": seconds, "bytes": arguments.bytes}))


if __name__ == "__main__":
    main()
