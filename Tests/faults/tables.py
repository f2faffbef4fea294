"""A table of faults: on the terminal, and between the markers of a document that a script writes."""

import dataclasses


@dataclasses.dataclass
class Row:
    """One fault at one place, or in one mode."""

    fault: str
    where: str
    cells: tuple

    @property
    def key(self):
        return self.fault, self.where


def line(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


class Table:
    """What the script SCRIPT writes under the columns `head`; `rank` orders the rows of one fault."""

    def __init__(self, script, head, rank):
        self.begin, self.end = f"<!-- written by {script} -->", f"<!-- end of what {script} writes -->"
        self.head, self.rank = head, rank

    def markdown(self, rows):
        return [line(self.head), "|" + "---|" * len(self.head), *(line((row.fault, row.where, *row.cells)) for row in rows)]

    def plain(self, rows):
        """Aligned columns for a terminal."""
        table = [self.head, *((row.fault, row.where, *row.cells) for row in rows)]
        widths = [max(len(str(row[at])) for row in table) for at in range(len(self.head))]
        return ["  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip() for row in table]

    def written(self, text):
        """The rows that stand between the markers."""
        rows = []
        for each in text.split(self.begin, 1)[-1].split(self.end, 1)[0].splitlines() if self.begin in text else ():
            cells = [cell.strip() for cell in each.strip().strip("|").split("|")]
            if len(cells) == len(self.head) and cells[0] not in (self.head[0], "---"):
                rows.append(Row(cells[0], cells[1], tuple(cells[2:])))
        return rows

    def write(self, path, rows, order, note):
        """Puts the rows between the markers of the document; rows of faults that were not run again stay as they are."""
        text = path.read_text()
        if self.begin not in text or self.end not in text:
            raise SystemExit(f"{path} has no markers {self.begin} … {self.end}")
        merged = {row.key: row for row in self.written(text)} | {row.key: row for row in rows}
        ranked = sorted(merged.values(), key=lambda row: (order.index(row.fault) if row.fault in order else 99, self.rank(row)))
        before, rest = text.split(self.begin, 1)
        after = rest.split(self.end, 1)[1]
        path.write_text(before + self.begin + "\n\n" + "\n".join(self.markdown(ranked)) + f"\n\n{note}\n\n" + self.end + after)
