"""The sorts of demand that have their own evidence, what must never be asked, and what may be a gate."""

from __future__ import annotations

import re

from services.scorer.models.lexical.dates import stated_years
from services.scorer.models.lexical.posting import MUST, Demand, Importance
from services.scorer.models.lexical.signals import DEGREE_WORDS, languages

# A sentence with a language in it and more words than this asks for something else.
_LONGEST_LANGUAGE_DEMAND = 20
# What a rubric must not ask about. `age group` and `children's ward` are places of work.
_PROTECTED = re.compile(
    r"\b(?:age[ds]?|young|jung\w*|years old|male|female|man|woman|gender|sex(?:ual)?|married|marital"
    r"|pregnan\w+|children"
    r"|religio\w*|race|ethnic\w*|national origin|citizen(?:ship)?s?|disabilit\w+|veteran|native speaker"
    r"|geschlecht|alter"
    r"|healthy|gesund\w*|staatsangehörig\w*|familienstand|unter \d\d|jeune|sexe)\b(?!\s+(?:group|data|care"
    r"|ward|hospital))",
    re.I,
)
_LICENCE = re.compile(
    r"certif(?!y\b)|zertifi|\blicen[cs]ed?\b|registration (?:with|as)|registered (?:with|as)|\bpmp\b"
    r"|\bcissp\b|führerschein"
    r"|approbation|permis\b|in date|accredit|clearance|bescheinigung|diplôme d['’]état",
    re.I,
)
_RIGHT_TO_WORK = re.compile(
    r"right to work|work permit|authori[sz]ed to work|arbeitserlaubnis"
    r"|permis de travail",
    re.I,
)
_GATE_BY_LAW = re.compile(
    r"registration|registered (?:with|as)|\blicen[cs]ed?\b|approbation|führerschein|permis\b", re.I
)
_ALSO_WITHOUT = re.compile(
    r"equivalent experience|or equivalent|comparable experience|oder vergleichbar|ou équivalent", re.I
)
_SOFT = re.compile(
    r"communicat\w* skill|communicator|interpersonal|team[- ]?player|team spirit|proactive"
    r"|self[- ]?(?:starter|motivated)"
    r"|motivated|attention to detail|detail[- ]oriented|problem[- ]solv|calm|friendly|kind\b|empath|attitude"
    r"|flexib|multi-?task"
    r"|work ethic|under pressure|quick learner|willing(?:ness)?|readiness|organi[sz]ational skill|personally"
    r"|teamfähig|teamgeist"
    r"|kommunikationsst|belastbar|zuverlässig|eigenverantwort|sens du|esprit d|autonom|rigoureu"
    r"|presentation skill|written and verbal"
    r"|verbal and written|oral and written|speaks? up|leadership skill|precise\b",
    re.I,
)


def is_protected(text: str) -> bool:
    """Whether a sentence speaks of age, sex, family, origin, faith or health: no criterion is made of it."""
    return bool(_PROTECTED.search(text))


def special(text: str) -> str | None:
    """The sort of a demand that has its own evidence."""
    if languages(text) and len(text.split()) <= _LONGEST_LANGUAGE_DEMAND:
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


def is_gate(demand: Demand, sort: str) -> bool:
    """Only what a candidate cannot do without and nobody makes up for: by law, or in the posting's own words."""
    if demand.importance is Importance.NICE or _ALSO_WITHOUT.search(demand.text):
        return False
    if sort == "permit" or (sort == "licence" and _GATE_BY_LAW.search(demand.text)):
        return True
    explicit = bool(MUST.search(demand.text)) or (demand.headed and demand.importance is Importance.MUST)
    return sort in ("language", "degree") and explicit
