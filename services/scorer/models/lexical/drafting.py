"""The lexical drafter: a job description in, 5 to 12 closed questions out, each with the sentence it came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from services.scorer.answers import DraftedCriterion, DraftedDimension, DraftedKind, RubricAnswer
from services.scorer.models.lexical.dates import stated_years
from services.scorer.models.lexical.keywords import key_phrases
from services.scorer.models.lexical.posting import MUST, Demand, Importance, demands
from services.scorer.models.lexical.signals import DEGREE_WORDS, languages
from services.scorer.models.lexical.words import RAREST, folded, language_of, weight, words

# Tuned on the development jobs: a requirement 1, a duty 0.7, a wish 0.45.
WEIGHTS = {Importance.MUST: 1.0, Importance.DUTY: 0.7, Importance.NICE: 0.45}
# A posting's title says most of what is wanted in fewest words: having done that very job counts double.
ROLE_WEIGHT = 2.0
SOFT_WEIGHT = 0.5  # a CV proves least here
# More than twelve questions and each is worth too little to read; the contract allows 40.
MOST = 12
_MOST_SOFT = 2
_MOST_LANGUAGES = 3
_MOST_OF_A_SORT = 2
# Bullets of up to five words are asked about together, five at a time.
_SHORT_WORDS = 5
_TOGETHER = 5
_LONGEST_QUESTION = 300
_LONGEST_SOURCE = 1000
_LONGEST_ID = 40
_PROTECTED = re.compile(
    r"\b(?:age[ds]?|young|jung\w*|years old|male|female|man|woman|gender|sex(?:ual)?|married|marital|pregnan\w+|children"
    r"|religio\w*|race|ethnic\w*|national origin|citizen(?:ship)?s?|disabilit\w+|veteran|native speaker|geschlecht|alter"
    r"|healthy|gesund\w*|staatsangehörig\w*|familienstand|unter \d\d|jeune|sexe)\b(?!\s+(?:group|data|care|ward|hospital))",
    re.I,
)
_LICENCE = re.compile(
    r"certif(?!y\b)|zertifi|\blicen[cs]ed?\b|registration (?:with|as)|registered (?:with|as)|\bpmp\b|\bcissp\b|führerschein"
    r"|approbation|permis\b|in date|accredit|clearance|bescheinigung|diplôme d['’]état",
    re.I,
)
_RIGHT_TO_WORK = re.compile(r"right to work|work permit|authori[sz]ed to work|arbeitserlaubnis|permis de travail", re.I)
_GATE_BY_LAW = re.compile(r"registration|registered (?:with|as)|\blicen[cs]ed?\b|approbation|führerschein|permis\b", re.I)
_ALSO_WITHOUT = re.compile(r"equivalent experience|or equivalent|comparable experience|oder vergleichbar|ou équivalent", re.I)
_SOFT = re.compile(
    r"communicat\w* skill|communicator|interpersonal|team[- ]?player|team spirit|proactive|self[- ]?(?:starter|motivated)"
    r"|motivated|attention to detail|detail[- ]oriented|problem[- ]solv|calm|friendly|kind\b|empath|attitude|flexib|multi-?task"
    r"|work ethic|under pressure|quick learner|willing(?:ness)?|readiness|organi[sz]ational skill|personally|teamfähig|teamgeist"
    r"|kommunikationsst|belastbar|zuverlässig|eigenverantwort|sens du|esprit d|autonom|rigoureu|presentation skill|written and verbal"
    r"|verbal and written|oral and written|speaks? up|leadership skill|precise\b",
    re.I,
)
_BRACKETS = re.compile(r"\s*[\[(](?:m|f|w|h|d|x|all genders)(?:\s*[/|,]\s*(?:m|f|w|h|d|x|i|n))*[\])]|\s*\([^)]*\d[^)]*\)", re.I)
_TITLE_PARTS = re.compile(r"[,()|/:;]|\s[-–—]\s")
_QUESTIONS = {
    "de": ("Zeigt der Lebenslauf: {}?", "Zeigt der Lebenslauf Arbeit wie diese: {}?", "Zeigt der Lebenslauf eine Stelle als {}?"),
    "fr": ("Le CV montre-t-il : {} ?", "Le CV montre-t-il ce travail : {} ?", "Le CV montre-t-il un poste de {} ?"),
    "en": ("Does the CV show {}?", "Does the CV show work like this: {}?", "Does the CV show a position as {}?"),
}


@dataclass(frozen=True)
class _Draft:
    """A criterion in the making. `rank` orders what is kept when there is too much: the weight of its keywords."""

    demand: Demand
    sort: str
    question: str
    dimension: DraftedDimension
    kind: DraftedKind
    weight: float
    keywords: tuple[str, ...]
    rank: float


def drafted(title: str, description: str) -> RubricAnswer:
    """Drafts a rubric; the role first, then the demands in the posting's order."""
    phrases = _QUESTIONS.get(language_of(description), _QUESTIONS["en"])
    asked = [demand for demand in demands(description) if not _PROTECTED.search(demand.text)]
    drafts = [draft for demand in _grouped(asked, description) for draft in _drafts(demand, phrases)]
    role = _role(title, phrases[2])
    chosen = ([role] if role else []) + _chosen(drafts, MOST - bool(role))
    taken: set[str] = set()
    return RubricAnswer(criteria=[_criterion(draft, taken) for draft in chosen])


