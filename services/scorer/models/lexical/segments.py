"""A CV as segments: sentences, bullets and list lines, with wrapped lines joined, each a slice of the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.scorer.evidence import LONGEST_QUOTE, is_bare_list, names_a_time

_BULLETS = "•●○◦▪▫■□◆◇►▸▶➢➤✓✔‣⁃*·-–—"
_BULLET = re.compile(rf"^[ \t]*(?:[{re.escape(_BULLETS)}][ \t]+|[•●○◦▪■◆►▸➢✓✔‣]|\(?\d{{1,2}}[.)][ \t]+)")
# Where a sentence ends inside a line: after a full stop before a capital, or at a bullet that a converter left there.
_SENTENCE = re.compile(r"(?<=[.!?;])\s{1,9}(?=[^\W\d_a-z]|\d)|\s(?=[•●▪■◆►➢✓‣])|(?<=\w)\s[*]\s(?=\w)|\s- (?=[A-Z])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|incl|approx|no|nr|inc|ltd|co|dr|st|sr|jr|vs|z\.B|bzw|ca|jan|feb|mar|apr|jun|jul|aug|sept?"
    r"|oct|nov|dec|janv|févr|avr|juil|déc)|\b\w)\.$",
    re.I,
)
_OPEN_END = re.compile(
    r"(?:[,&/(-]|\b(?:and|or|with|for|of|in|the|a|an|to|und|oder|mit|für|et|ou|avec|de|du|la|le))$", re.I
)
_LABEL = re.compile(r"[^\W\d_][^,;|:.]{1,30}:\s")
_WORD = re.compile(r"[\w(„“\"']")
_SHORTEST_FULL_LINE = 40
# A line shorter than this share of the text's longest usual line was broken by its writer, not by the margin.
_FULL_LINE = 0.72
_USUAL = 0.9  # quantile of line lengths that stands for the margin; single long lines must not move it


@dataclass(frozen=True)
class Segment:
    """`text[start:end]`. `bare`: a list that only names things. `gap`: an empty line or bullet stands before it."""

    start: int
    end: int
    bare: bool
    gap: bool


def segments(text: str) -> list[Segment]:
    """The segments of a text, in order, none longer than a quote may be."""
    found: list[Segment] = []
    for start, end, gap in _paragraphs(text):
        pieces = [*_sentences(text, start, end)]
        listed = is_bare_list(text[start:end])
        for number, (first, last) in enumerate(pieces):
            piece = text[first:last]
            bare = (listed or is_bare_list(piece)) and not names_a_time(piece)
            found.append(Segment(first, last, bare, gap and number == 0))
    return found


def _paragraphs(text: str) -> Iterator[tuple[int, int, bool]]:
    """Lines, those that were wrapped joined: start, end, whether something parts it from the line before."""
    lines = [(match.start(), match.end()) for match in re.finditer(r"[^\n]+", text)]
    lengths = sorted(end - start for start, end in lines) or [0]
    margin = _FULL_LINE * lengths[min(len(lengths) - 1, int(_USUAL * len(lengths)))]
    current: tuple[int, int, bool] | None = None
    for start, end in lines:
        if not text[start:end].strip():
            continue
        if current and _goes_on(text, current[0], current[1], start, end, margin):
            current = (current[0], end, current[2])
            continue
        if current:
            yield current
        gap = bool(_BULLET.match(text[start:end])) or not current or "\n" in text[current[1] + 1 : start]
        current = (start, end, gap)
    if current:
        yield current


def _goes_on(text: str, first: int, before: int, start: int, end: int, margin: float) -> bool:
    """Whether a line continues the one before it."""
    line = text[start:end].lstrip()
    if "\n" in text[before + 1 : start] or _BULLET.match(line) or _LABEL.match(line) or end - first > LONGEST_QUOTE:
        return False
    previous = text[text.rfind("\n", 0, before) + 1 : before].rstrip()
    if _OPEN_END.search(previous):
        return True
    if previous.endswith((".", "!", "?", ":", ";")):
        return False
    if line[:1].islower():
        return True
    full = len(previous) >= max(margin, _SHORTEST_FULL_LINE)
    return full and bool(_WORD.match(line)) and not is_bare_list(previous)


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    marker = _BULLET.match(text[start:end])
    first = start + (marker.end() if marker else 0)
    for match in _SENTENCE.finditer(text, first, end):
        if not _ABBREVIATION.search(text[first : match.start()][-8:]):
            yield from _trimmed(text, first, match.start())
            first = match.end()
    yield from _trimmed(text, first, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A slice without white space and bullets around it, cut into quotable lengths at spaces."""
    while start < end and (text[start].isspace() or text[start] in _BULLETS):
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    while end - start > LONGEST_QUOTE:
        cut = text.rfind(" ", start, start + LONGEST_QUOTE)
        cut = cut if cut > start else start + LONGEST_QUOTE
        yield start, cut
        start = cut + 1
    if start < end:
        yield start, end
