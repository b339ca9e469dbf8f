"""How much of what a criterion asks for stands in a CV, segment by segment."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from services.scorer.models.lexical.segments import Segment, segments
from services.scorer.models.lexical.words import Word, is_stopword, language_of, weight, words

# A phrase found whole is worth its words and half as much again: `network policy` is not `network` and `policy`.
PHRASE_BONUS = 0.5
# The first keywords are what the criterion is about; a long list after them must not be asked for in full.
CORE_TERMS = 3
# Meaning words that open a sentence: `Site reliability engineer with ten years ...`.
_FIRST = 2
# Alternatives (`RabbitMQ or a comparable broker such as Kafka`): one of them is all that is asked for.
_ALTERNATIVES = re.compile(r"\b(?:or|such as|e\.g\.|oder|z\. ?B\.|ou|tel(?:le)?s? que|either)\b|\w/\w", re.I)
# `I do not give medicines` names medicines. Only plain denials: `without a maintenance window` is praise.
_DENIAL = re.compile(
    r"\b(?:do|does|did|have|has|had|am|is|was)(?:\s+not|n['’]t)\b|\bno\s+(?:\w+\s+)?(?:experience|knowledge"
    r"|qualification)"
    r"|\bnever\b|\bkeine?n?\s+(?:Erfahrung|Kenntnisse)|\bnicht\b|\b(?:none|not)\s+yet\b",
    re.I,
)


@dataclass(frozen=True)
class Term:
    """A word or phrase looked for: keys of its words in order, their forms, and what it weighs in nats."""

    keys: tuple[str, ...]
    forms: tuple[str, ...]
    weight: float


@dataclass(frozen=True)
class Hit:
    """A segment that says something: its number, the share of what is asked for that it holds (0 to 1), and whether
    its first words say it."""

    segment: int
    share: float
    first: bool


@dataclass(frozen=True)
class Match:
    """All that a CV says about some terms. `share`: of everything asked for, wherever it stands."""

    hits: tuple[Hit, ...]
    share: float


class Wanted:
    """What a criterion asks for, as weighed terms; prepared once a rubric."""

    def __init__(self, phrases: Sequence[str], question: str, *, first_counts: bool = False) -> None:
        terms: dict[tuple[str, ...], Term] = {}
        for phrase in phrases:
            term = _term(phrase)
            if term:
                terms.setdefault(term.keys, term)
        self.terms = tuple(terms.values())
        self._first_counts = first_counts
        self._alternatives = bool(_ALTERNATIVES.search(question)) and len(self.terms) > 1

    @cached_property
    def needed(self) -> float:
        """The weight that counts as all: of the core terms, of one alternative, or of the first (a job title)."""
        if self._first_counts and self.terms:
            return self.terms[0].weight
        weights = sorted((term.weight for term in self.terms), reverse=True)
        core = weights[: 1 if self._alternatives else CORE_TERMS]
        return sum(core) or 1.0


class Curriculum:
    """A CV prepared for matching: segments, their words, where each stands. Segments in `left_out` say nothing."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.language = language_of(text)
        self.parts: list[Segment] = segments(text)
        self.words: list[list[Word]] = [words(text, self.language, part.start, part.end) for part in self.parts]
        self._starts = [part.start for part in self.parts]
        self.left_out: set[int] = {self.segment_of(match.start()) for match in _DENIAL.finditer(text)}

    def segment_of(self, offset: int) -> int:
        """Number of the segment that an offset lies in, or of the last that begins before it."""
        return max(0, bisect_right(self._starts, offset) - 1)

    def piece(self, number: int) -> str:
        """The text of a segment."""
        return self.text[self.parts[number].start : self.parts[number].end]

    @cached_property
    def _places(self) -> dict[str, list[tuple[int, int]]]:
        """Key or form → (segment, position in it)."""
        index: dict[str, list[tuple[int, int]]] = {}
        for number, meant in enumerate(self.words):
            if number in self.left_out:
                continue
            for position, word in enumerate(meant):
                for name in {word.key, word.form}:
                    index.setdefault(name, []).append((number, position))
        return index

    def match(self, wanted: Wanted) -> Match:
        """Looks every term up; a segment's share is the weight of the terms in it over what is needed."""
        best: dict[int, float] = {}
        total = 0.0
        opening: set[int] = set()
        for term in wanted.terms:
            found = self._find(term)
            for number, worth in found.items():
                best[number] = best.get(number, 0.0) + worth
            opening |= {
                number for key in term.keys for number, position in self._places.get(key, ()) if position < _FIRST
            }
            total += max(found.values(), default=0.0)
        # Of equals the one that says more comes first: `NMC, adult nurse, since 2018` before `Registration`.
        ranked = sorted(best, key=lambda number: (-round(best[number], 6), len(self.words[number]) < 2, number))
        hits = [Hit(number, min(1.0, best[number] / wanted.needed), number in opening) for number in ranked]
        return Match(tuple(hits), min(1.0, total / wanted.needed))

    def _find(self, term: Term) -> dict[int, float]:
        """Segments that hold the term or a part of it, with the weight found there."""
        places: dict[int, list[set[int]]] = {}
        for at, (key, form) in enumerate(zip(term.keys, term.forms, strict=True)):
            for number, position in self._places.get(key) or self._places.get(form) or ():
                places.setdefault(number, [set() for _ in term.keys])[at].add(position)
        return {number: _worth(term, positions) for number, positions in places.items()}


def _worth(term: Term, positions: Sequence[set[int]]) -> float:
    """The term's whole weight where it stands as a phrase; the words' part of it where they are scattered."""
    if len(term.keys) == 1:
        return term.weight
    weights = [weight(key) for key in term.keys]
    pairs = sum(any(position + 1 in second for position in first) for first, second in itertools.pairwise(positions))
    held = sum(one for one, at in zip(weights, positions, strict=True) if at)
    bonus = PHRASE_BONUS * sum(weights) * pairs / (len(term.keys) - 1)
    return term.weight * (held + bonus) / ((1 + PHRASE_BONUS) * sum(weights))


def _term(phrase: str) -> Term | None:
    language = language_of(phrase)
    meant = [word for word in words(phrase, language) if not is_stopword(word.form, language)]
    if not meant:
        return None
    keys = tuple(word.key for word in meant)
    # The mean of its words, and a little more for each further one: a longer phrase tells more, but not in proportion.
    weights = [weight(key) for key in keys]
    return Term(keys, tuple(word.form for word in meant), sum(weights) / len(weights) * (1 + 0.25 * (len(keys) - 1)))
