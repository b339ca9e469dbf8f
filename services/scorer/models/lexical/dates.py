"""Periods and durations as CVs write them, in months. Overlapping periods count once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jänner janvier janv enero gennaio januari janeiro ianuarie",
            "february feb februar février fevrier févr fevr febrero febbraio februari fevereiro februarie",
            "march mar märz mrz mars marzo maart março martie",
            "april apr avril avr abril aprile aprilie",
            "may mai mayo maggio mei maio",
            "june jun juni juin junio giugno junho iunie",
            "july jul juli juillet juil julio luglio julho iulie",
            "august aug août aout agosto augustus",
            "september sept sep septembre septiembre settembre setembro septembrie",
            "october oct oktober okt octobre octubre ottobre outubro octombrie",
            "november nov novembre noviembre novembro noiembrie",
            "december dec dezember dez décembre decembre déc diciembre dicembre december dezembro decembrie",
        ),
        1,
    )
    for name in names.split()
}
_NUMBERS = {
    word: value
    for value, listed in enumerate(
        (
            "one ein eine einem un une",
            "two zwei deux",
            "three drei trois",
            "four vier quatre",
            "five fünf cinq",
            "six sechs",
            "seven sieben sept",
            "eight acht huit",
            "nine neun neuf",
            "ten zehn dix",
            "eleven elf onze",
            "twelve zwölf douze",
            "thirteen dreizehn treize",
            "fourteen vierzehn quatorze",
            "fifteen fünfzehn quinze",
            "sixteen sechzehn seize",
            "seventeen siebzehn",
            "eighteen achtzehn",
            "nineteen neunzehn",
            "twenty zwanzig vingt",
        ),
        1,
    )
    for word in listed.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_POINT = (
    rf"(?:(?:(?P<name{{0}}>{_MONTH})\.?,?\s*|(?P<number{{0}}>0?[1-9]|1[0-2])\s*[/.]\s*)?(?P<year{{0}}>(?:19|20)\d\d))"
)
_NOW = (
    r"(?P<now>present|today|now|current|currently|to date|date|heute|jetzt|aujourd['’]hui|ce jour|actuel\w*"
    r"|prezent\w*)"
)
_PERIOD = re.compile(
    rf"\b{_POINT.format(1)}\s*(?:[-–—]+|to|until|till|bis|à|a|au|bază|până în)\s*(?:{_POINT.format(2)}|{_NOW})\b"
    rf"|\b(?:since|seit|depuis|ab|from)\s+(?:le\s+)?{_POINT.format(3)}",
    re.I,
)
# The long pattern is tried only around a year: a month before it, `- present` or another month and year behind it.
_YEAR = re.compile(r"(?:19|20)\d\d")
_BEFORE, _BEHIND = 24, 40
_COUNT = "|".join(_NUMBERS)
_YEARS = re.compile(
    rf"\b(?P<count>\d{{1,2}}(?:[.,]\d)?|{_COUNT})\s*(?P<plus>\+|plus)?\s*(?P<half>and a half\s+|einhalb\s+)?"
    rf"(?:(?:-|–|to|bis|à|or more|or)\s*(?:\d{{1,2}}\s*\+?|more)\s*)?(?:full\s+)?"
    rf"(?:years?|yrs?|jahren?|jahre|ans|années?|ani|(?P<months>months?|monaten?|mois|luni))\b",
    re.I,
)
_MID_YEAR = 6  # a bare year stands for its middle: 2017 – 2020 is three years, give or take half a year at each end


@dataclass(frozen=True)
class Period:
    """Months since year 0, half open, with the offsets of its words; `since`: only a beginning is named."""

    start: int
    end: int
    start_at: int
    end_at: int
    since: bool


def periods(text: str, as_of: date) -> list[Period]:
    """The periods of a text, in order.

    Args:
        as_of: what `present` means. A period of the CV that begins later wins, so an old release still reads new CVs.
            Periods end there: a degree expected in 2029 is no experience yet.
    """
    matches = [*_matches(text)]
    starts = [_month(match, 3 if match["year3"] else 1, closing=False) for match in matches]
    now = max([as_of.year * 12 + as_of.month, *(start + 1 for start in starts)])
    found = []
    for match, start in zip(matches, starts, strict=True):
        end = min(now, _month(match, 2, closing=True)) if match["year2"] else now
        if start < end:
            found.append(Period(start, end, match.start(), match.end(), match["year3"] is not None))
    return found


def _matches(text: str) -> Iterator[re.Match[str]]:
    reached = 0
    for year in _YEAR.finditer(text):
        if year.start() >= reached:
            found = _PERIOD.search(text, max(reached, year.start() - _BEFORE), year.end() + _BEHIND)
            if found:
                reached = found.end()
                yield found


def merged_years(spans: Iterable[Period]) -> float:
    """Years covered by the periods; what overlaps counts once."""
    months = 0
    reached = 0
    for span in sorted(spans, key=lambda span: span.start):
        months += max(0, span.end - max(span.start, reached))
        reached = max(reached, span.end)
    return months / 12


def stated_years(text: str) -> list[tuple[float, int, int]]:
    """`five years`, `3-5 years` (the lower), `six and a half years`, `18 months`: years and the words' offsets."""
    found = []
    for match in _YEARS.finditer(text):
        count = match["count"].lower()
        years = float(_NUMBERS[count]) if count in _NUMBERS else float(count.replace(",", "."))
        years += 0.5 if match["half"] else 0
        found.append((years / 12 if match["months"] else years, match.start(), match.end()))
    return found


def _month(match: re.Match[str], point: int, *, closing: bool) -> int:
    year = int(match[f"year{point}"])
    name, number = match[f"name{point}"], match[f"number{point}"]
    if not name and not number:
        return year * 12 + _MID_YEAR
    month = _MONTHS[name.lower()] if name else int(number)
    return year * 12 + month - 1 + closing
