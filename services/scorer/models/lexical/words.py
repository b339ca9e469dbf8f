"""Text as a row of words: folded, stemmed, function words dropped, synonyms made one."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

import snowballstemmer

DEFAULT_LANGUAGE = "en"
_STEMMERS = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "it": "italian",
    "nl": "dutch",
    "pt": "portuguese",
    "ro": "romanian",
}
# `C++`, `C#`, `Node.js`, `.NET`, `R&D`, `don't` are one word; a slash or hyphen parts words, so `CI/CD` are two.
_TOKEN = re.compile(
    r"(?:\.(?=net\b))?[^\W_]+(?:\.(?=(?:js|net|io|ai|py)\b)[^\W_]+|\.\d+|[&'’][^\W_]+)*(?:\+\+|#)?", re.I
)
_POSSESSIVE = re.compile(r"['’]s?$")
# `l'équipe`, `d'infirmier`: the article is no part of the word.
_ELISION = re.compile(r"^(?:[cdjlmnst]|qu)['’](?=\w{2})", re.I)
# The stem of a shorter word is the word: `css` is no plural.
_SHORTEST_STEMMED = 4
# The language is told from a CV's first 600 words; more would not change it.
_WORDS_TO_TELL = 600
# Weight of a word that is in no posting of the table, in nats: ln((140 + 0.5) / 0.5) would be 5.6, but half of those
# are odd words rather than rare skills, so it is cut where a word seen in three postings stands.
RAREST = 3.8


class Word(NamedTuple):
    """A word that means something. `key` is its stem or concept, `form` the folded word; offsets are code points."""

    key: str
    form: str
    start: int
    end: int


def folded(text: str) -> str:
    """Casefolded, without accents: French CVs come with and without them."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in plain if not unicodedata.combining(character))


def language_of(text: str) -> str:
    """The language whose function words are most frequent; English where nothing tells."""
    forms = [match.group().casefold() for match, _ in zip(_TOKEN.finditer(text), range(_WORDS_TO_TELL), strict=False)]
    counts = {language: sum(map(stopwords.__contains__, forms)) for language, stopwords in _stopwords().items()}
    best = max(counts, key=lambda language: (counts[language], language == DEFAULT_LANGUAGE))
    return best if counts[best] else DEFAULT_LANGUAGE


def words(text: str, language: str, start: int = 0, end: int | None = None) -> list[Word]:
    """The meaning words of `text[start:end]`, in order; a synonym of several words is one word."""
    tokens = [*_tokens(text, start, len(text) if end is None else end)]
    found: list[Word] = []
    at = 0
    while at < len(tokens):
        concept, length = _concept(tokens, at)
        if concept:
            last = tokens[at + length - 1]
            found.append(Word(concept, concept, tokens[at].start, last.end))
        elif not is_stopword(tokens[at].form, language):
            token = tokens[at]
            found.append(Word(stem(token.form, language), token.form, token.start, token.end))
        at += length
    return found


def weight(key: str) -> float:
    """How much a word tells, in nats: its inverse document frequency in postings, from about 0.1 to `RAREST`."""
    if key.startswith("="):
        return RAREST
    count, frequencies = _frequencies()
    frequency = frequencies.get(key, 0)
    return min(RAREST, math.log(1 + (count - frequency + 0.5) / (frequency + 0.5)))


@lru_cache(maxsize=65536)
def stem(form: str, language: str) -> str:
    """A folded word's stem. The stemmer sees no accents, here as in every other word, so both sides agree."""
    if len(form) < _SHORTEST_STEMMED or not form.isalpha():
        return form
    stemmed: str = _stemmer(language).stemWord(form)
    return stemmed


@lru_cache(maxsize=65536)
def is_stopword(form: str, language: str) -> bool:
    """Whether a folded word is one of the language's function words, or of English, which is in every CV."""
    return form in _folded_stopwords(language) or form in _folded_stopwords(DEFAULT_LANGUAGE)


@lru_cache(maxsize=65536)
def is_function_word(form: str) -> bool:
    """Whether a word, as written, holds sentences together in any language known here."""
    return any(form.casefold() in stopwords for stopwords in _stopwords().values())


def _tokens(text: str, start: int, end: int) -> Iterator[Word]:
    for match in _TOKEN.finditer(text, start, end):
        form, skipped = _form(match.group())
        yield Word(form, form, match.start() + skipped, match.end())


@lru_cache(maxsize=65536)
def _form(raw: str) -> tuple[str, int]:
    """The folded word without article and possessive, and how many characters the article had."""
    elision = _ELISION.match(raw)
    skipped = elision.end() if elision else 0
    return _POSSESSIVE.sub("", folded(raw[skipped:])), skipped


def _concept(tokens: list[Word], at: int) -> tuple[str | None, int]:
    """The concept that begins at a token, with its length in tokens; the longest name wins."""
    for name, concept in _named(tokens[at].form):
        here = tokens[at : at + len(name)]
        if tuple(_singular(token.form) for token in here) == name:
            return concept, len(name)
    return None, 1


@lru_cache(maxsize=65536)
def _singular(form: str) -> str:
    return form[:-1] if len(form) > _SHORTEST_STEMMED and form.endswith("s") and not form.endswith("ss") else form


@lru_cache(maxsize=65536)
def _named(form: str) -> Sequence[tuple[tuple[str, ...], str]]:
    """The names that begin with a word, with their concepts."""
    return _concepts().get(_singular(form), ())


@cache
def _concepts() -> dict[str, list[tuple[tuple[str, ...], str]]]:
    index: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for line in _lines("synonyms.txt"):
        names = [tuple(_singular(token.form) for token in _tokens(name, 0, len(name))) for name in line.split("|")]
        for name in names:
            if name:
                index.setdefault(name[0], []).append((name, "=" + " ".join(names[0])))
    for entries in index.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    return index


@cache
def _stopwords() -> dict[str, frozenset[str]]:
    lines = (line.split(":", 1) for line in _lines("stopwords.txt"))
    return {language: frozenset(listed.split()) for language, listed in lines}


@cache
def _folded_stopwords(language: str) -> frozenset[str]:
    return frozenset(folded(word) for word in _stopwords()[language])


@cache
def _frequencies() -> tuple[int, dict[str, int]]:
    table = json.loads(_data("frequencies.json"))
    return table["documents"], table["frequencies"]


@cache
def _stemmer(language: str) -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer(_STEMMERS.get(language, _STEMMERS[DEFAULT_LANGUAGE]))


def _lines(name: str) -> list[str]:
    lines = (line.strip() for line in _data(name).splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _data(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
