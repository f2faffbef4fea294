"""One fault at one region: before it, during it, after it, and what came of that."""

import statistics
import time

from harness import outcome
from storeload.simulation import REGIONS

from . import table
from .faults import ANY, GREEN, RED, WELL
from .load import PATIENCE, Load
from .watch import DIRECTIONS, Watch

TURN_SECONDS, RETURN_SECONDS = 15, 30
# What the balancer needs on top: two checks, half a second apart, and their timeout.
BALANCER_SECONDS = 5


def seconds(value):
    return "-" if value is None else f"{value:.1f} s"


class Run:
    """Runs one fault on a simulation that is up and well."""

    def __init__(self, simulation, fault, seeded, arguments, result):
        self.simulation, self.fault, self.seeded, self.arguments, self.result = simulation, fault, seeded, arguments, result
        self.region = fault.region
        self.missed = 0

    def run(self):
        """The row of the table, or None where the fault cannot be had here."""
        outcome.headline(f"{self.fault.name} ({'everywhere' if self.fault.shared else self.region}): {self.fault.what}")
        cannot = self.fault.prepare()
        if cannot:
            outcome.say(f"skipped: {cannot}")
            self.fault.restore()
            return None
        self.await_well(60)
        self.watch, self.load = Watch(self.simulation).start(), Load(self.simulation, self.seeded).start()
        try:
            self._pass(self.arguments.before)
            self.began = time.monotonic()
            self.fault.begin()
            outcome.say(f"{time.strftime('%H:%M:%S', time.gmtime())} the fault begins")
            try:
                self._pass(self.arguments.seconds, getattr(self.fault, "during", None))
                self.evidence = self.fault.evidence()
            finally:
                self.ended = time.monotonic()
                self.fault.end()
            self.healed = time.monotonic()
            outcome.say(f"{time.strftime('%H:%M:%S', time.gmtime())} the fault is over")
            self._until_well(self.arguments.after)
            self.over = time.monotonic()
        finally:
            self.load.stop()
            self.watch.stop()
            self.fault.restore()
        return self.judge()

    def _pass(self, length, work=None):
        end = time.monotonic() + length
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(1, left))
            if work:
                work()

    def is_green(self):
        return all(samples and samples[-1].status == 200 for samples in self.watch.own.values())

    def _until_well(self, limit):
        """Until all verdicts are green for three seconds, and at least for `--settle`."""
        end, green_since = time.monotonic() + limit, None
        least = time.monotonic() + self.arguments.settle
        while time.monotonic() < end:
            time.sleep(0.25)
            green_since = (green_since or time.monotonic()) if self.is_green() else None
            if green_since and time.monotonic() - green_since > 3 and time.monotonic() > least:
                return

    def await_well(self, limit):
        """All regions green before anything is done to them; the run goes on without, and its goals tell."""
        watch = Watch(self.simulation).start()
        end = time.monotonic() + limit
        self.watch = watch
        while time.monotonic() < end and not self.is_green():
            time.sleep(0.25)
        watch.stop()
        if not self.is_green():
            outcome.say("NOT all regions are well before the fault: " + ", ".join(
                f"{region} {direction} {samples[-1].word if samples else 'unheard'}" for (region, direction), samples in watch.own.items()
                if not samples or samples[-1].status != 200))

    # Judging

    def goal(self, text, met, found):
        if not self.result.goal(f"{self.fault.name}: {text}", met, found):
            self.missed += 1

    def expected(self, region):
        return dict(zip(DIRECTIONS, self.fault.struck if self.fault.shared or region == self.region else WELL))

    def judge(self):
        self.verdicts, cells = {}, {}
        self.goal("the fault was in effect", self.evidence, self.evidence or "nothing shows it")
        for region in REGIONS:
            for direction in DIRECTIONS:
                self._judge_verdict(region, direction)
            cells[region] = self._verdict_cell(region)
        self._judge_views()
        self._judge_pool()
        self._judge_canaries()
        lb = self._judge_balancer()
        self.goal("the harness made no mistake", not self.load.surprises, "; ".join(self.load.surprises[:3]) or "none")
        return table.Row(self.fault.name, "all" if self.fault.shared else self.region, (
            *(cells[region] for region in REGIONS), self._span(self.turns()), self._span(self.returns()), *lb,
            *(self._canary_cell(region) for region in REGIONS), "met" if not self.missed else f"{self.missed} missed"))

    def _judge_verdict(self, region, direction):
        wanted = self.expected(region)[direction]
        samples = self.watch.span(region, direction, self.began, self.ended)
        turned = self.watch.turned(region, direction, self.began, self.ended)
        red = sum(1 for sample in samples if sample.status != 200)
        last = samples[-1] if samples else None
        found = (f"{last.status} {last.word} {' '.join(last.reasons[:4])}" if last else "nothing heard") + f", {red} of {len(samples)} samples not 200"
        self.verdicts[region, direction] = GREEN if last and last.status == 200 else RED
        if wanted == RED:
            self.goal(f"{region} turns red for {direction}s within {TURN_SECONDS} s", turned is not None and turned <= TURN_SECONDS,
                      f"{seconds(turned)}: {found}")
            back = self.watch.returned(region, direction, self.ended, self.over)
            if turned is not None:
                self.goal(f"{region} returns for {direction}s by itself within {RETURN_SECONDS} s", back is not None and back <= RETURN_SECONDS,
                          seconds(back) if back is not None else "it did not")
        elif wanted == GREEN:
            later = [s for s in self.watch.span(region, direction, self.ended, self.over) if s.status != 200]
            note = f"; afterwards {len(later)} not 200 ({later[0].word} {' '.join(later[0].reasons[:3])})" if later else ""
            self.goal(f"{region} stays green for {direction}s", last is not None and red == 0 and not later, found + note)

    def _judge_views(self):
        """What the health services of other regions say at the end of the fault; one that is struck itself may know nothing."""
        wrong = []
        for observer in REGIONS:
            if observer == self.region and not self.fault.shared:
                continue
            for region in REGIONS:
                for direction in DIRECTIONS:
                    wanted, word = self.expected(region)[direction], self.watch.view(observer, region, direction, self.began, self.ended)
                    if wanted != ANY and (word in ("pass", "warn")) != (wanted == GREEN):
                        wrong.append(f"{observer} says {word} of {region} {direction}s")
        self.goal("the health services elsewhere say the same", not wrong, "; ".join(wrong) or "they do")

    def turns(self):
        """From the fault to the end of the last verdict's turning."""
        return [self.watch.turned(region, direction, self.began, self.ended) for region in REGIONS for direction in DIRECTIONS]

    def returns(self):
        return [self.watch.returned(region, direction, self.ended, self.over) for region in REGIONS for direction in DIRECTIONS
                if self.watch.turned(region, direction, self.began, self.ended) is not None]

    @staticmethod
    def _span(values):
        """The shortest and the longest of the verdicts that turned."""
        known = [value for value in values if value is not None]
        if not known:
            return "-" if not values or all(value is None for value in values) else "never"
        return seconds(max(known)) if max(known) - min(known) < 1 else f"{min(known):.1f} to {seconds(max(known))}"

    def _verdict_cell(self, region):
        words = []
        for direction in DIRECTIONS:
            samples = self.watch.span(region, direction, self.began, self.ended)
            last = samples[-1] if samples else None
            words.append("silent" if not last or last.status == 0 else f"{last.status} {last.word}")
        return words[0] if words[0] == words[1] else f"{words[0]} / {words[1]}"

    def _judge_pool(self):
        smallest = self.watch.smallest_pool(self.began, self.over)
        self.goal("the balancer's pools are never empty", smallest is not None and smallest[0] >= 1,
                  f"at least {smallest[0]} servers up in {smallest[1]}" if smallest else "the balancer said nothing")

    def steady(self):
        """The time of the fault in which everybody has turned."""
        known = [value for value in self.turns() if value is not None]
        return min(self.began + max(known, default=0) + BALANCER_SECONDS, self.ended), self.ended - 1

    def _canary(self, region, kinds=("digest", "tag")):
        start, end = self.steady()
        return self.load.between(kinds, region, start, end)

    def _judge_canaries(self):
        """A region that is green can be pulled from. The reverse is not promised: a region without its store is taken out though its API
        still serves from afar, and a database that nobody has leaves everybody in."""
        for region in REGIONS:
            pulls = self._canary(region)
            bad = [a for a in pulls if a.wrong]
            if self.verdicts[region, "read"] == GREEN and self.fault.pulls_go_on is not None:
                self.goal(f"{region} is green and its own pulls work", pulls and not bad,
                          f"{len(bad)} of {len(pulls)} failed{': ' + bad[0].wrong[:200] if bad else ''}")
            pushes = self._canary(region, ("push",))
            bad = [a for a in pushes if a.wrong]
            if self.verdicts[region, "write"] == GREEN and self.fault.pushes_go_on is not None:
                self.goal(f"{region} is green and its own pushes work", pushes and not bad,
                          f"{len(bad)} of {len(pushes)} failed{': ' + bad[0].wrong[:200] if bad else ''}")

    def _judge_balancer(self):
        """Cells: pulls in the transition, pulls after it, pushes after it, slowest."""
        start, end = self.steady()
        moving = self.load.between(("pull",), "lb", self.began, start)
        back = self.load.between(("pull",), "lb", self.ended, self.over)
        settled, pushes = self.load.between(("pull",), "lb", start, end), self.load.between(("push",), "lb", start, end)
        failed = {name: [a for a in attempts if a.wrong] for name, attempts in (
            ("moving", moving), ("settled", settled), ("push", pushes), ("back", back))}
        if self.fault.pulls_go_on:
            self.goal("pulls through the balancer succeed once it has turned", settled and not failed["settled"],
                      f"{len(failed['settled'])} of {len(settled)} failed{': ' + failed['settled'][0].wrong[:200] if failed['settled'] else ''}")
            # One for each client; where nothing answers, one for each time it gave up before the balancer had turned.
            allowed = Load.PULLERS * (1 + (int((start - self.began) / PATIENCE) if self.fault.is_silent else 0))
            self.goal(f"at most the pulls in flight ({allowed}) fail while it turns, and none when the region returns",
                      len(failed["moving"]) <= allowed and not failed["back"],
                      f"{len(failed['moving'])} of {len(moving)} and {len(failed['back'])} of {len(back)} failed, {Load.PULLERS} clients"
                      + (f": {(failed['moving'] + failed['back'])[0].wrong[:200]}" if failed["moving"] + failed["back"] else ""))
        if self.fault.pushes_go_on:
            self.goal("pushes through the balancer succeed once it has turned", pushes and not failed["push"],
                      f"{len(failed['push'])} of {len(pushes)} failed{': ' + failed['push'][0].wrong[:200] if failed['push'] else ''}")
        median = statistics.median(a.ended - a.began for a in settled) if settled else 0
        outcome.say(f"balancer: pulls {len(moving)} then {len(settled)}, median {median * 1000:.0f} ms; pushes {len(pushes)}")
        return (f"{len(failed['moving'])} of {len(moving)}", f"{len(failed['settled'])} of {len(settled)}", f"{len(failed['push'])} of {len(pushes)}",
                f"{len(failed['back'])} of {len(back)}")

    def _canary_cell(self, region):
        texts = []
        for kind in ("digest", "tag", "push"):
            attempts = self._canary(region, (kind,))
            texts.append(f"{sum(1 for a in attempts if not a.wrong)}/{len(attempts)}")
        return " ".join(texts)
