"""A job description as demands: which sentence asks for what, how much it matters, and what is only advertisement."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from services.scorer.models.lexical.segments import segments


class Importance(StrEnum):
    """How much a sentence of a posting matters."""

    MUST = "must"
    DUTY = "duty"
    NICE = "nice"
    IGNORED = "ignored"


@dataclass(frozen=True)
class Demand:
    """A sentence that asks for something: `description[start:end]`."""

    text: str
    start: int
    end: int
    importance: Importance
    headed: bool


_HEADINGS: tuple[tuple[Importance, re.Pattern[str]], ...] = tuple(
    (importance, re.compile(pattern, re.I))
    for importance, pattern in (
        (
            Importance.NICE,
            r"nice|desir|preferred|bonus|plus\b|advantage|additional|optional|wünschenswert|von vorteil"
            r"|pluspunkt|atout"
            r"|souhait|apprécié|constituie un avantaj",
        ),
        (
            Importance.IGNORED,
            r"we offer|benefit|perks|about (?:us|the (?:company|team|ward))|who we are|our company"
            r"|how (?:we work|to apply)"
            r"|compensation|salary|equal|why (?:join|work|us)|company|wir bieten|über uns|das bieten"
            r"|unser angebot|bewerb"
            r"|nous offrons|à propos|avantages|ce que nous|postuler|ce oferim|cum se aplic|contact|location"
            r"|schedule|job type",
        ),
        (
            Importance.MUST,
            r"requir|qualif|must|profile|you (?:bring|have|offer|are)|bring|skills|competenc|need|experience"
            r"|knowledge|criteria"
            r"|essential|looking for|look for|anforderung|voraussetzung|profil|mitbringen|das bringst"
            r"|kenntnisse|qualifikation"
            r"|compétences|exigences|aptitudin|cerin[țt]e|calific|education|minimum",
        ),
        (
            Importance.DUTY,
            r"dut(?:y|ies)|responsib|tasks?|you(?:'ll| will) do|role|what you|day.to.day|job (?:description"
            r"|summary)|summary"
            r"|accountabilit|aufgabe|tätigkeit|verantwort|missions?|tâches|ce vei face|responsabilit"
            r"|despre rol|position",
        ),
    )
)
_HEADING_LENGTH = 60
_ENOUGH_HEADED = 5
_MARKS = re.compile(r"^[#*_=\s]+|[#*_=:\s]+$")
# Converters glue headings and sentences: `ResponsibilitiesDrive`, `tools.Working`.
_GLUED = re.compile(
    r"(?<=[A-Za-z]{3}[.;:!?])(?=[A-Z][a-z])"
    r"|(?=\b(?:Responsibilities|Requirements|Qualifications|Preferred Qualifications|Skills|Competencies|Duties"
    r"|Job Description|Summary|Essential Functions|Benefits)\b\s*(?::|[A-Z&]))"
    r"|(?<=Responsibilities)(?=[A-Z])|(?<=Requirements)(?=[A-Z])|(?<=Qualifications)(?=[A-Z])|(?<=Summary)(?=[A-Z])"
    r"|(?<=Responsibilities:)|(?<=Requirements:)|(?<=Qualifications:)|(?<=Skills:)|(?<=Summary:)|(?<=Duties:)"
    r"|\s[·*]\s|(?<=[a-z)])[ \t]{3,20}(?=[A-Z])"
)
_NICE = re.compile(
    r"\b(?:nice to have|is a plus|a plus\b|plus\.?$|desir(?:ed|able)|preferred|preferabl[ey]|bonus"
    r"|advantage(?:ous)?|ideally|optional"
    r"|wünschenswert|von vorteil|idealerweise|gerne|un plus|un atout|souhaité\w*|apprécié\w*|un avantaj)\b",
    re.I,
)
MUST = re.compile(
    r"\b(?:must(?:[- ]have)?|require[ds]?|requirement|essential|mandatory|necessary|minimum|at least|zwingend"
    r"|erforderlich"
    r"|vorausgesetzt|voraussetzung|mindestens|obligatoire|exigée?s?|requise?s?|indispensable|impératif"
    r"|obligatoriu|necesar)\b",
    re.I,
)
# Advertisement and law: true of the company, not asked of the candidate.
_ADVERTISEMENT = re.compile(
    r"equal (?:employment )?opportunit|regardless of|without regard to|all qualified applicants|e-verify"
    r"|affirmative action"
    r"|reasonable accommodation|background check|drug (?:test|screen)|\b401\(?k|health insurance"
    r"|paid time off|\bpto\b|holidays?\b"
    r"|salary|per hour|bonus(?:es)? (?:program|plan|scheme)|competitive (?:pay|compensation)|we offer"
    r"|wir bieten|nous offrons|benefits"
    r"|(?:please|to) (?:apply|send|submit|visit|contact|email|call|forward)|apply (?:now|today|online)|click"
    r"|your (?:resume|cv)\b"
    r"|send (?:us )?(?:your|a) (?:resume|cv)|our client is|we are (?:a|an|the|one)\b|is (?:a|an"
    r"|the) (?:leading|global|premier|world)"
    r"|fortune \d+|founded in|headquarter|our mission|join (?:our|us|the)|www\.|https?:|<url>|<email>|<phone>"
    r"|third part(?:y|ies)"
    r"|^you(?:['’]ll| will)? (?:get|receive|enjoy|earn)\b|no c2c|\bw2\b|visa sponsor|(?:m/f/d|m/w/d"
    r"|f/h)\b.{0,30}$|why you|great place|work[- ]life|talent network|staffing",
    re.I,
)


# In a posting without headings, a sentence about us that does not ask for anything.
_COMPANY = re.compile(
    r"^(?!.*\b(?:experience|knowledge|skills?|must|required?|ability|responsib\w*|degree|you will)\b).*"
    r"\b(?:we|our|us|company|client|clients|opportunit(?:y|ies)|consultants?|recruit\w*|employees|careers?"
    r"|inc|llc|interview)\b",
    re.I | re.S,
)


def demands(description: str) -> list[Demand]:
    """The sentences of a description that ask for something, in order."""
    found: list[Demand] = []
    introduction = 0
    section: Importance | None = None
    for start, end in _sentences(description):
        text = description[start:end]
        heading = _heading(text, description, end)
        if heading is not None:
            introduction = introduction if section else len(found)
            section = heading
            continue
        importance = _importance(text, section)
        if importance is not Importance.IGNORED and len(text) > 2:
            found.append(Demand(text, start, end, importance, section is not None))
    # Where sections say what is asked for, what stands before the first of them praises the company.
    headed = found[introduction:]
    return headed if len(headed) >= _ENOUGH_HEADED else found


def _sentences(description: str) -> Iterator[tuple[int, int]]:
    """Sentences and bullets as offsets, with what converters glued together taken apart."""
    cuts = [0, *(match.start() for match in _GLUED.finditer(description)), len(description)]
    for first, last in itertools.pairwise(cuts):
        for part in segments(description[first:last]):
            yield first + part.start, first + part.end


def _heading(text: str, description: str, end: int) -> Importance | None:
    """What a heading says of the lines under it; None for a line that is none."""
    words = _MARKS.sub("", text)
    marked = text.startswith("#") or text.rstrip().endswith((":", "**")) or words.isupper()
    alone = description[end : end + 1] in ("", "\n") or description[end : end + 1].isupper() or marked
    if not words or len(words) > _HEADING_LENGTH or not alone or words.endswith((".", ",")):
        return None
    if not marked and len(words.split()) > 5:
        return None
    found = next((importance for importance, pattern in _HEADINGS if pattern.search(words)), None)
    if found is None and marked and text.startswith("#"):
        return Importance.IGNORED
    if (
        not marked
        and len(words.split()) > 2
        and found is Importance.MUST
        and not re.match(r"(?i)your|what|who|requir", words)
    ):
        return None  # `Strong communication skills` is a demand, `What you must bring` is a heading
    return found


def _importance(text: str, section: Importance | None) -> Importance:
    if section is Importance.IGNORED or _ADVERTISEMENT.search(text):
        return Importance.IGNORED
    if section is Importance.NICE or _NICE.search(text):
        return Importance.NICE
    if section is None and _COMPANY.search(text):
        return Importance.IGNORED
    if section is None:
        return Importance.MUST if MUST.search(text) else Importance.DUTY
    return section
