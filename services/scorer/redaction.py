"""Masks who somebody is, so that a model reads what they did. Same length in, same length out: offsets stay true.

Rules, no model: contact data by shape, personal data by label, the name by where CVs put it and then wherever its parts
come back. In doubt a word stays: a masked skill costs the candidate more than a visible surname tells the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

# Part of every decision record, through the prompt version: what a model saw depends on it.
REDACTION_VERSION = "1"
MASK = "░"

Place = tuple[int, int]


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_EMAIL = re.compile(r"[\w.+-]{1,64}\s?@\s?[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_URL = re.compile(
    r"\b(?:https?://|www\.)\S{3,200}|\b(?:[\w-]{1,63}\.){1,3}(?:com|org|net|io|dev|me|eu|de|fr|uk"
    r"|info)/\S{1,200}",
    re.I,
)
_HANDLE = re.compile(
    r"(?<![\w.])@[A-Za-z]\w{2,30}\b|\b(?:linkedin|github|gitlab|twitter|skype|xing)\s*:\s*\S{2,80}", re.I
)
# A phone has a plus, a bracket or a label, or ten digits; `2018 – 2021` and `1,400` have none of these.
_PHONE = re.compile(
    r"(?<![\w.])\+\d{1,3}[\d\s()./–-]{6,18}\d|(?<!\w)\(\d{2,5}\)[\d\s./-]{5,14}\d"
    r"|(?<=[^\w])0\d{2,5}[\s/–-]\d[\d\s/-]{4,12}\d(?!\w)|(?<![\w.,])\d{3}[-. ]\d{3}[-. ]\d{4}(?!\w)"
    r"|(?<![\w.,])\d{10,12}(?!\w)"
)
_LABELLED_PHONE = re.compile(
    r"\b(?:tel|phone|telephone|mobile|mob|cell|fax|telefon|handy|mobil|téléphone|portable|tél)\b\.?\s*:?\s*", re.I
)
_DIGITS = re.compile(r"[+()\d][\d\s()./+–-]{5,20}\d")

# `label: value`, in one line or with the value on the next; the value is masked, the label stays.
_LABEL = re.compile(
    r"^[ \t•*|-]*(?P<label>date of birth|birth ?date|d\.?o\.?b\.?|born(?: on)?|place of birth|birthplace|age"
    r"|nationality|citizenship"
    r"|marital status|civil status|family status|gender|sex|pronouns?|religion|ethnicity|children|dependants"
    r"|father'?s name"
    r"|mother'?s name|(?:full |first |last |sur|family |given )?name|address|home address|postal address"
    r"|postcode|residence"
    r"|geburtsdatum|geburtsort|geboren(?: am)?|alter|nationalität|staatsangehörigkeit|staatsbürgerschaft"
    r"|familienstand"
    r"|geschlecht|konfession|kinder|(?:vor|nach|vor- und nach)?name|anschrift|adresse|wohnort"
    r"|date de naissance|lieu de naissance|né\(?e?\)?(?: le)?|âge|nationalité|situation familiale|état civil"
    r"|sexe|nom|prénom"
    r"|fecha de nacimiento|nacionalidad|estado civil|nombre|data di nascita|nazionalità|data nașterii|naționalitate)"
    r"[ \t]*(?P<sign>[:：|\t]|\n{1,2})[ \t]*(?P<value>[^\n]{1,120})",
    re.I | re.M,
)
_NAMED = re.compile(r"name|nom|nombre", re.I)
_NOT_NAMED = re.compile(r"user|company|project|product|father|mother", re.I)
_NATION = re.compile(r"nat|cit|staats|naț|naz", re.I)
_AGE = re.compile(
    r"\b\d{2}[ -]years?[ -]old\b|\baged\s+\d{2}\b|\b\d{2}\s+Jahre\s+alt\b|\b\d{2}\s+ans\b(?=\s*(?:,|\n|$"
    r"|célib|mari))",
    re.I,
)
_BORN = re.compile(
    r"\b(?:born|geboren|geb\.|né\(?e?\)?)\s+(?:(?:on|in|am|le|the)\s+)?[^\n,;]{0,20}(?:19|20)\d\d(?:\s+(?:in"
    r"|à)\s+\w+)?",
    re.I,
)
_STATUS = re.compile(
    r"(?<!not )\b(?:unmarried|married|divorced|widowed|verheiratet|ledig|geschieden|verwitwet|marié(?:e)?"
    r"|célibataire|divorcé(?:e)?"
    r"|pacsé(?:e)?)\b(?:,\s*(?:\w+\s+){0,2}(?:children|child|kinder|kind|enfants?|sons?|daughters?))?"
    r"|\b(?:male|female)\b(?=\s*(?:[,|;\n]|$))"
    r"|\(?\b(?:she\s*/\s*her|he\s*/\s*him|they\s*/\s*them)(?:\s*/\s*\w+)?\b\)?",
    re.I,
)
_TITLE = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Mx|Herr|Frau|Monsieur|Madame|Mme"
    r"|M\.)\.?\s+(?P<name>[^\W\d_][\w’'-]+(?:[ \t]+[A-ZÀ-Þ][\w’'-]+){0,2})"
)
_STREET = re.compile(
    r"^[^\n]{0,60}?(?P<address>\b\d{1,5}[a-z]?,?\s+(?:[A-ZÀ-Þ][\w.'’-]*\s+){1,4}(?:Street|St\.?|Road|Rd\.?"
    r"|Avenue|Ave\.?|Lane|Ln\.?|Drive|Dr\.?"
    r"|Close|Court|Crescent|Way|Square|Terrace|Boulevard|Blvd\.?|Place|Gardens|Apartments?)\b[^\n|•·]{0,80}"
    r"|\b[A-ZÄÖÜ][\w.ßäöü-]*(?:straße|strasse|str\.|weg|gasse|platz|allee)\s+\d{1,4}\s?[a-z]?\b[^\n|•·]{0,60}"
    r"|\b\d{1,4},?\s+(?:bis\s+|ter\s+)?(?:rue|avenue|boulevard|chemin|place|impasse|calle|via|strada)\s+[^\n"
    r"|•·]{3,80})",
    re.M,
)
_POSTCODE = re.compile(
    r"\b[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b|\b(?:D|F|CH|A)-\d{4,5}\s+[A-ZÀ-Þ]\w+|(?<=, )\d{5}\s+[A-ZÀ-Þ][\wäöüß-]+"
)

# ── The name ─────────────────────────────────────────────────────────────────────────────────────────────────────
_HEAD_LINES = 8  # a name stands before the first section; later capitals are employers and tools
_NAME_WORDS = 4
_PART = re.compile(r"[^\W\d_][^\W\d_’'-]*(?:[’'-][^\W\d_]+)*\.?")
_CV = re.compile(
    r"\b(?:curriculum vit(?:ae|æ)|résumé|resume|lebenslauf|cv)\b(?:\s+(?:of|for|von"
    r"|de))?\s*[:–—-]?",
    re.I,
)
_CUT = re.compile(r"\s*[|•·,;/–—]\s*|\s{3,}|\t|\s-\s")
_PARTICLES = _words(
    """
    al bin da de del della den der di dos du el la le mac mc o st ten ter van von zu zum zur y
    """
)
# Words that stand in headlines and headings and in nobody's name alone.
_NO_NAME = _words(
    """
    about academic account accountant achievements address administrator adviser advisor agile analyst
    architect areas assistant associate bachelor backend business career centre certificate certificates
    certifications chef city clinical cloud college communication company computer confidential consultant
    contact controller core customer curriculum cv data database department design designer details
    developer development devops diploma director doctor education electrical engineer engineering
    enthusiast executive experience expert finance financial freelance frontend full general group head
    health history hospital hr human information infrastructure institute interests internship it java
    junior kontakt kenntnisse key languages lead leader lebenslauf limited linux ltd machine manager
    management marketing master mechanical medical ms network nurse nursing objective officer online
    operations overview personal persönliche pastry personnel personnelles phone platform principal product
    professional profil profile profilo programmer project projects python qualifications quality
    receptionist references registered reliability representative research resources resume sales science
    scientist security senior service site skills software specialist staff street student sales summary
    supervisor support system systems talent teacher team technical technician technology test tester
    training university vitae web windows work worker writer daten berufserfahrung ausbildung sprachen
    expérience formation compétences langues infirmier infirmière ingénieur développeur technicien leiter
    leiterin entwickler entwicklerin kaufmann kauffrau buchhalter bilanzbuchhalter bilanzbuchhalterin
    controllerin pfleger united kingdom germany france netherlands norway poland spain italy portugal
    switzerland states ireland austria belgium india london berlin paris road avenue manchester bristol
    stuttgart
    """
)


def redact(text: str) -> str:
    """The text with names, contact and personal data replaced by `░`, code point for code point."""
    places = [*_contacts(text), *_personal(text)]
    parts = _name_parts(text)
    places += _occurrences(text, parts)
    masked = list(text)
    for start, end in places:
        for at in range(start, end):
            if not masked[at].isspace():
                masked[at] = MASK
    return "".join(masked)


def _contacts(text: str) -> Iterator[Place]:
    for pattern in (_EMAIL, _URL, _HANDLE, _PHONE, _POSTCODE):
        yield from (match.span() for match in pattern.finditer(text))
    for label in _LABELLED_PHONE.finditer(text):
        number = _DIGITS.match(text, label.end())
        if number:
            yield number.span()
    yield from (match.span("address") for match in _STREET.finditer(text))


def _personal(text: str) -> Iterator[Place]:
    for match in _LABEL.finditer(text):
        alone = match["sign"].startswith("\n") and not _is_value(match["value"])
        if not alone:
            start, end = match.span("value")
            # `Spanish, settled status`: the permit is not the passport.
            comma = text.find(",", start, end) if _NATION.match(match["label"]) else -1
            yield start, end if comma < 0 else comma
    for pattern in (_AGE, _BORN, _STATUS):
        yield from (match.span() for match in pattern.finditer(text))
    for match in _TITLE.finditer(text):
        yield match.start(), match.start("name")


def _is_value(line: str) -> bool:
    """Whether the line under a label is its value: short, and neither a heading nor another label."""
    words = line.split()
    return 0 < len(words) <= 8 and not line.rstrip().endswith((":", ".")) and words[0].casefold() not in _NO_NAME


def _name_parts(text: str) -> frozenset[str]:
    """The parts of the candidate's name, casefolded."""
    parts: list[str] = []
    for match in _LABEL.finditer(text):
        if _NAMED.search(match["label"]) and not _NOT_NAMED.search(match["label"]):
            parts += _as_name(match["value"], strict=False)
    head = [line for line in text.split("\n") if line.strip()][:_HEAD_LINES]
    parts += next((found for found in map(_in_line, _candidates(head)) if found), [])
    for match in _TITLE.finditer("\n".join(head)):
        parts += _as_name(match["name"], strict=False)
    return frozenset(part.casefold().rstrip(".") for part in parts)


