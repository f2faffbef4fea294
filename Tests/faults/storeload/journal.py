"""What the clients of a run saw: every pull and push, and every attempt of one that failed."""

import collections
import json
import threading
import time

BEFORE, DURING, AFTER = "before", "during", "after"
PHASES = (BEFORE, DURING, AFTER)


class AttemptFailed(Exception):
    """One attempt at one step failed.

    `where` is `registry`; or `store`, when that had redirected to one; or `only copy`, when nobody can do anything: the blob was
    pushed a moment before and is nowhere but at the store that fails.
    """

    def __init__(self, what, where="registry", detail="", retry_after=None, final=False):
        super().__init__(f"{what} at the {where}: {detail}")
        self.what, self.where, self.detail, self.retry_after, self.final = what, where, detail, retry_after, final


class OperationFailed(Exception):
    """A pull or push failed after all its attempts; `where` is that of the last."""

    def __init__(self, text, where="registry"):
        super().__init__(text)
        self.where = where


class Journal:
    """Counts by the phase in which something ended; each failed attempt is also a line of JSON in a file."""

    def __init__(self, path):
        self.path, self.lock = path, threading.Lock()
        self.begun, self.phase = time.monotonic(), BEFORE
        self.done = collections.Counter()       # (phase, kind, via)
        self.failed = []                        # dictionaries, one an operation
        self.attempts = collections.Counter()   # (phase, kind, where, what)
        self.wrong_bytes = collections.Counter()  # (phase, where): complete answers whose digest is wrong
        self.seconds = collections.defaultdict(list)  # (phase, kind)
        self.ends = collections.defaultdict(list)  # (kind, via): when each succeeded
        self.acknowledged = []
        self.path.write_text("")

    def at(self):
        return round(time.monotonic() - self.begun, 2)

    def _write(self, record):
        with self.path.open("a") as file:
            file.write(json.dumps(record) + "\n")

    def operation(self, kind, via, seconds):
        phase = self.phase
        with self.lock:
            self.done[phase, kind, via] += 1
            self.seconds[phase, kind].append(seconds)
            self.ends[kind, via].append(self.at())

    def operation_failed(self, kind, via, client, what, seconds, where="registry"):
        phase = self.phase
        record = {"at": self.at(), "clock": time.strftime("%H:%M:%S", time.gmtime()), "phase": phase, "FAILED": kind,
                  "via": via, "client": client, "where": where, "what": what, "seconds": round(seconds, 2)}
        with self.lock:
            self.failed.append(record)
            self._write(record)

    def attempt_failed(self, kind, via, client, step, failure, seconds, number):
        phase = self.phase
        record = {"at": self.at(), "clock": time.strftime("%H:%M:%S", time.gmtime()), "phase": phase, "attempt": number,
                  "of": kind, "step": step, "via": via, "client": client, "where": failure.where, "what": failure.what,
                  "detail": failure.detail[:400], "seconds": round(seconds, 2)}
        with self.lock:
            self.attempts[phase, kind, failure.where, failure.what] += 1
            if failure.what == "wrong bytes":
                self.wrong_bytes[phase, failure.where] += 1
            self._write(record)

    def note(self, records):
        """More lines for the file."""
        with self.lock:
            for record in records:
                self._write(record)

    def acknowledge(self, image):
        with self.lock:
            self.acknowledged.append(image)

    # Sums

    def count(self, kind, phase=None, via=None):
        with self.lock:
            return sum(n for (p, k, v), n in self.done.items() if k == kind and phase in (None, p) and via in (None, v))

    def failures(self, kind, phase=None, only_copy=False):
        """Those that failed; of blobs whose only copy was away they are counted apart."""
        with self.lock:
            return sum(1 for f in self.failed
                       if f["FAILED"] == kind and phase in (None, f["phase"]) and (f["where"] == "only copy") == only_copy)

    def attempts_failed(self, kind, where=None, phase=None, without=()):
        with self.lock:
            return sum(n for (p, k, w, what), n in self.attempts.items()
                       if k == kind and where in (None, w) and phase in (None, p) and what not in without)

    def reasons(self, kind, phases=(DURING, AFTER)):
        """The failed attempts as a text, the most frequent first."""
        with self.lock:
            sums = collections.Counter()
            for (phase, k, where, what), n in self.attempts.items():
                if k == kind and phase in phases:
                    sums[f"{what} ({where})"] += n
        return ", ".join(f"{n}x {text}" for text, n in sums.most_common())

    def pause(self, kind, via, since):
        """The longest time from `since` on in which no operation of this kind succeeded at this address."""
        with self.lock:
            times = [since, *(at for at in self.ends[kind, via] if at >= since)]
        return max((later - sooner for sooner, later in zip(times, times[1:])), default=float("inf"))

    def slowest(self, kind, phase):
        with self.lock:
            return max(self.seconds[phase, kind], default=0.0)

    def median(self, kind, phase):
        with self.lock:
            values = sorted(self.seconds[phase, kind])
        return values[len(values) // 2] if values else 0.0
