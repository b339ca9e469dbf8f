"""What CVs and postings name by fixed words: languages, degrees, years asked for. One table serves both sides."""

from __future__ import annotations

import re
from dataclasses import dataclass

from services.scorer.models.lexical.dates import stated_years

# Common European Framework, as a rank: A1 1, A2 2, B1 3, B2 4, C1 5, C2 and native 6.
_LANGUAGES = {
    "English": "english englisch englische englischkenntnisse anglais inglés inglese engleză engels",
    "German": "german deutsch deutsche deutschkenntnisse allemand alemán tedesco germană duits",
    "French": "french französisch français francais francés francese franceză frans",
    "Spanish": "spanish spanisch espagnol español spagnolo spaniolă spaans",
    "Italian": "italian italienisch italien italiano italiană italiaans",
    "Dutch": "dutch niederländisch néerlandais holandés olandese olandeză nederlands",
    "Portuguese": "portuguese portugiesisch portugais portugués portughese portugheză",
    "Polish": "polish polnisch polonais polaco polacco poloneză pools",
    "Czech": "czech tschechisch tchèque checo ceco cehă",
    "Romanian": "romanian rumänisch roumain rumano rumeno română",
    "Russian": "russian russisch russe ruso russo rusă",
    "Ukrainian": "ukrainian ukrainisch ukrainien",
    "Turkish": "turkish türkisch turc turco turcă",
    "Arabic": "arabic arabisch arabe árabe arabo arabă",
    "Chinese": "chinese mandarin chinesisch chinois chino cinese",
    "Japanese": "japanese japanisch japonais",
    "Hindi": "hindi",
    "Urdu": "urdu",
    "Somali": "somali",
    "Swedish": "swedish schwedisch suédois",
    "Norwegian": "norwegian norwegisch norvégien",
    "Danish": "danish dänisch danois",
    "Welsh": "welsh",
    "Greek": "greek griechisch grec",
    "Hungarian": "hungarian ungarisch hongrois",
}
_NAMES = {name: language for language, listed in _LANGUAGES.items() for name in listed.split()}
_LANGUAGE = re.compile(rf"\b(?:{'|'.join(sorted(_NAMES, key=len, reverse=True))})\b", re.I)
_RANKS: tuple[tuple[int, re.Pattern[str]], ...] = tuple(
    (rank, re.compile(pattern, re.I))
    for rank, pattern in (
        (
            6,
            r"\bc2\b|native|mother tongue|muttersprach|maternelle|lengua materna|madrelingua|bilingu"
            r"|moedertaal|matern",
        ),
        (
            5,
            r"\bc1\b|fluent|fließend|fliessend|verhandlungssicher|courant|business level|proficient|excellent"
            r"|very good"
            r"|sehr gut|full professional|fluid|fluente|vloeiend",
        ),
        (
            4,
            r"\bb2\b|good|gut\b|gute\b|solid|confident|professional|working|advanced|bon\b|avancé"
            r"|upper.intermediate",
        ),
        (3, r"\bb1\b|intermediate|conversational|conversant|moyen|mittel"),
        (2, r"\ba2\b|basic|elementary|grundkenntn|notions|improving"),
        (1, r"\ba1\b|beginner|greetings|anfänger|débutant"),
    )
)
DEFAULT_RANK = 4  # B2: "English" in a posting without a word about how good means that one can work in it
# Words around a language's name that speak of how well it is known, on either side.
_REACH = 45
_SPLIT = re.compile(r"[,;|•\n]")

_DEGREES: tuple[tuple[int, re.Pattern[str]], ...] = (
    (4, re.compile(r"\bph\.?\s?d\b|\bdoctora\w+|\bpromotion\b|\bdr\.\s*rer", re.I)),
    (
        3,
        re.compile(
            r"\bmaster(?:['’]?s)?\b(?!\s+data)|\bm\.?\s?(?:sc|eng|tech|ca|com|phil)\b\.?|\bm\.[as]\.|(?-i:\bM[AS]\b)"
            r"|\bmba\b|\bdiplom(?:-\w+)?\b|\bmagister\b|\bpost[- ]?graduat\w+",
            re.I,
        ),
    ),
    (
        2,
        re.compile(
            r"\bbachelor(?:['’]?s)?\b|\bb\.?\s?(?:sc|eng|tech|com|ca)\b\.?|\bb\.[aes]\.|(?-i:\bB[AES]\b)"
            r"|\blicen[cs]e\b(?=\s+(?:en|de|professionnelle))|\bgrade de licence\b|\bdegree\b|\bgraduat(?:e|ion)\b"
            r"|\bstudium\b|\bhochschulabschluss\b|\blicență\b|\bengineer['’]s degree\b",
            re.I,
        ),
    ),
    (
        1,
        re.compile(
            r"\bdiploma\b|\bdiplôme\b|\bassociate['’]?s? degree\b|\bausbildung\b|\bnational certificate\b"
            r"|\bbts\b",
            re.I,
        ),
    ),
)
DEGREE_WORDS = re.compile(
    r"degree|bachelor|master['’]?s|diplom|studium|university|hochschul|graduate|ph\.?d|doctora"
    r"|licence universitaire|bac\s?\+",
    re.I,
)
# In progress is not done: `expected 2029`, `student`, `year two`.
UNFINISHED = re.compile(
    r"\bexpect\w*|\bin progress\b|\bstudent\b|\bongoing\b|\byear (?:one|two|three|[1-3])\b|\bpursuing\b"
    r"|\blaufend\b|\ben cours\b"
    r"|\bwithout (?:a|the)\b|\bohne\b|\bpart-time, year\b|\bprospective\b|\bdropped out\b|\bnot completed\b"
    r"|\babgebrochen\b",
    re.I,
)
_ASKS_YEARS = re.compile(
    r"experience|experienced|erfahrung|expérience|work(?:ed|ing)|professional|as an?\b|in\b|of\b|\bals\b", re.I
)


@dataclass(frozen=True)
class Named:
    """Something named in a text: what, how much of it (a rank), and the offsets of its words."""

    what: str
    rank: int | None
    start: int
    end: int


def languages(text: str) -> list[Named]:
    """Languages named in a text with the level said of each; None where none is said."""
    matches = [*_LANGUAGE.finditer(text)]
    found = []
    for number, match in enumerate(matches):
        ahead = matches[number + 1].start() if number + 1 < len(matches) else len(text)
        after = _SPLIT.split(text[match.end() : min(ahead, match.end() + _REACH)])
        behind = text[max(0, match.start() - _REACH, matches[number - 1].end() if number else 0) : match.start()]
        rank = _rank(after[0]) or _rank(_SPLIT.split(behind)[-1])
        if rank is None and len(after) > 1 and "\n" in text[match.end() : match.end() + 3]:
            rank = _rank(next((line for line in after if line.strip()), ""))
        found.append(Named(_NAMES[match.group().lower()], rank, match.start(), match.end()))
    return found


def _rank(words: str) -> int | None:
    return next((rank for rank, pattern in _RANKS if pattern.search(words)), None)


def degrees(text: str) -> list[Named]:
    """Degrees named in a text, ranked: 1 diploma or training, 2 bachelor, 3 master, 4 doctorate."""
    return [
        Named("degree", rank, match.start(), match.end())
        for rank, pattern in _DEGREES
        for match in pattern.finditer(text)
    ]


def years_asked(text: str) -> float | None:
    """The years of experience that a question asks for: the first number of years in it."""
    years = stated_years(text)
    return years[0][0] if years and _ASKS_YEARS.search(text) else None
