"""Tables of printed pages: rows of short cells under each other, kept as rows."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace

from functions.ingestion.domain.lines import Line

# Points. Cells of a row stand on one line; superscripts and rounding move them a little.
SAME_ROW = 2.0
SAME_COLUMN = 6.0
# In type sizes: how much lower a centred cell may begin, how much higher the next cell after one of several lines,
# how far below its cell a second line is, and how far below its row the next one.
LOWER, HIGHER, NEXT_LINE, NEXT_ROW = 0.75, 5.0, 1.9, 3.5
# Two columns of prose also stand side by side; their lines are longer than most cells.
MOST_WORDS = 7
FEWEST_ROWS = 3

# Lists are printed as a column of marks beside a column of text.
_MARK = re.compile(r"^\W*\w{0,3}[.):]?\W*$")

Cell = list[Line]
Row = list[Cell]


def with_tables(page: Sequence[Line]) -> list[Line]:
    """The page with each table as one line: its rows parted by newlines, the cells of a row by ` | `."""
    out: list[Line] = []
    for run in _runs(_rows(page)):
        out += [_table(run)] if _is_table(run) else [line for row in run for cell in row for line in cell]
    return out


def _rows(page: Sequence[Line]) -> list[Row]:
    """Lines in the order of the file: cells of a row follow each other to the right, a cell's lines go down."""
    rows: list[Row] = []
    for line in page:
        last = rows[-1][-1][-1] if rows else None
        if last is not None and _is_right_of(line, last):
            rows[-1].append([line])
        elif last is not None and len(rows[-1]) > 1 and _is_below(line, last):
            rows[-1][-1].append(line)
        else:
            rows.append([[line]])
    return rows


def _is_right_of(line: Line, last: Line) -> bool:
    size = max(line.size, last.size)
    up = line.y - last.y
    return line.x > last.x + SAME_COLUMN and -max(SAME_ROW, LOWER * size) <= up <= max(SAME_ROW, HIGHER * size)


def _is_below(line: Line, last: Line) -> bool:
    return abs(line.x - last.x) <= SAME_COLUMN and 0 < last.y - line.y <= NEXT_LINE * max(line.size, last.size)


def _runs(rows: list[Row]) -> Iterator[list[Row]]:
    """Rows that could be of one table: after one of several cells all that follow closely and keep to its columns."""
    run: list[Row] = []
    for row in rows:
        if run and len(run[0]) > 1 and _fits(row, run):
            run.append(row)
            continue
        if run:
            yield run
        run = [row]
    if run:
        yield run


def _fits(row: Row, run: list[Row]) -> bool:
    above = [line for cell in run[-1] for line in cell]
    size = max(line.size for line in above)
    under = min(line.y for line in above) - max(cell[0].y for cell in row)
    near = NEXT_ROW if len(row) > 1 else NEXT_LINE
    columns = [cell[0].x for cell in run[0]]
    return -SAME_ROW < under <= near * max(size, 1.0) and all(_column(cell[0].x, columns) >= 0 for cell in row)


def _column(x: float, columns: list[float]) -> int:
    """The column a cell stands in, centred or flush right too: the last that begins before it; -1 before the first."""
    return bisect_right(columns, x + SAME_COLUMN) - 1


def _is_table(run: list[Row]) -> bool:
    whole = [row for row in run if len(row) > 1]
    words = sum(len(line.text.split()) for row in whole for cell in row for line in cell)
    cells = sum(len(row) for row in whole)
    fewest = FEWEST_ROWS - (max(map(len, run)) > 2)
    marks = all(_MARK.match(row[0][0].text) for row in whole)
    return len(whole) >= fewest and words <= MOST_WORDS * cells and not marks


def _table(run: list[Row]) -> Line:
    columns = [cell[0].x for cell in run[0]]
    rows: list[list[str]] = []
    for row in run:
        cells = [""] * len(columns)
        for cell in row:
            at = _column(cell[0].x, columns)
            cells[at] = " ".join([cells[at], *(line.text for line in cell)]).strip()
        if rows and not cells[0]:
            # The second line of a cell of the row above.
            rows[-1] = [f"{one} {two}".strip() for one, two in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
    text = "\n".join(" | ".join(cell.replace("|", "/") for cell in cells) for cells in rows)
    return replace(run[0][0][0], text=text, table=True)
