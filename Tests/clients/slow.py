#!/usr/bin/env python3
"""Slow clients against one instance while a normal client pushes and pulls: does it succeed, and what does it cost?

Half of the sockets send a request's head one byte at a time, half a body (of a PATCH, of a manifest's PUT, of a token's
form); whatever the registry closes is opened again. Uploads are chunked PATCHes of 1 GiB at a fixed rate.
"""

import argparse
import asyncio
import multiprocessing
import os
import resource
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urljoin, urlsplit

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from attack import Attack  # noqa: E402
from image import Image  # noqa: E402
from resolver import Resolver  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("user")
    parser.add_argument("password")
    parser.add_argument("--pid", type=int, required=True, help="the instance's process, to read its memory")
    parser.add_argument("--sockets", type=int, default=2000)
    parser.add_argument("--uploads", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=45)
    parser.add_argument("--pause", type=float, default=10, help="seconds between two bytes of a socket")
    parser.add_argument("--rate", type=int, default=64 << 10, help="bytes a second of an upload")
    parser.add_argument("--bound-mib", type=int, default=256, help="what the instance's peak memory must stay below")
    parser.add_argument("--slowest", type=float, default=10, help="seconds a round of the normal client may take")
    parser.add_argument("--settle", type=int, default=30, help="seconds for sockets and memory to come down afterwards")
    return parser.parse_args()


class Process:
    """What the kernel says about the instance."""

    def __init__(self, pid, port):
        self.pid, self.port = pid, port

    def memory_mib(self, field):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) // 1024
        raise SystemExit(f"/proc/{self.pid}/status has no {field}")

    def sockets(self):
        """Connections of clients to the instance: its sockets whose local port is the one it listens on.

        Its own connections to stores, database and Redis are pools with limits of their own and stay open.
        """
        folder, own = f"/proc/{self.pid}/fd", set()
        for name in os.listdir(folder):
            try:
                target = os.readlink(f"{folder}/{name}")
            except FileNotFoundError:
                continue  # Closed between the two calls.
            if target.startswith("socket:["):
                own.add(target[8:-1])
        count = 0
        for table in ("tcp", "tcp6"):
            with open(f"/proc/{self.pid}/net/{table}") as lines:
                next(lines)
                for line in lines:
                    fields = line.split()
                    listening = fields[3] == "0A"
                    if not listening and int(fields[1].rpartition(":")[2], 16) == self.port and fields[9] in own:
                        count += 1
        return count

    def forget_peak(self):
        """Makes VmHWM begin anew; whether it did."""
        try:
            Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        except OSError:
            return False
        return True


def push_and_pull(url, user, password, repository):
    """One round of a normal client; raises what is wrong."""
    resolver = Resolver(url, user, password)
    resolver.wire.timeout_seconds = 30
    image = Image("oci", [2_000, 200_000, 2 << 20])
    resolver.push(repository, "one", image)
    resolver.pull(repository, "one", image)
    resolver.pull(repository, image.digest, image)
    resolver.wire.close()


def normal_client(url, user, password, stop, results):
    """Rounds until told to stop or orphaned; a (seconds, error or None) for each, in a process of its own."""
    parent = os.getppid()
    repository = f"clients/slow-{os.urandom(4).hex()}"
    while not stop.is_set() and os.getppid() == parent:
        began, error = time.monotonic(), None
        try:
            push_and_pull(url, user, password, repository)
        except Exception as caught:  # Whatever it is, it is this test's result.
            error = f"{type(caught).__name__}: {caught}"
        results.put((time.monotonic() - began, error))
    results.put(None)


def begin_sessions(options, count):
    """Upload sessions for the bodies and the uploads; (token, targets)."""
    repository = "clients/slow-body"
    resolver = Resolver(options.url, options.user, options.password)
    scopes = [f"repository:{repository}:pull,push"]
    targets = []
    for _ in range(count):
        begun = resolver.ask("POST", f"/v2/{repository}/blobs/uploads/", scopes, body=b"").wanted(202)
        parts = urlsplit(urljoin(options.url, begun.field("Location")))
        targets.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    header = resolver.header.get(tuple(scopes), "")
    return resolver, scopes, header.removeprefix("Bearer "), targets