def _candidates(head: list[str]) -> Iterator[str]:
    """Places for a name, likeliest first: beside `CURRICULUM VITAE`, the first lines, and two single words in a row."""
    for line in head:
        title = _CV.search(line)
        if title:
            yield line[title.end() :]
            yield line[: title.start()]
    single = [line.strip() for line in head[:4] if len(line.split()) == 1]
    if len(single) >= 2 and head[0].strip() == single[0]:
        yield f"{single[0]} {single[1]}"
    yield from head[:5]


def _in_line(line: str) -> list[str]:
    """The name in a line that holds nothing else, or in the first piece of `name | phone | town`."""
    for piece in (_CUT.split(line.strip())[:1] or [""])[:1]:
        found = _as_name(piece, strict=True)
        if found:
            return found
    inverted = re.fullmatch(r"\s*([A-ZÀ-Þ][\w’'-]+)\s*,\s*([A-ZÀ-Þ][\w’'-]+(?:\s+[A-ZÀ-Þ][\w’'.-]+)?)\s*", line)
    return _as_name(f"{inverted[2]} {inverted[1]}", strict=True) if inverted else []


def _as_name(piece: str, *, strict: bool) -> list[str]:
    """The words of a name, or none: two to four capitalised words, none of which is a trade or a heading."""
    words = [word for word in re.sub(r"^(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Frau)\.?\s+", "", piece.strip()).split() if word]
    words = [word.strip("()*_#,") for word in words]
    words = [word for word in words if word]
    fits = (2 if strict else 1) <= len(words) <= _NAME_WORDS + 1
    if not fits or not all(_PART.fullmatch(word) for word in words):
        return []
    if strict and any(word.casefold() in _NO_NAME for word in words):
        return []
    meant = [word for word in words if word.casefold() not in _PARTICLES]
    return meant if meant and all(word[0].isupper() for word in meant) else []


def _occurrences(text: str, parts: Iterable[str]) -> Iterator[Place]:
    """Where the name's parts come back as words, with a possessive, or glued together in an address of the web."""
    for part in parts:
        if len(part) < 2:
            continue
        for match in re.finditer(rf"(?<![^\W_]){re.escape(part)}(?![^\W_])", text, re.I):
            # `mark`, `will`, `rose` are words too: in lower case only a name of five letters and more is masked.
            if match.group()[0].isupper() or len(part) > 4:
                yield match.span()
