"""The order in which the characters of one line are read.

Drawing order is kept while it runs forward. Two cases need the places instead: programs that draw characters of a
substitute font after the rest of the line, and scripts written from the right, which pdfium turns round by its own
guess, the two letters of a ligature included.
"""

from __future__ import annotations

import itertools
import unicodedata

from services.parser.extractors.draft import Box
from services.parser.extractors.glyphs import Glyph

# Between 0.17 em (tight word spaces of justified text) and 0.1 em (loose kerning). Spaces that the file draws are not
# used here: Chromium places those of right-to-left text behind the letter that follows them.
_SPACE = 0.16
_BETWEEN_DIGITS = frozenset(".,:/-\u2013@_")


def is_rtl(text: str) -> bool:
    """True for a letter of a script written from right to left."""
    return unicodedata.bidirectional(text[0]) in ("R", "AL")


def mostly_rtl(glyphs: list[Glyph]) -> bool:
    """True where most letters of a page are written from right to left."""
    letters = [glyph for glyph in glyphs if glyph.text.isalpha()]
    return 2 * sum(1 for glyph in letters if is_rtl(glyph.text)) > len(letters)


def in_reading_order(line: list[Glyph], rtl_page: bool) -> list[Glyph]:
    """The characters of one baseline, spaces included, as they are read."""
    letters = [glyph for glyph in line if glyph.text != " "]
    if not letters or letters[0].style.turn:
        return line
    if any(is_rtl(glyph.text) for glyph in letters) or (rtl_page and _numbers_from_the_right(letters)):
        return _from_the_right(letters)
    size = max(1.0, letters[0].style.size)
    steps = itertools.pairwise(letters)
    if all(second.cell.left >= first.cell.left - size for first, second in steps):
        return line
    placed = sorted(letters, key=lambda glyph: glyph.cell.left)
    return line if _overprinted(placed) else _spaced(placed)


def _overprinted(line: list[Glyph]) -> bool:
    """True where sorting would mix texts that lie on each other."""
    pairs = [(one.cell, two.cell) for one, two in itertools.pairwise(line)]
    on_top = sum(1 for one, two in pairs if one.right - two.left > 0.5 * (two.right - two.left))
    return on_top > 0.15 * len(pairs)


def _spaced(line: list[Glyph]) -> list[Glyph]:
    """Sorted letters with a space inferred in every gap."""
    found = line[:1]
    for last, glyph in itertools.pairwise(line):
        if glyph.cell.left - last.cell.right > _SPACE * max(glyph.style.size, 1.0):
            found.append(Glyph(" ", False, glyph.cell, glyph.shape, glyph.style))
        found.append(glyph)
    return found


def _numbers_from_the_right(letters: list[Glyph]) -> bool:
    """On a page written from the right, "0123 972+" is a telephone number; "+972 0123" was written from the left."""
    texts = [glyph.text for glyph in letters]
    has_digit = any(text.isdigit() for text in texts)
    return has_digit and not any(text.isalpha() for text in texts) and not texts[0].startswith("+")


def _from_the_right(letters: list[Glyph]) -> list[Glyph]:
    clusters = _clusters(letters)
    clusters.sort(key=lambda cluster: cluster[0].cell.left)
    visual = _clustered_spaces(clusters)
    read: list[list[Glyph]] = []
    index = 0
    while index < len(visual):
        end = _left_to_right_end(visual, index)
        read.append([glyph for cluster in visual[index:end] for glyph in cluster])
        index = end
    return [glyph for piece in reversed(read) for glyph in piece]


def _clusters(drawn: list[Glyph]) -> list[list[Glyph]]:
    """Characters of one drawn sign together: a ligature's letters (which pdfium swapped), a letter and its marks."""
    found: list[list[Glyph]] = []
    for glyph in drawn:
        last = found[-1][0] if found else None
        if last is not None and is_rtl(glyph.text) and _same_place(last.cell, glyph.cell):
            found[-1].insert(0, glyph)
        elif last is not None and unicodedata.bidirectional(glyph.text) == "NSM":
            found[-1].append(glyph)
        else:
            found.append([glyph])
    return found


def _clustered_spaces(clusters: list[list[Glyph]]) -> list[list[Glyph]]:
    spaced = _spaced([cluster[0] for cluster in clusters])
    whole = {id(cluster[0]): cluster for cluster in clusters}
    return [whole.get(id(glyph), [glyph]) for glyph in spaced]


def _left_to_right_end(visual: list[list[Glyph]], start: int) -> int:
    """Where the stretch that is read from left to right and begins at `start` ends; `start + 1` if none does."""
    end, first = start + 1, visual[start][0].text
    if not (first.isdigit() or _latin(first)):
        return end
    latin = _latin(first)
    for index in range(start + 1, len(visual)):
        text = visual[index][0].text
        if is_rtl(text) or (text == " " and not latin):
            break
        if text.isdigit() or _latin(text):
            end, latin = index + 1, latin or _latin(text)
        elif not latin and text not in _BETWEEN_DIGITS:
            break
    return end


def _latin(text: str) -> bool:
    return unicodedata.bidirectional(text[0]) == "L"


def _same_place(one: Box, two: Box) -> bool:
    return abs(one.left - two.left) < 0.05 and abs(one.right - two.right) < 0.05
