"""What in a CV is no evidence because it was written for the machine: copies of the job's words, keyword blocks,
repeats, orders to the reader. Such segments are left out of the matching; everything else stays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from services.scorer.models.lexical.matching import Curriculum
from services.scorer.models.lexical.words import Word, folded, is_function_word

# Six equal words in a row with the job's text: 0.08 % of honest CVs of the same field have one, a pasted posting all.
_COPY = 6
# A sentence that holds this share of the meaning words of one of the job's sentences was written from it: 0.7 % of
# honest pairs. Sentences of fewer words are like each other by nature.
_NEAR_COPY = 0.6
_NEAR_COPY_WORDS = 7
# A run of this many words without a function word, three fifths of them the rubric's: 0.16 % of honest pairs.
_BLOCK = 25
_BLOCK_SHARE = 0.6
# Longer than any skill list of an honest CV but 1.7 %, counted in meaning words of one list line.
_LONG_LIST = 60
_ORDER = re.compile(
    r"ignore\s+(?:all\s+|any\s+)?(?:the\s+)?(?:previous|prior|above|earlier|preceding)|disregard\s+(?:all|any"
    r"|the|previous)"
    r"|(?:previous|prior|above)\s+instructions|system\s+prompt|you\s+are\s+(?:now\s+)?an?\s+(?:ai|llm"
    r"|assistant|language)"
    r"|(?:give|assign|award|rate|score|rank)\s+(?:this|the|me|him|her|them)?\s*(?:candidate|applicant|cv"
    r"|resume|myself)?\s*"
    r"(?:with\s+)?(?:an?\s+|the\s+)?(?:top|perfect|maximum|highest|full|100|level\s+4|10/10|score)"
    r"|meets?\s+(?:every|all)\s+(?:the\s+)?(?:must-haves?|requirements?|criteria)"
    r"|as\s+an\s+ai|ignoriere\s+(?:alle|die)|ignorez?\s+(?:toutes|les)|note\s+to\s+(?:the\s+)?(?:ai|llm|model"
    r"|screening)",
    re.I,
)
_WORD = re.compile(r"[^\W_]+")
# Two meaning words repeat in every honest CV (`Staff Nurse`); a sentence does not.
_SHORTEST_SUSPECT = 3


class JobText:
    """The job's own words, prepared once a rubric: sentences that must not come back from a CV as evidence."""

    def __init__(self, sentences: Iterable[str], keys: Iterable[Sequence[str]]) -> None:
        self._copies = {run for sentence in sentences for run in _runs(sentence)}
        self._sentences = [frozenset(sentence) for sentence in keys]
        self._sentences = [sentence for sentence in self._sentences if len(sentence) >= _NEAR_COPY_WORDS]
        self._vocabulary = frozenset(key for sentence in self._sentences for key in sentence)

    def copied(self, text: str) -> bool:
        """Whether six words in a row are the job's."""
        return not self._copies.isdisjoint(_runs(text))

    def rewritten(self, words: Sequence[Word]) -> bool:
        """Whether most of one of the job's sentences is in this one."""
        if len(words) < _NEAR_COPY * _NEAR_COPY_WORDS:
            return False
        keys = {word.key for word in words}
        return any(len(keys & sentence) >= _NEAR_COPY * len(sentence) for sentence in self._sentences)

    def is_keyword_block(self, words: Sequence[Word]) -> bool:
        """Whether the words are the job's vocabulary in a heap."""
        if len(words) < _BLOCK:
            return False
        ours = sum(word.key in self._vocabulary for word in words)
        return ours >= _BLOCK_SHARE * len(words)


def suspects(curriculum: Curriculum, job: JobText) -> set[int]:
    """Numbers of the segments that are no evidence."""
    found = {curriculum.segment_of(match.start()) for match in _ORDER.finditer(curriculum.text)}
    seen: set[tuple[str, ...]] = set()
    for number, meant in enumerate(curriculum.words):
        if len(meant) < _SHORTEST_SUSPECT:
            continue
        said = tuple(word.key for word in meant)
        piece = curriculum.piece(number)
        if said in seen or job.rewritten(meant) or job.copied(piece) or _heap(piece, meant, job):
            found.add(number)
        seen.add(said)
    return found


def _heap(piece: str, words: Sequence[Word], job: JobText) -> bool:
    """A list too long to be one, or the job's vocabulary without a sentence around it."""
    if len(words) < _BLOCK:
        return False
    total = _WORD.findall(piece)
    glue = sum(is_function_word(word) for word in total)
    loose = glue <= len(total) * 0.08  # a sentence has one function word in three, a list none
    return loose and (len(words) >= _LONG_LIST or job.is_keyword_block(words))


def _runs(text: str) -> Iterable[tuple[str, ...]]:
    tokens = _WORD.findall(folded(text))
    return zip(*(tokens[shift:] for shift in range(_COPY)), strict=False)