def _role(title: str, phrase: str) -> _Draft | None:
    name = " ".join(_BRACKETS.sub("", title).split())
    parts = [part.strip() for part in _TITLE_PARTS.split(name)]
    keywords = tuple(dict.fromkeys(part for part in parts if words(part, "en")))
    if not name or not keywords:
        return None
    demand = Demand(title, 0, 0, Importance.MUST, True)
    question = _cut(phrase.format(name))
    return _Draft(demand, "role", question, DraftedDimension.EXPERIENCE, DraftedKind.SCORED, ROLE_WEIGHT, keywords, 0.0)


def _grouped(asked: Sequence[Demand], description: str) -> Iterator[Demand]:
    """Demands with runs of short bullets of one section put together; each stays a verbatim piece of the description."""
    run: list[Demand] = []
    for demand in asked:
        short = demand.headed and len(demand.text.split()) <= _SHORT_WORDS and not _special(demand.text)
        if run and (not short or demand.importance is not run[0].importance or len(run) == _TOGETHER):
            yield _together(run, description)
            run = []
        if short:
            run.append(demand)
        else:
            yield demand
    if run:
        yield _together(run, description)


def _together(run: Sequence[Demand], description: str) -> Demand:
    return replace(run[0], text=description[run[0].start : run[-1].end], end=run[-1].end)


def _special(text: str) -> str | None:
    """The sort of a demand that has its own evidence."""
    if languages(text) and len(text.split()) <= 20:
        return "language"
    if _RIGHT_TO_WORK.search(text):
        return "permit"
    if _LICENCE.search(text):
        return "licence"
    if DEGREE_WORDS.search(text) and not stated_years(text):
        return "degree"
    if stated_years(text):
        return "years"
    return "soft" if _SOFT.search(text) else None


def _drafts(demand: Demand, phrases: Sequence[str]) -> Iterator[_Draft]:
    sort = _special(demand.text) or "words"
    keywords = tuple(key_phrases(demand.text))
    if sort == "language":
        yield from _languages(demand, phrases)
        return
    if not keywords:
        return
    dimension = {
        "licence": DraftedDimension.EDUCATION,
        "degree": DraftedDimension.EDUCATION,
        "years": DraftedDimension.EXPERIENCE,
        "permit": DraftedDimension.OTHER,
        "soft": DraftedDimension.SOFT_SKILLS,
    }.get(sort)
    if dimension is None:
        duty = demand.importance is Importance.DUTY
        dimension = DraftedDimension.EXPERIENCE if duty else DraftedDimension.TECHNICAL_SKILLS
    yield _Draft(
        demand=demand,
        sort=sort,
        question=_question(demand, phrases),
        dimension=dimension,
        kind=DraftedKind.MUST_HAVE if _is_gate(demand, sort) else DraftedKind.SCORED,
        weight=SOFT_WEIGHT * WEIGHTS[demand.importance] if sort == "soft" else WEIGHTS[demand.importance],
        keywords=keywords,
        rank=WEIGHTS[demand.importance] * _information(keywords),
    )


