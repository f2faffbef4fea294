"""The table of what a failing store, or database, does to clients."""

from tables import Row, Table

HEAD = ("fault", "mode", "pulls", "failed", "tried again: registry", "store", "only copy", "pushes", "failed", "tried again", "slowest pull, push",
        "copies complete after", "objects right", "goals")
TABLE = Table("Tests/faults/stores", HEAD, rank=lambda row: row.where != "redirect")


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
