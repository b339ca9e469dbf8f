"""Years, degrees and languages: criteria whose evidence is a date line, a title or a level, not a wording."""

from __future__ import annotations

import re
from datetime import date

from services.scorer.models.lexical.dates import Period, merged_years, periods, stated_years
from services.scorer.models.lexical.matching import Curriculum, Match
from services.scorer.models.lexical.signals import DEFAULT_RANK, DEGREE_WORDS, UNFINISHED, degrees, languages

# A level and the places (offsets) that carry it.
Claim = tuple[int, list[tuple[int, int]]]

GATE_LEVEL = 2
# Years asked for times these: half as much again is more than asked, six tenths are close, anything is a start.
_MORE, _ENOUGH, _CLOSE = 1.5, 1.0, 0.6
# Share of the criterion's words that makes a job on the CV one of the kind asked for.
_OF_THE_KIND = 0.3
_QUOTES = 3
# A job's title stands in the two short lines before its dates, or after them.
_LINES_BEFORE = 2
_TITLE_LENGTH = 90
_TITLE_WORDS = 9
_TITLE_HELD, _TITLE_CLOSE = 0.75, 0.4  # shares of the title's words: all but the weakest, and its telling half
_ROLE_ASKED = re.compile(r"\b(?:position|role|job|employed|worked|stelle|tätigkeit)\s+(?:as|als)\b|\bposte de\b", re.I)
_AS_TITLE = re.compile(r"\b(?:as an?|as the|als|en tant que|role of|position of|poste d[e'’]|designation)\b", re.I)
_SCHOOL = re.compile(
    r"^\W*(?:education|academic|qualifications?|training|studies|(?:aus|weiter)?bildung|studium|formation"
    r"|dipl[oô]mes?"
    r"|estudios|educa[cț]\w+|formazione)\b",
    re.I,
)
_WORK = re.compile(
    r"^\W*(?:(?:work|professional|nursing|relevant)?\s*(?:experience|employment|work history|career|positions?)"
    r"|berufs\w+|werdegang|exp[ée]rience\w*|experien[țt]\w*|esperienz\w*)\b",
    re.I,
)
_LANGUAGE_ASKED = re.compile(
    r"language|sprache|langue|fluen|\b[abc][12]\b|speak|spoken|written|native|kenntnisse|courant|english"
    r"|german|deutsch"
    r"|french|dutch|czech|polish|spanish|italian",
    re.I,
)
_FIELD_SHARE = 0.3
_RELATED = re.compile(r"related|comparable|similar|equivalent|vergleichbar|verwandt|équivalent|similaire", re.I)


def asks_role(question: str) -> bool:
    """Whether a question asks for a position by its title."""
    return bool(_ROLE_ASKED.search(question))


def asks_degree(question: str) -> bool:
    """Whether a question, or a phrase of it, names a degree."""
    return bool(DEGREE_WORDS.search(question))


def role(question: str, match: Match, curriculum: Curriculum) -> Claim | None:
    """A position held: its title in a line of its own counts most. None where no position is asked for."""
    if not asks_role(question):
        return None
    titles = [hit for hit in match.hits if _is_title(curriculum.piece(hit.segment))]
    titles = [hit for hit in titles if not UNFINISHED.search(curriculum.piece(hit.segment))]
    said = [hit for hit in match.hits if not curriculum.parts[hit.segment].bare and hit not in titles]
    said = [hit for hit in said if _AS_TITLE.search(curriculum.piece(hit.segment)) or hit.first]
    title, sentence = (max((hit.share for hit in hits), default=0.0) for hits in (titles, said))
    held = sum(hit.share >= _TITLE_HELD for hit in titles)
    if title >= _TITLE_HELD:
        level = 4 if held > 1 or sentence >= _TITLE_HELD else 3
    elif max(title, sentence) >= _TITLE_CLOSE:
        level = 3 if sentence >= _TITLE_HELD else 2
    else:
        # `when the nurses need a hand` names the trade and is no position in it.
        level = 1 if match.share >= _TITLE_CLOSE else 0
    if level == 1:
        return 1, _places(curriculum, [hit.segment for hit in match.hits])
    shown = sorted((*titles, *said), key=lambda hit: (-round(hit.share, 6), hit.segment))
    return level, _places(curriculum, [hit.segment for hit in shown]) if level else []


def _is_title(piece: str) -> bool:
    return len(piece) <= _TITLE_LENGTH and len(piece.split()) <= _TITLE_WORDS and not piece.rstrip().endswith(".")


