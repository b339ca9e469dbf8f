"""What in a CV is no evidence because it was written for the machine: copies of the job's words, keyword blocks,
repeats, orders to the reader. Such segments are left out of the matching; everything else stays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from services.scorer.models.lexical.matching import Curriculum
from services.scorer.models.lexical.words import Word, folded, is_function_word

# Six equal words in a row with the job's text: 0.08 % of honest CVs of the same field have one, a pasted posting all.
_COPY = 6
# The run has to be most of the sentence: `registered with the Nursing and Midwifery Council since 2018` is honest.
_COPIED_SHARE = 0.6
# A sentence that holds this share of the meaning words of one of the job's sentences was written from it: 0.7 % of
# honest pairs. Sentences of fewer words are like each other by nature.
_NEAR_COPY = 0.7
_NEAR_COPY_WORDS = 6
# A run of this many words without a function word, half of them the rubric's.
_BLOCK = 25
_BLOCK_SHARE = 0.5
# Longer than any skill list of an honest CV but 1.7 %, counted in meaning words of one list line.
_LONG_LIST = 60
# A sentence has one function word in three, a list hardly any.
_GLUE = 0.08
# Ten words, four in five the job's, and nothing that holds them together.
_DENSE_WORDS = 10
_DENSE = 0.8
# With all but one in ten the job's, a sentence is the job's whatever holds it together.
_WHOLLY = 0.9
# List lines one after another, taken together. The best honest candidates' skills are the job's, up to half of them.
_LISTS = 40
_LISTS_SHARE = 0.6
# Three pieces taken from the job are a pasted posting: six segments around each, where a third of the words are the
# job's, go with them.
_PASTED = 3
_BESIDE = 6
_BESIDE_SHARE = 0.3
# Whoever pasted so much, or gives the reader orders, gets no credit for what is half the job's words elsewhere.
_ANYWHERE_SHARE = 0.5
_ORDER = re.compile(
    r"\b(?:ignore\s+(?:all\s+|any\s+)?(?:the\s+)?(?:previous|prior|above|earlier|preceding)"
    r"|disregard\s+(?:all|any|the|previous)\s+\w*\s*instruction|(?:previous|prior|above)\s+instructions"
    r"|you\s+are\s+(?:now\s+)?an?\s+(?:ai|llm|assistant|language)\b"
    r"|(?:give|assign|award|rate|score|rank)\s+(?:this|the|me|him|her|them)\s*(?:candidate|applicant|cv|resume)?\s*"
    r"(?:with\s+)?(?:an?\s+|the\s+)?(?:top|perfect|maximum|highest|full|100|level\s+4|10/10|score)"
    r"|(?:this|the)\s+(?:candidate|applicant)\s+(?:meets|fulfil\w*|satisf\w+)\s+(?:every|all)"
    r"|as\s+an\s+ai\b|ignoriere\s+alle|ignorez?\s+toutes|note\s+to\s+(?:the\s+)?(?:ai|llm|model|screening))",
    re.I,
)
_WORD = re.compile(r"[^\W_]+")
# Two meaning words repeat in every honest CV (`Staff Nurse`); a sentence does not.
_SHORTEST_SUSPECT = 3


class JobText:
    """The job's own words, prepared once a rubric: sentences that must not come back from a CV as evidence."""

    def __init__(self, sentences: Iterable[str], keys: Iterable[Sequence[str]], vocabulary: Iterable[str]) -> None:
        self._copies = {run for sentence in sentences for run in _runs(sentence)}
        self._sentences = [frozenset(sentence) for sentence in keys if len(set(sentence)) >= _NEAR_COPY_WORDS]
        self._vocabulary = frozenset(vocabulary)

    def copied(self, text: str) -> bool:
        """Whether most of it is runs of six words that are the job's."""
        runs = [*_runs(text)]
        covered: set[int] = set()
        for at, run in enumerate(runs):
            if run in self._copies:
                covered.update(range(at, at + _COPY))
        return len(covered) >= _COPIED_SHARE * (len(runs) + _COPY - 1) if covered else False

    def rewritten(self, words: Sequence[Word]) -> bool:
        """Whether most of one of the job's sentences is in this one."""
        if len(words) < _NEAR_COPY * _NEAR_COPY_WORDS:
            return False
        keys = {word.key for word in words}
        # Both ways: `Run five Kubernetes clusters with 160 nodes for 70 people; led eight upgrades ...` holds much of
        # what the job says of clusters, and has more words of its own.
        return any(len(keys & sentence) >= _NEAR_COPY * max(len(sentence), len(keys)) for sentence in self._sentences)

    def share(self, words: Sequence[Word]) -> float:
        """Share of the words that are the job's, 0 to 1."""
        return sum(word.key in self._vocabulary for word in words) / max(1, len(words))


def suspects(curriculum: Curriculum, job: JobText) -> set[int]:
    """Numbers of the segments that are no evidence."""
    orders = {curriculum.segment_of(match.start()) for match in _ORDER.finditer(curriculum.text)}
    repeats: set[int] = set()
    taken: set[int] = set()
    seen: set[tuple[str, ...]] = set()
    for number, meant in enumerate(curriculum.words):
        if len(meant) < _SHORTEST_SUSPECT:
            continue
        said = tuple(word.key for word in meant)
        if said in seen:
            repeats.add(number)
        seen.add(said)
        piece = curriculum.piece(number)
        if job.rewritten(meant) or job.copied(piece) or _is_heap(piece, meant, job):
            taken.add(number)
    if orders or len(taken) >= _PASTED:
        taken |= _pasted(taken, curriculum, job)
    return orders | repeats | taken | _heaps(curriculum, job)


def _heaps(curriculum: Curriculum, job: JobText) -> set[int]:
    """Runs of list lines that are, taken together, the job's vocabulary: a heap broken into lines is still one."""
    found: set[int] = set()
    run: list[int] = []
    for number in range(len(curriculum.parts) + 1):
        if number < len(curriculum.parts) and curriculum.parts[number].bare:
            run.append(number)
            continue
        together = [word for one in run for word in curriculum.words[one]]
        if len(together) >= _LISTS and job.share(together) >= _LISTS_SHARE:
            found.update(run)
        run = []
    return found


def _pasted(taken: set[int], curriculum: Curriculum, job: JobText) -> set[int]:
    """What stands between or beside pieces taken from the job: a posting has sentences that no criterion kept."""
    near = {number + step for number in taken for step in range(-_BESIDE, _BESIDE + 1)}
    return {
        number
        for number in near
        if 0 <= number < len(curriculum.parts)
        and (job.share(curriculum.words[number]) >= _BESIDE_SHARE or {number - 1, number + 1} <= taken)
    } | {
        number
        for number, meant in enumerate(curriculum.words)
        if len(meant) >= _SHORTEST_SUSPECT and job.share(meant) >= _ANYWHERE_SHARE
    }


def _is_heap(piece: str, words: Sequence[Word], job: JobText) -> bool:
    """The job's vocabulary without a sentence around it, or a list too long to be one."""
    if len(words) < _DENSE_WORDS:
        return False
    share = job.share(words)
    if share >= _WHOLLY:
        return True
    total = _WORD.findall(piece)
    if sum(map(is_function_word, total)) > _GLUE * len(total):
        return False
    return share >= _DENSE or (len(words) >= _BLOCK and (share >= _BLOCK_SHARE or len(words) >= _LONG_LIST))


def _runs(text: str) -> Iterable[tuple[str, ...]]:
    tokens = _WORD.findall(folded(text))
    return zip(*(tokens[shift:] for shift in range(_COPY)), strict=False)
