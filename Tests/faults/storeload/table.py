"""The table of a run: on the terminal, and between the markers of a document."""

import dataclasses

BEGIN, END = "<!-- written by Tests/faults/stores -->", "<!-- end of what Tests/faults/stores writes -->"
HEAD = ("fault", "mode", "pulls", "failed", "tried again: registry", "store", "only copy", "pushes", "failed", "tried again", "slowest pull, push",
        "copies complete after", "objects right", "goals")


@dataclasses.dataclass
class Row:
    """One fault in one mode. Counts are of the time of the fault and after it."""

    fault: str
    mode: str
    cells: tuple

    @property
    def key(self):
        return self.fault, self.mode


def row_of(fault, mode, journal, converged, objects, wrong, missed):
    """The row of a finished run."""
    def both(count):
        return count("during") + count("after")
    seconds = [max(journal.slowest(kind, phase) for phase in ("during", "after")) for kind in ("pull", "push")]
    return Row(fault, mode, (
        both(lambda p: journal.count("pull", p)), both(lambda p: journal.failures("pull", p)),
        both(lambda p: journal.attempts_failed("pull", "registry", p)), both(lambda p: journal.attempts_failed("pull", "store", p)),
        only_copy(journal, both),
        both(lambda p: journal.count("push", p)), both(lambda p: journal.failures("push", p)),
        both(lambda p: journal.attempts_failed("push", None, p)), f"{seconds[0]:.1f} s, {seconds[1]:.1f} s",
        "never" if converged is None else f"{converged:.0f} s", f"{objects - wrong} of {objects}",
        "met" if not missed else f"{missed} missed"))


def only_copy(journal, both):
    tried, failed = both(lambda p: journal.attempts_failed("pull", "only copy", p)), both(lambda p: journal.failures("pull", p, True))
    return f"{tried}, {failed} failed" if failed else tried


def line(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def markdown(rows):
    return [line(HEAD), "|" + "---|" * len(HEAD), *(line((r.fault, r.mode, *r.cells)) for r in rows)]


def plain(rows):
    """Aligned columns for a terminal."""
    table = [HEAD, *((r.fault, r.mode, *r.cells) for r in rows)]
    widths = [max(len(str(row[at])) for row in table) for at in range(len(HEAD))]
    return ["  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip() for row in table]


def written(text):
    """The rows that stand between the markers."""
    rows = []
    for each in text.split(BEGIN, 1)[-1].split(END, 1)[0].splitlines() if BEGIN in text else ():
        cells = [cell.strip() for cell in each.strip().strip("|").split("|")]
        if len(cells) == len(HEAD) and cells[0] not in (HEAD[0], "---"):
            rows.append(Row(cells[0], cells[1], tuple(cells[2:])))
    return rows


def write(path, rows, order, note):
    """Puts the rows between the markers of the document; rows of faults that were not run again stay as they are."""
    text = path.read_text()
    if BEGIN not in text or END not in text:
        raise SystemExit(f"{path} has no markers {BEGIN} … {END}")
    merged = {row.key: row for row in written(text)} | {row.key: row for row in rows}
    ranked = sorted(merged.values(), key=lambda r: (order.index(r.fault) if r.fault in order else 99, r.mode != "redirect"))
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    path.write_text(before + BEGIN + "\n\n" + "\n".join(markdown(ranked)) + f"\n\n{note}\n\n" + END + after)
