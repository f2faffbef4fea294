"""The table of a run: on the terminal, and between the markers of a document."""

import dataclasses

BEGIN, END = "<!-- written by Tests/faults/health -->", "<!-- end of what Tests/faults/health writes -->"
HEAD = ("fault", "at", "us: read / write", "eu", "ap", "turned after", "returned after", "lb pulls failed while turning", "lb pulls failed then",
        "lb pushes failed then", "lb pulls failed on return", "us itself: digest tag push", "eu itself", "ap itself", "goals")


@dataclasses.dataclass
class Row:
    """One fault at one region."""

    fault: str
    at: str
    cells: tuple

    @property
    def key(self):
        return self.fault, self.at


def line(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def markdown(rows):
    return [line(HEAD), "|" + "---|" * len(HEAD), *(line((row.fault, row.at, *row.cells)) for row in rows)]


def plain(rows):
    """Aligned columns for a terminal."""
    table = [HEAD, *((row.fault, row.at, *row.cells) for row in rows)]
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
    ranked = sorted(merged.values(), key=lambda row: (order.index(row.fault) if row.fault in order else 99, row.at))
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    path.write_text(before + BEGIN + "\n\n" + "\n".join(markdown(ranked)) + f"\n\n{note}\n\n" + END + after)
