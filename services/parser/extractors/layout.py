"""Runs of words to blocks of lines in reading order.

Drawing order is right more often than any geometry (a measured 0.97 of the order in real CVs), so it is kept within a
column. A page is cut into columns only where a gutter runs between them and where the drawing order goes down one side
before the other: a table drawn row by row (date, text, date, text) has a gutter too, but is read across.
"""

from __future__ import annotations

import itertools

from services.parser.extractors.draft import Box, Line, around
from services.parser.extractors.words import Run

_STEP = 2.0  # points between the places tried for a gutter
_MOST_CROSSING = 0.15  # share of the runs that may cross a gutter: headings over both columns
_FEWEST = 3  # runs on each side of a gutter
_MOST_RETURNS = 2  # changes of side: one column, the other, and a heading drawn last
_PARAGRAPH_GAP = 0.7  # of the line height: a blank line in print


def blocks(page: list[Run], *, rtl: bool) -> list[list[Line]]:
    """The page's blocks. `rtl` says that columns are read from the right."""
    found = [block for group in _groups([run for run in page if not run.turn], rtl) for block in _blocks_of(group)]
    turned = [Line(run.text, run.box) for run in sorted((run for run in page if run.turn), key=_turned_place)]
    return [*found, turned] if turned else found


def _turned_place(run: Run) -> tuple[int, float]:
    """Turned text is read in its own direction: pdfium mixes its lines, since for it they begin on one height."""
    return run.turn, (-run.box.right, -run.box.bottom, run.box.left)[run.turn - 1]


def _groups(runs: list[Run], rtl: bool, depth: int = 0) -> list[list[Run]]:
    """Runs that are read through in one go, in reading order."""
    boxes = {run.order: run.box for run in runs}
    gutter = _gutter(runs, boxes) if depth < 4 else None
    if gutter is None:
        return [_in_order(runs, boxes)] if runs else []
    found: list[list[Run]] = []
    for band in _bands(runs, boxes, gutter):
        sides = _sides(band, boxes, gutter)
        if sides is None:
            found += _groups(band, rtl, depth + 1) if len(band) < len(runs) else [_in_order(band, boxes)]
            continue
        for side in reversed(sides) if rtl else sides:
            found += _groups(side, rtl, depth + 1)
    return found


def _gutter(runs: list[Run], boxes: dict[int, Box]) -> float | None:
    """The x at which a page is best cut into two columns, or None."""
    if len(runs) < 2 * _FEWEST:
        return None
    left, right = min(box.left for box in boxes.values()), max(box.right for box in boxes.values())
    width = right - left
    counts: list[tuple[int, float]] = []
    x = left + 0.1 * width
    while x < right - 0.1 * width:
        counts.append((sum(_across(box, x) for box in boxes.values()), x))
        x += _STEP
    most = _MOST_CROSSING * len(runs)
    for _, middle in sorted(_valleys(counts, most)):
        bands = _bands(runs, boxes, middle)
        if not _torn(bands, boxes, middle) and any(_sides(band, boxes, middle) for band in bands):
            return middle
    return None


def _valleys(counts: list[tuple[int, float]], most: float) -> list[tuple[tuple[int, float], float]]:
    """Stretches of x with equally few crossings, as ((crossings, -width), middle)."""
    found: list[tuple[tuple[int, float], float]] = []
    start = 0
    for index in range(1, len(counts) + 1):
        if index == len(counts) or counts[index][0] != counts[start][0]:
            crossings, width = counts[start][0], counts[index - 1][1] - counts[start][1]
            if crossings <= most and width >= _STEP:
                found.append(((crossings, -width), (counts[start][1] + counts[index - 1][1]) / 2))
            start = index
    return found


def _bands(runs: list[Run], boxes: dict[int, Box], gutter: float) -> list[list[Run]]:
    """Top to bottom: rows across the gutter, and what stands between two such rows. Drawing order inside."""
    crossing = _crossing(runs, boxes, gutter)
    bands: list[list[Run]] = []
    state: bool | None = None
    for run in sorted(runs, key=lambda run: boxes[run.order].top + boxes[run.order].bottom):
        if (run.order in crossing) != state:
            bands.append([])
            state = run.order in crossing
        bands[-1].append(run)
    return [sorted(band, key=lambda run: run.order) for band in bands]