def years(asked: float, match: Match, curriculum: Curriculum, as_of: date) -> Claim | None:
    """Years of the kind asked for: what the CV states, or what its dates add up to, whichever is more.

    None where nothing in the CV is of the kind, so that the words alone decide.
    """
    kind = {hit.segment for hit in match.hits if hit.share >= _OF_THE_KIND}
    stated, stated_at = _stated(kind, curriculum)
    counted = [(period, at) for period, at in _jobs(curriculum, as_of) if kind & set(at)]
    worked = merged_years(period for period, _ in counted)
    total = max(stated, worked)
    if not total:
        return None
    ratio = total / asked if asked else _MORE
    level = 4 if ratio >= _MORE else 3 if ratio >= _ENOUGH else 2 if ratio >= _CLOSE else 1
    dated = [curriculum.segment_of(period.start_at) for period, _ in counted]
    numbers = [*stated_at, *dated] if stated >= worked else [*dated, *stated_at]
    return level, _places(curriculum, dict.fromkeys(numbers))


def degree(question: str, match: Match, curriculum: Curriculum, field_asked: bool) -> Claim | None:
    """A degree at the level asked for, in the field asked for. None where none is asked for or none is named."""
    if not asks_degree(question):
        return None
    asked = min((named.rank or 0 for named in degrees(question)), default=1)
    shares = {hit.segment: hit.share for hit in match.hits}
    elsewhere = 2 if _RELATED.search(question) else 1
    best: Claim | None = None
    for named in degrees(curriculum.text):
        number = curriculum.segment_of(named.start)
        if number in curriculum.left_out:
            continue
        near = range(number, min(number + 2, len(curriculum.parts)))
        fits = not field_asked or any(shares.get(n, 0.0) >= _FIELD_SHARE for n in near)
        level = 1 if (named.rank or 0) < asked else 4 if fits else elsewhere
        if any(UNFINISHED.search(curriculum.piece(n)) for n in near):
            level = min(level, 1)
        if best is None or level > best[0]:
            best = level, _places(curriculum, [number])
    return best


def language(question: str, curriculum: Curriculum) -> Claim | None:
    """The languages asked for at the level asked for: the weakest of them counts. None where none is asked for."""
    asked = languages(question) if _LANGUAGE_ASKED.search(question) else []
    if not asked:
        return None
    known: dict[str, tuple[int, int]] = {}
    for named in languages(curriculum.text):
        number = curriculum.segment_of(named.start)
        rank = DEFAULT_RANK - 1 if named.rank is None else named.rank
        if number not in curriculum.left_out and rank > known.get(named.what, (0, 0))[0]:
            known[named.what] = rank, number
    levels = [_language_level(known.get(one.what, (0, 0))[0], one.rank or DEFAULT_RANK) for one in asked]
    level = max(levels) if " or " in question else min(levels)
    spoken = [known[one.what][1] for one in asked if one.what in known]
    return level, _places(curriculum, dict.fromkeys(spoken))


def _language_level(known: int, asked: int) -> int:
    if not known:
        return 0
    return 4 if known >= asked else 2 if known == asked - 1 else 1


def _stated(kind: set[int], curriculum: Curriculum) -> tuple[float, list[int]]:
    """The most years stated in a sentence of the kind."""
    best: tuple[float, list[int]] = 0.0, []
    for number in sorted(kind):
        for stated, _, _ in stated_years(curriculum.piece(number)):
            if stated > best[0]:
                best = stated, [number]
    return best


def _jobs(curriculum: Curriculum, as_of: date) -> list[tuple[Period, range]]:
    """Periods outside the education section with the segments that describe them."""
    dated = [(period, curriculum.segment_of(period.start_at)) for period in periods(curriculum.text, as_of)]
    dated = [(period, number) for period, number in dated if not period.since]
    starts = [_block_start(curriculum, number) for _, number in dated] + [len(curriculum.parts)]
    school = _school_segments(curriculum)
    return [
        (period, range(starts[n], max(starts[n + 1], number + 1)))
        for n, (period, number) in enumerate(dated)
        if number not in school
    ]


def _block_start(curriculum: Curriculum, number: int) -> int:
    start = number
    for before in range(number - 1, max(-1, number - 1 - _LINES_BEFORE), -1):
        piece = curriculum.piece(before)
        if len(piece) > _TITLE_LENGTH or piece.endswith(".") or curriculum.parts[before].bare:
            break
        start = before
    return start


def _school_segments(curriculum: Curriculum) -> set[int]:
    """Segments under an education heading: years at school are no years of work."""
    found: set[int] = set()
    inside = False
    for number in range(len(curriculum.parts)):
        piece = curriculum.piece(number)
        if len(piece) <= _TITLE_LENGTH // 2:
            inside = (inside or bool(_SCHOOL.match(piece))) and not _WORK.match(piece)
        if inside:
            found.add(number)
    return found


def _places(curriculum: Curriculum, numbers: dict[int, None] | list[int]) -> list[tuple[int, int]]:
    return [(curriculum.parts[n].start, curriculum.parts[n].end) for n in [*numbers][:_QUOTES]]
