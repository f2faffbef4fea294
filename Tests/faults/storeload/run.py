"""One fault in one mode: load, fault, recovery, convergence, audit."""

import pathlib
import shutil
import time

from harness import outcome

from . import table
from .journal import AFTER, BEFORE, DURING, Journal
from .load import Load
from .simulation import REGIONS

SEEDS = 16
# With all attempts; without a fault none takes more than a few seconds.
SLOWEST_SECONDS = {"pull": 10, "push": 30}
# Without its primary the registry takes no push; so long may it last, and so long may pulls be slow to go on.
RESUMED_SECONDS = {"pull": 10, "push": 15}


class Run:
    """Runs one fault on a simulation that is up and in order."""

    def __init__(self, simulation, fault, mode, arguments, result):
        self.simulation, self.fault, self.mode, self.arguments, self.result = simulation, fault, mode, arguments, result
        self.name = f"{fault.name} {mode}"
        self.folder = simulation.folder / "attempts"
        self.folder.mkdir(exist_ok=True)
        self.journal = Journal(self.folder / f"{fault.name}-{mode}.jsonl")
        self.load = Load(simulation, self.journal, simulation.folder, arguments.clients, not arguments.no_skopeo, arguments.region,
                         mode == "redirect", () if fault.is_of_store else [r for r in REGIONS if r not in (arguments.region, "us")])
        self.began_at = 0.0
        self.missed, self.converged, self.objects, self.wrong, self.evidence = 0, None, 0, [], ""

    def run(self):
        """The row of the table."""
        outcome.headline(f"{self.name}: {self.fault.what}")
        self.load.seed(SEEDS)
        self.simulation.await_convergence(60, outcome.say)
        began = time.strftime("%H:%M:%S", time.gmtime())
        self.load.start()
        try:
            self._phase(BEFORE, self.arguments.before)
            self.began_at = self.journal.at()
            self.journal.phase = DURING
            self.fault.begin()
            outcome.say(f"{time.strftime('%H:%M:%S', time.gmtime())} the fault begins")
            try:
                self._phase(DURING, self.arguments.seconds)
                self.evidence = self.evidence or self.fault.evidence()
            finally:
                self.fault.end()
            outcome.say(f"{time.strftime('%H:%M:%S', time.gmtime())} the fault is over")
            self._phase(AFTER, self.arguments.after)
        finally:
            self.load.stop()
        self.converged = self.simulation.await_convergence(self.arguments.converge, outcome.say)
        self.objects, self.wrong = self.simulation.wrong_objects()
        unreadable = self._unreadable()
        self._judge(unreadable)
        self.journal.note([{"wrong object": w} for w in self.wrong] + [{"unreadable": u} for u in unreadable])
        for record in [*self.journal.failed[:5], *self.wrong[:8], *unreadable[:5]]:
            outcome.say(str(record)[:600])
        if self.missed:
            outcome.say(f"began {began}; every failed attempt is in {self.journal.path}, logs are in {self.simulation.folder}/logs")
        return table.row_of(self.fault.name, self.mode, self.journal, self.converged, self.objects, len(self.wrong), self.missed)

    def _phase(self, phase, seconds):
        """Lets time pass with a line every five seconds."""
        self.journal.phase = phase
        end, said = time.monotonic() + seconds, time.monotonic()
        while (now := time.monotonic()) < end:
            time.sleep(min(0.25, end - now))
            if time.monotonic() - said >= 5:
                said = time.monotonic()
                self._progress(phase, end - said)
                if phase == DURING:
                    self.evidence = self.fault.evidence() or self.evidence

    def _progress(self, phase, left):
        j = self.journal
        outcome.say(
            f"{phase:<6} {left:3.0f} s left: pulls {j.count('pull'):4} failed {j.failures('pull')}, tried again {j.attempts_failed('pull', 'registry')} "
            f"(registry) {j.attempts_failed('pull', 'store')} (store); pushes {j.count('push'):3} failed {j.failures('push')}, "
            f"tried again {j.attempts_failed('push')}")

    def _unreadable(self):
        """What was acknowledged and cannot be had: manifests of all, and whole images of the last few, from every region."""
        problems = []
        probe = Journal(self.folder / f"audit-{self.fault.name}-{self.mode}.jsonl")
        for region in REGIONS:
            client = self.load.client("audit", region)
            client.journal = probe
            for image in self.journal.acknowledged:
                if not client.operation("pull", lambda: client.attempts("manifest", lambda: client._manifest(image))):
                    problems.append(f"{region}: {probe.failed[-1]['what']}")
            for image in self.journal.acknowledged[-8:]:
                if not client.pull(image):
                    problems.append(f"{region}: {probe.failed[-1]['what']}")
            client.close()
        return problems

    def _goal(self, text, met, found):
        if not self.result.goal(f"{self.name}: {text}", met, found):
            self.missed += 1

    def _judge(self, unreadable):
        j = self.journal
        self._goal("the fault was in effect", self.evidence, self.evidence or "nothing shows it")
        made = {(kind, via): j.count(kind, DURING, via) for kind in ("pull", "push") for via in self.load.addresses}
        self._goal("there was a load at both addresses", min(made.values()) >= self.arguments.seconds / 4,
                   "during the fault " + ", ".join(f"{count} {kind} via {via}" for (kind, via), count in made.items()))
        self._goal("the harness made no mistake", not self.load.surprises, "; ".join(self.load.surprises) or "none")
        for kind in ("pull", "push"):
            failed = j.failures(kind)
            apart = j.failures(kind, only_copy=True)
            note = f" ({apart} more were of a blob whose only copy was away)" if apart else ""
            self._goal(f"no {kind} failed", failed == 0, f"{failed}{note} of {failed + j.count(kind)} failed; tried again: {j.reasons(kind) or 'none'}")
        self._judge_attempts()
        for kind, longest in SLOWEST_SECONDS.items():
            found = max(j.slowest(kind, phase) for phase in (DURING, AFTER))
            # A client that was sent to a store waits for that store as long as it likes.
            if kind == "push" or self.mode == "proxy":
                self._goal(f"no {kind} took longer than {longest} s", found <= longest, f"the slowest took {found:.1f} s")
        wrong = sum(n for (_, where), n in j.wrong_bytes.items() if where == "registry")
        self._goal("no wrong bytes in a body that the registry ended in order", wrong == 0, f"{wrong} bodies")
        self._goal(f"every copy was made within {self.arguments.converge} s", self.converged is not None,
                   f"{self.converged:.1f} s" if self.converged is not None else self._left())
        self._goal("every object hashes right", not self.wrong and self.objects > 0, f"{len(self.wrong)} of {self.objects} wrong")
        self._goal("everything acknowledged can be pulled in every region", not unreadable,
                   f"{len(j.acknowledged)} images, {len(unreadable)} problems")
        for kind in ("pull", "push"):
            before, during = j.median(kind, BEFORE), j.median(kind, DURING)
            self.result.figure(f"{self.name}: median {kind} during the fault", during, "s", f"{before:.2f} s before, slowest {j.slowest(kind, DURING):.1f} s")

    def _judge_attempts(self):
        j, kind = self.journal, "pull"
        if not self.fault.is_of_store:
            for kind, longest in RESUMED_SECONDS.items():
                pauses = {via: j.pause(kind, via, self.began_at) for via in self.load.addresses}
                self._goal(f"{kind}: goes on at every address after {longest} s at most", max(pauses.values()) <= longest,
                           "the longest pause was " + ", ".join(f"{seconds:.1f} s via {via}" for via, seconds in pauses.items()))
            return
        broken_off = ("body cut off", "wrong bytes after resuming", "skopeo failed")
        if self.fault.name == "corrupt":
            failed = j.attempts_failed(kind, "registry", without=broken_off)
            self._goal("no attempt of a pull failed at the registry but for bodies that were broken off", failed == 0,
                       f"{failed}; broken off: {j.attempts_failed(kind, 'registry') - failed}")
        else:
            failed = j.attempts_failed(kind, "registry")
            self._goal("no attempt of a pull failed at the registry", failed == 0, f"{failed}: {j.reasons(kind) or 'none'}")
        store = j.attempts_failed(kind, "store")
        if self.mode == "proxy":
            self._goal("no client was sent to a store", store == 0, f"{store} attempts failed there")
        else:
            self.result.figure(f"{self.name}: attempts that failed at the store after a 307", store, "", "tried again by the client")

    def _left(self):
        pending, missing = self.simulation.pending(), self.simulation.missing_copies()
        return f"pending, parked, lost, quarantined: {pending}; {missing} copies missing"

    def keep_logs(self):
        """The logs of a run that went wrong, before a fresh simulation removes them."""
        kept = pathlib.Path(self.simulation.folder) / "kept" / f"{time.strftime('%H%M%S', time.gmtime())}-{self.fault.name}-{self.mode}"
        shutil.copytree(self.simulation.folder / "logs", kept, dirs_exist_ok=True)
        shutil.copy(self.journal.path, kept)
        outcome.say(f"its logs are kept in {kept}")