def _crossing(runs: list[Run], boxes: dict[int, Box], gutter: float) -> set[int]:
    """The orders of the runs across the gutter, and of those that stand in one row with such a run."""
    across = [box for box in boxes.values() if _across(box, gutter)]
    return {run.order for run in runs if any(_in_one_row(boxes[run.order], box) for box in across)}


def _torn(bands: list[list[Run]], boxes: dict[int, Box], gutter: float) -> bool:
    """True where rows across the gutter, between the columns' ends, hold text of a column too: no gutter at all."""
    inner = bands[1:-1]
    rows = [band for band in inner if any(_across(boxes[run.order], gutter) for run in band)]
    return any(not _across(boxes[run.order], gutter) for band in rows for run in band)


def _across(box: Box, gutter: float) -> bool:
    return box.left < gutter - 2 and box.right > gutter + 2


def _in_one_row(one: Box, two: Box) -> bool:
    overlap = min(one.bottom, two.bottom) - max(one.top, two.top)
    return overlap > 0.5 * min(one.bottom - one.top, two.bottom - two.top)


def _sides(band: list[Run], boxes: dict[int, Box], gutter: float) -> tuple[list[Run], list[Run]] | None:
    """The band's left and right column where both are there and were drawn one after the other."""
    left = [run for run in band if boxes[run.order].right <= gutter + 2]
    right = [run for run in band if boxes[run.order].left >= gutter - 2]
    if len(left) + len(right) < len(band) or min(len(left), len(right)) < _FEWEST:
        return None
    lefts = {run.order for run in left}
    returns = [
        (two.order, boxes[two.order])
        for one, two in itertools.pairwise(band)
        if (one.order in lefts) != (two.order in lefts)
    ]
    if len(returns) > max(_MOST_RETURNS, 0.34 * min(len(left), len(right))) or _stacked(band, boxes, returns):
        return None
    return left, right


def _stacked(band: list[Run], boxes: dict[int, Box], returns: list[tuple[int, Box]]) -> bool:
    """True where each return to a side starts below all that was drawn before: pairs of boxes, read pair by pair."""
    again = returns[1::2]
    return bool(again) and all(
        box.top >= max(boxes[run.order].bottom for run in band if run.order < order) - 2 for order, box in again
    )


def _in_order(runs: list[Run], boxes: dict[int, Box]) -> list[Run]:
    """Drawing order; top to bottom where no two runs stand side by side, since only one order is then possible."""
    downward = sorted(runs, key=lambda run: boxes[run.order].top)
    places = [boxes[run.order] for run in downward]
    for index, one in enumerate(places):
        if any(_beside(one, two) for two in places[index + 1 : index + 4]):
            return runs
    return downward


def _beside(one: Box, two: Box) -> bool:
    overlap = min(one.bottom, two.bottom) - max(one.top, two.top)
    apart = one.right <= two.left or two.right <= one.left
    return apart and overlap > 0.1 * min(one.bottom - one.top, two.bottom - two.top)


def _blocks_of(group: list[Run]) -> list[list[Line]]:
    lines: list[list[Run]] = []
    for run in group:
        if lines and _same_line(lines[-1][-1], run):
            lines[-1].append(run)
        else:
            lines.append([run])
    found: list[list[Line]] = []
    previous: Box | None = None
    for line in lines:
        box = around(run.box for run in line)
        height = box.bottom - box.top
        apart = previous is not None and not -0.5 * height <= box.top - previous.bottom <= _PARAGRAPH_GAP * height
        if previous is None or apart:
            found.append([])
        found[-1].append(Line(" ".join(run.text for run in line), box))
        previous = box
    return found


def _same_line(one: Run, two: Run) -> bool:
    return _in_one_row(one.box, two.box)