def end_sessions(resolver, scopes, targets, seconds=20):
    """Deletes them as far as the time allows; the rest expires. The answers by status."""
    resolver.wire.timeout_seconds = 5
    resolver.wire.close()
    statuses, until = Counter(), time.monotonic() + seconds
    for target in targets:
        if time.monotonic() > until:
            statuses["not tried"] += 1
            continue
        try:
            statuses[resolver.ask("DELETE", target, scopes).status] += 1
        except OSError as error:
            statuses[type(error).__name__] += 1
    return ", ".join(f"{count} x {status}" for status, count in statuses.most_common())


def summary(rounds):
    seconds = sorted(each for each, _ in rounds)
    return f"{len(seconds)} rounds, median {statistics.median(seconds):.2f} s, slowest {seconds[-1]:.2f} s"


def measured_rounds(options, while_running):
    """Runs the normal client beside `while_running()`; its rounds."""
    context = multiprocessing.get_context("fork")
    stop, results = context.Event(), context.Queue()
    client = context.Process(target=normal_client, args=(options.url, options.user, options.password, stop, results))
    client.start()
    try:
        while_running()
    finally:
        stop.set()
    rounds = []
    while (each := results.get(timeout=120)) is not None:
        rounds.append(each)
    client.join()
    return rounds


def settle(process, options, sockets):
    """Waits until the connections are near what they were; (connections, MiB, seconds)."""
    began = time.monotonic()
    while True:
        now = process.sockets(), process.memory_mib("VmRSS")
        passed = time.monotonic() - began
        if now[0] <= sockets + 20 or passed > options.settle:
            return *now, passed
        time.sleep(0.5)


def main():
    options = arguments()
    wanted = options.sockets + options.uploads + 200
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    process = Process(options.pid, urlsplit(options.url).port or 80)

    calm = measured_rounds(options, lambda: time.sleep(4))
    blobs = sum(1 for at in range(options.sockets) if at % 2 and at // 2 % 3 == 2)
    resolver, scopes, token, targets = begin_sessions(options, blobs + options.uploads)
    forgotten = process.forget_peak()
    sockets, memory = process.sockets(), process.memory_mib("VmRSS")
    print(f"  before: {memory} MiB, {sockets} sockets; a normal client alone: {summary(calm)}", flush=True)

    attack = Attack(options, token, targets)
    most = Counter()

    def watch():
        most["sockets"] = max(most["sockets"], process.sockets())
        most["open"] = max(most["open"], attack.open_now)
        print(f"  … {attack.open_now} slow connections, {attack.sent_bytes >> 20} MiB uploaded, "
              f"{process.memory_mib('VmRSS')} MiB, {process.sockets()} sockets", flush=True)

    rounds = measured_rounds(options, lambda: asyncio.run(attack.run(options.seconds, watch)))
    peak = process.memory_mib("VmHWM")
    after = settle(process, options, sockets)
    failures = [error for _, error in calm + rounds if error]
    rate = attack.sent_bytes / max(1, options.uploads) / options.seconds / 1024
    for line in (
        f"slow: {most['open']} connections at once ({options.sockets} sockets, {options.uploads} uploads of "
        f"{rate:.0f} KiB/s on average), {most['sockets']} sockets of the instance",
        "answers: " + ", ".join(f"{name} {count}" for name, count in sorted(attack.counts.items())),
        f"normal client meanwhile: {summary(rounds)}, {len(failures)} failed",
        f"peak memory {peak} MiB{'' if forgotten else ' (since its start)'}, bound {options.bound_mib} MiB",
        f"{after[2]:.0f} s after: {after[1]} MiB, {after[0]} sockets",
    ):
        print("  " + line, flush=True)
    print(f"  sessions deleted: {end_sessions(resolver, scopes, targets) or 'none'}", flush=True)
    wrong = failures[:3]
    slowest = max(seconds for seconds, _ in rounds)
    if slowest > options.slowest:
        wrong.append(f"a round of the normal client took {slowest:.1f} s, more than {options.slowest:.0f} s")
    if peak >= options.bound_mib:
        wrong.append(f"the peak of {peak} MiB is not below {options.bound_mib} MiB")
    if after[0] > sockets + 20:
        wrong.append(f"{after[0]} sockets are left of {sockets} before")
    # What the C library keeps of freed memory is not asked to return to the start: the bound is on what is ever taken.
    if after[1] > options.bound_mib:
        wrong.append(f"{after[1]} MiB are left, more than {options.bound_mib} MiB")
    if most["open"] < 0.9 * (options.sockets + options.uploads):
        wrong.append(f"only {most['open']} slow connections were ever open at once")
    for line in wrong:
        print(f"  FAILED: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
