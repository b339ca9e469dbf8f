"""The lexical drafter: a job description in, 5 to 12 closed questions out, each with the sentence it came from."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from services.scorer.answers import DraftedCriterion, DraftedDimension, DraftedKind, RubricAnswer
from services.scorer.models.lexical.keywords import key_phrases
from services.scorer.models.lexical.posting import Demand, Importance, demands
from services.scorer.models.lexical.signals import languages
from services.scorer.models.lexical.sorts import is_gate, is_protected, special
from services.scorer.models.lexical.words import RAREST, folded, language_of, weight, words

# Tuned on the development jobs: a requirement 1, a duty 0.7, a wish 0.45.
WEIGHTS = {Importance.MUST: 1.0, Importance.DUTY: 0.7, Importance.NICE: 0.45}
# A posting's title says most of what is wanted in fewest words: having done that very job counts three times
# (measured at 2, 3 and 4).
ROLE_WEIGHT = 3.0
# The subjects that a posting names again and again, asked about together: the second best sign on the development jobs.
SUBJECTS_WEIGHT = 1.5
_SUBJECTS = 8
_FEWEST_SUBJECTS = 4
SOFT_WEIGHT = 0.5  # a CV proves least here
# More than twelve questions and each is worth too little to read; the contract allows 40.
MOST = 12
_MOST_SOFT = 2
_MOST_LANGUAGES = 3
_MOST_OF_A_SORT = 2
# Bullets of up to five words are asked about together, five at a time.
_SHORT_WORDS = 5
_TOGETHER = 5
_SAME = 0.6
_LONGEST_QUESTION = 300
_LONGEST_SOURCE = 1000
_LONGEST_ID = 40
_BRACKETS = re.compile(
    r"\s*[\[(](?:m|f|w|h|d|x|all genders)(?:\s*[/|,]\s*(?:m|f|w|h|d|x|i|n))*[\])]|\s*\([^)]*\d[^)]*\)", re.I
)
_TITLE_PARTS = re.compile(r"[,()|/:;]|\s[-–—]\s")
# How senior is a question of years; `Sr. Java Developer` looks for Java developers.
_SENIORITY = re.compile(
    r"\b(?:sr|snr|senior|jr|junior|lead|principal|staff(?= engineer)|chief|head of|level|entry|mid|associate"
    r"|iv|i{1,3}"
    r"|full[- ]?time|part[- ]?time|remote|contract(?:or)?|urgent|perm(?:anent)?|leiter(?:in)? der)\b\.?",
    re.I,
)
_QUESTIONS = {
    "de": (
        "Zeigt der Lebenslauf: {}?",
        "Zeigt der Lebenslauf Arbeit wie diese: {}?",
        "Zeigt der Lebenslauf eine Stelle als {}?",
        "Zeigt der Lebenslauf die Hauptthemen der Stelle: {}?",
    ),
    "fr": (
        "Le CV montre-t-il : {} ?",
        "Le CV montre-t-il ce travail : {} ?",
        "Le CV montre-t-il un poste de {} ?",
        "Le CV montre-t-il les sujets principaux du poste : {} ?",
    ),
    "en": (
        "Does the CV show {}?",
        "Does the CV show work like this: {}?",
        "Does the CV show a position as {}?",
        "Does the CV show the main subjects of the job: {}?",
    ),
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
    asked = [demand for demand in demands(description) if not is_protected(demand.text)]
    counts = Counter(word.key for word in words(f"{title}\n{description}", language_of(description)))
    drafts = [draft for demand in _grouped(asked, description) for draft in _drafts(demand, phrases, counts)]
    first = [draft for draft in (_role(title, phrases[2]), _subjects(title, asked, phrases[3], counts)) if draft]
    chosen = first + _chosen(drafts, MOST - len(first))
    taken: set[str] = set()
    return RubricAnswer(criteria=[_criterion(draft, taken) for draft in chosen])


def _role(title: str, phrase: str) -> _Draft | None:
    name = " ".join(_BRACKETS.sub("", title).split())
    parts = (_SENIORITY.sub("", part).strip(" .-–&") for part in _TITLE_PARTS.split(name))
    keywords = tuple(dict.fromkeys(part for part in parts if len(part) > 1 and words(part, "en")))
    if not name or not keywords:
        return None
    demand = Demand(title, 0, 0, Importance.MUST, True)
    question = _cut(phrase.format(name))
    return _Draft(demand, "role", question, DraftedDimension.EXPERIENCE, DraftedKind.SCORED, ROLE_WEIGHT, keywords, 0.0)


def _subjects(title: str, asked: Sequence[Demand], phrase: str, counts: Mapping[str, int]) -> _Draft | None:
    """What the posting comes back to, over all its sentences: the heaviest keywords together."""
    worth: dict[str, float] = {}
    spelled: dict[str, str] = {}
    for demand in asked:
        for keyword in key_phrases(demand.text):
            key = " ".join(word.key for word in words(keyword, language_of(keyword)))
            spelled.setdefault(key, keyword)
            worth[key] = _worth(keyword, counts)
    best = sorted(worth, key=lambda key: -round(worth[key], 6))[:_SUBJECTS]
    if len(best) < _FEWEST_SUBJECTS:
        return None
    keywords = tuple(spelled[key] for key in best)
    source = max(asked, key=lambda demand: sum(keyword in demand.text for keyword in keywords))
    return _Draft(
        demand=replace(source, start=0),
        sort="subjects",
        question=_cut(phrase.format(", ".join(keywords))),
        dimension=DraftedDimension.TECHNICAL_SKILLS,
        kind=DraftedKind.SCORED,
        weight=SUBJECTS_WEIGHT,
        keywords=keywords,
        rank=0.0,
    )


def _grouped(asked: Sequence[Demand], description: str) -> Iterator[Demand]:
    """Demands with runs of short bullets of one section put together; each stays a verbatim piece of the posting."""
    run: list[Demand] = []
    for demand in asked:
        short = demand.headed and len(demand.text.split()) <= _SHORT_WORDS and not special(demand.text)
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


def _drafts(demand: Demand, phrases: Sequence[str], counts: Mapping[str, int]) -> Iterator[_Draft]:
    sort = special(demand.text) or "words"
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
        kind=DraftedKind.MUST_HAVE if is_gate(demand, sort) else DraftedKind.SCORED,
        weight=SOFT_WEIGHT * WEIGHTS[demand.importance] if sort == "soft" else WEIGHTS[demand.importance],
        keywords=keywords,
        rank=WEIGHTS[demand.importance] * _information(keywords, counts),
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
            kind=DraftedKind.MUST_HAVE if is_gate(demand, "language") else DraftedKind.SCORED,
            weight=WEIGHTS[demand.importance],
            keywords=tuple(dict.fromkeys((language, demand.text[one.start : one.end]))),
            rank=WEIGHTS[demand.importance],
        )


def _chosen(drafts: Sequence[_Draft], most: int) -> list[_Draft]:
    """The drafts that fit, in the posting's order; of each sort with evidence of its own only the first few."""
    counts: dict[str, int] = {}
    kept: list[_Draft] = []
    for draft in sorted(drafts, key=lambda draft: (draft.kind is not DraftedKind.MUST_HAVE, -draft.rank)):
        limit = {"words": MOST, "soft": _MOST_SOFT}.get(draft.sort, _MOST_OF_A_SORT)
        limit = 1 if draft.sort.startswith("language") else limit
        if draft.sort == "words" and _said_already(draft, kept):
            continue
        if counts.get(draft.sort, 0) < limit and len(kept) < most:
            counts[draft.sort] = counts.get(draft.sort, 0) + 1
            kept.append(draft)
    return sorted(kept, key=lambda draft: draft.demand.start)


def _said_already(draft: _Draft, kept: Sequence[_Draft]) -> bool:
    """Whether another question looks for most of the same words: postings repeat themselves."""
    ours = {keyword.casefold() for keyword in draft.keywords}
    return any(len(ours & {k.casefold() for k in other.keywords}) >= _SAME * len(ours) for other in kept)


def _information(keywords: Iterable[str], counts: Mapping[str, int]) -> float:
    """How much keywords tell: of the three heaviest, in nats, more where the posting comes back to them."""
    return sum(sorted((_worth(keyword, counts) for keyword in keywords), reverse=True)[:3])


def _worth(keyword: str, counts: Mapping[str, int]) -> float:
    """A keyword's heaviest word, times one plus the logarithm of how often the posting names it."""
    found = words(keyword, language_of(keyword))
    return max((weight(word.key) * (1 + math.log(max(1, counts.get(word.key, 1)))) for word in found), default=0.0)


def _question(demand: Demand, phrases: Sequence[str]) -> str:
    text = " ".join(demand.text.split()).rstrip(" .;:,")
    first = text.split(" ", 1)[0]
    found = words(first, "en")
    is_name = first[1:] != first[1:].lower() or (bool(found) and weight(found[0].key) >= RAREST)
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
