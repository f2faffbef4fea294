#!/usr/bin/env python3
"""Tests the suite itself: a right fake registry passes, and each wrong one is noticed by the check of that rule."""

import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import groups  # noqa: E402,F401
import suite  # noqa: E402
from fake_http import Server  # noqa: E402
from fake_registry import FakeRegistry  # noqa: E402
from registry import Registry  # noqa: E402

# What is broken on purpose, and the check that must notice.
FAULTS = {
    "ping-body": "2", "no-scope": "4", "any-token": "5", "scheme-case": "6", "lax-names": "7", "no-digest-field": "13",
    "converted": "14", "any-digest": "20", "any-type": "22", "first-unknown-only": "25", "no-subject": "27",
    "reserialised": "29", "global-blobs": "41", "range-off-by-one": "42", "several-416": "48", "same-host-redirect": "52",
    "bare-location": "57", "unverified": "60", "range-unit": "63", "range-is-length": "63", "gaps": "64", "replays": "65",
    "status-200": "66", "both-patches": "74", "foreign-session": "76", "mount-404": "81", "null-tags": "87",
    "inclusive-last": "88", "endless-link": "89", "referrers-404": "92", "always-filtered": "95", "tag-takes-digest": "98",
    "html-errors": "102", "no-allow": "103", "head-body": "107", "body-left-over": "108", "duplicate-keys": "A16-duplicate-layers",
    "length-and-chunked": "A20-length-and-chunked", "raw-link": "A21-newline-only", "trusted-host": "A21-host",
    "two-memories": "63",
}
# What the fake does not try to be right about, and what only takes long.
NOT_FAKED = ("A16", "A17", "A18", "A19", "A20", "A2", "A10", "C1-expect", "C1-large-")


def started(flags):
    """Two instances of one fake registry, or of two that know nothing of each other."""
    servers, shared = [], FakeRegistry(flags)
    for _ in range(2):
        fake = FakeRegistry(flags) if "two-memories" in flags else shared
        servers.append(Server(fake.handle, flags))
        fake.origin = servers[-1].url
    return servers


def outcomes(flags, selected):
    servers = started(flags)
    try:
        registry = Registry([server.url for server in servers], "u", "p")
        return [suite.run(item, registry, verbose=True) for item in selected]
    finally:
        for server in servers:
            server.stop()


def baseline():
    """Runs what the right fake must pass; returns what failed."""
    selected = [item for item in suite.chosen(suite.LEVELS, "dev", []) if not item.number.startswith(NOT_FAKED)]
    wanted = set(FAULTS.values())
    selected += [item for item in suite.CHECKS if item.number in wanted and item not in selected]
    results = outcomes((), selected)
    failed = [result for result in results if result.outcome == "fail"]
    for result in failed:
        print(f"  right fake fails {result.check.number}: {result.detail}\n{result.trace}")
    print(f"right fake: {len(results) - len(failed)} of {len(results)} checks do not fail")
    return failed


def main():
    begun, missed = time.monotonic(), 0
    failed = baseline()
    for flag, number in FAULTS.items():
        result, = outcomes((flag,), [item for item in suite.CHECKS if item.number == number])
        noticed = result.outcome == "fail" and "Traceback" not in result.trace
        missed += not noticed
        print(f"{'noticed' if noticed else 'MISSED ':<8} {flag:<20} {number:<24} {result.detail[:110]}")
        if result.trace:
            print(result.trace)
    print(f"{len(FAULTS) - missed} of {len(FAULTS)} faults noticed in {time.monotonic() - begun:.0f} s")
    return 1 if failed or missed else 0


if __name__ == "__main__":
    sys.exit(main())