def _languages(demand: Demand, phrases: Sequence[str]) -> Iterator[_Draft]:
    """A criterion a language; the question names it as the posting does, with the level that is asked for."""
    named = {one.what: one for one in languages(demand.text)}
    for language, one in [*named.items()][:_MOST_LANGUAGES]:
        level = {6: " (C2)", 5: " (C1, fluent)", 4: " (B2, good)", 3: " (B1)"}.get(one.rank or 0, "")
        yield _Draft(
            demand=demand,
            sort=f"language {language}",
            question=phrases[0].format(language + level),
            dimension=DraftedDimension.OTHER,
            kind=DraftedKind.MUST_HAVE if _is_gate(demand, "language") else DraftedKind.SCORED,
            weight=WEIGHTS[demand.importance],
            keywords=tuple(dict.fromkeys((language, demand.text[one.start : one.end]))),
            rank=WEIGHTS[demand.importance],
        )


def _is_gate(demand: Demand, sort: str) -> bool:
    """Only what a candidate cannot do without and nobody makes up for: by law, or in the posting's own words."""
    if demand.importance is Importance.NICE or _ALSO_WITHOUT.search(demand.text):
        return False
    if sort == "permit" or (sort == "licence" and _GATE_BY_LAW.search(demand.text)):
        return True
    explicit = bool(MUST.search(demand.text)) or (demand.headed and demand.importance is Importance.MUST)
    return sort in ("language", "degree") and explicit


def _chosen(drafts: Sequence[_Draft], most: int) -> list[_Draft]:
    """The drafts that fit, in the posting's order; of each sort with evidence of its own only the first few."""
    counts: dict[str, int] = {}
    kept: list[_Draft] = []
    for draft in sorted(drafts, key=lambda draft: (draft.kind is not DraftedKind.MUST_HAVE, -draft.rank)):
        limit = {"words": MOST, "soft": _MOST_SOFT}.get(draft.sort, _MOST_OF_A_SORT)
        limit = 1 if draft.sort.startswith("language") else limit
        if counts.get(draft.sort, 0) < limit and len(kept) < most:
            counts[draft.sort] = counts.get(draft.sort, 0) + 1
            kept.append(draft)
    return sorted(kept, key=lambda draft: draft.demand.start)


def _information(keywords: Iterable[str]) -> float:
    """How much keywords tell: the sum of the three heaviest, in nats."""
    weights = sorted((max((weight(word.key) for word in words(k, "en")), default=0.0) for k in keywords), reverse=True)
    return sum(weights[:3])


def _question(demand: Demand, phrases: Sequence[str]) -> str:
    text = " ".join(demand.text.split()).rstrip(" .;:,")
    first = text.split(" ", 1)[0]
    is_name = first[1:] != first[1:].lower() or all(weight(word.key) >= RAREST for word in words(first, "en"))
    lowered = text if is_name else text[:1].lower() + text[1:]
    return _cut(phrases[demand.importance is Importance.DUTY].format(lowered))


def _cut(question: str) -> str:
    if len(question) <= _LONGEST_QUESTION:
        return question
    return question[: _LONGEST_QUESTION - 2].rsplit(" ", 1)[0].rstrip(" ,;:") + "…?"


def _criterion(draft: _Draft, taken: set[str]) -> DraftedCriterion:
    return DraftedCriterion(
        criterion_id=_identifier(draft, taken),
        question=draft.question,
        dimension=draft.dimension,
        weight=draft.weight,
        kind=draft.kind,
        source=draft.demand.text[:_LONGEST_SOURCE],
        keywords=[keyword[:100] for keyword in draft.keywords],
    )


def _identifier(draft: _Draft, taken: set[str]) -> str:
    """Kebab case from the sort and the first keywords, with a number where that is taken."""
    sort = draft.sort if draft.sort != "words" else ""
    head = draft.keywords[0] if sort.startswith("language") else " ".join(draft.keywords[:2])
    raw = f"{sort.split(' ')[0]} {head}"
    name = re.sub(r"[^a-z0-9]+", "-", folded(raw))[:_LONGEST_ID].strip("-") or "criterion"
    number, unique = 2, name
    while unique in taken:
        unique, number = f"{name}-{number}", number + 1
    taken.add(unique)
    return unique
