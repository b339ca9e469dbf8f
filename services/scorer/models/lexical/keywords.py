"""The words and phrases of a sentence that are worth looking for in a CV."""

from __future__ import annotations

import itertools
import re

from services.scorer.models.lexical.words import is_stopword, language_of, weight, words

# A word in every third posting (`manage`, `system`: about 1.1 nats) starts no phrase and makes none alone.
LEAST_WEIGHT = 1.5
_LONGEST_PHRASE = 3
_LONGEST_WORD = 40  # `Grundstücksverkehrsgenehmigungszuständigkeit` has 44; what is longer is no word
_MOST = 12
_BREAK = re.compile(r"[,;:()\[\]/|•\n…]|\.(?:\s|$)|\s[-–—·]\s|[\"“”„]")
_NUMBER = re.compile(r"^\d+(?:[.,]\d+)?\+?$")
# Names of techniques: capitals inside, digits with letters, plus and hash signs.
_NAME = re.compile(r"[A-Z].*[A-Z]|[A-Za-z]\d|\d[A-Za-z]|[+#]")


def key_phrases(text: str) -> list[str]:
    """Phrases of up to three words in the text's own spelling, telling ones first, at most twelve."""
    language = language_of(text)
    found: dict[str, tuple[float, int]] = {}
    for start, end in _pieces(text):
        for phrase, worth in _phrases(text, start, end, language):
            found.setdefault(phrase.casefold(), (worth, len(found)))
            found[phrase.casefold()] = max(found[phrase.casefold()], (worth, 0))
    spelled = {
        phrase.casefold(): phrase for start, end in _pieces(text) for phrase, _ in _phrases(text, start, end, language)
    }
    ranked = sorted(found, key=lambda key: (-round(found[key][0], 6), text.casefold().find(key)))
    return [spelled[key] for key in ranked[:_MOST]]


def _pieces(text: str) -> list[tuple[int, int]]:
    cuts = [(0, 0), *((match.start(), match.end()) for match in _BREAK.finditer(text)), (len(text), len(text))]
    return [(left[1], right[0]) for left, right in itertools.pairwise(cuts) if right[0] > left[1]]


def _phrases(text: str, start: int, end: int, language: str) -> list[tuple[str, float]]:
    """Runs of meaning words between function words, without weak words at their ends, with what they weigh."""
    meant = [word for word in words(text, language, start, end) if not _NUMBER.match(word.form)]
    meant = [word for word in meant if len(word.form) <= _LONGEST_WORD]
    runs: list[list[int]] = []
    for at, word in enumerate(meant):
        glued = at > 0 and not text[meant[at - 1].end : word.start].strip(" -'’&")
        if glued and len(runs[-1]) < _LONGEST_PHRASE:
            runs[-1].append(at)
        else:
            runs.append([at])
    found = []
    for run in runs:
        weights = {
            at: _worth(text[meant[at].start : meant[at].end], meant[at].key, meant[at].form, language) for at in run
        }
        while run and weights[run[0]] < LEAST_WEIGHT:
            run = run[1:]
        while len(run) > 1 and weights[run[-1]] < LEAST_WEIGHT / 2:
            run = run[:-1]
        if run:
            phrase = " ".join(text[meant[run[0]].start : meant[run[-1]].end].split())
            found.append((phrase, max(weights[at] for at in run)))
    return found


def _worth(spelled: str, key: str, form: str, language: str) -> float:
    """A word's weight, a little more for what is spelled like the name of a technique."""
    if len(form) < 2 or is_stopword(form, language):
        return 0.0
    return weight(key) * (1.25 if _NAME.search(spelled[1:]) or key.startswith("=") else 1.0)
