"""Path templates of google.api.http: `/api/v1/jobs/{job.job_id}:close`, parsed once and matched against raw paths."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

_TOKEN = re.compile(r"\{(?P<path>[a-z][a-z0-9_.]*)(?:=(?P<pattern>[^{}]+))?\}|(?P<plain>[^/{}:*]+)|(?P<star>\*{1,2})")


class TemplateError(ValueError):
    """A template that the gateway cannot serve."""


@dataclass(frozen=True)
class Variable:
    """A `{field.path}` of a template; it covers `length` segments from `start`."""

    field_path: tuple[str, ...]
    start: int
    length: int

    @property
    def name(self) -> str:
        """The field path as it is written in the contract."""
        return ".".join(self.field_path)


@dataclass(frozen=True)
class RawPath:
    """A request path split while still percent-encoded, so that an encoded slash or colon stays part of its segment."""

    segments: tuple[str, ...]
    custom_verb: str


@dataclass(frozen=True)
class PathTemplate:
    """One template. `segments` holds literals, and None for each `*`; `custom_verb` is what follows the colon."""

    text: str
    segments: tuple[str | None, ...]
    variables: tuple[Variable, ...]
    custom_verb: str

    @property
    def shape(self) -> tuple[tuple[str | None, ...], str]:
        """What two templates have in common when no request can tell them apart."""
        return self.segments, self.custom_verb

    @property
    def precedence(self) -> tuple[bool, ...]:
        """Sort key within one segment count: a literal goes before a variable, from left to right."""
        return tuple(segment is None for segment in self.segments)

    def match(self, path: RawPath) -> dict[str, str] | None:
        """Answers the variables' values by field path, or None when the path is another one.

        Raises:
            UnicodeDecodeError: a segment is not UTF-8 once decoded.
        """
        if path.custom_verb != self.custom_verb or len(path.segments) != len(self.segments):
            return None
        for wanted, given in zip(self.segments, path.segments, strict=True):
            if (not given) if wanted is None else (unquote(given) != wanted):
                return None
        return {v.name: _decode(path.segments[v.start : v.start + v.length]) for v in self.variables}


def split_path(raw: str) -> RawPath:
    """Splits a percent-encoded path. A colon in the last segment begins a custom verb; one in an id must be encoded."""
    *front, last = raw.removeprefix("/").split("/")
    resource, colon, custom_verb = last.rpartition(":")
    return RawPath((*front, resource), custom_verb) if colon else RawPath((*front, last), "")


def parse_template(text: str) -> PathTemplate:
    """Reads a template.

    Raises:
        TemplateError: it is not the grammar of google.api.http, has `**`, or a `*` without a field.
    """
    if not text.startswith("/"):
        raise TemplateError(f"{text}: a path begins with a slash")
    body, custom_verb = _split_custom_verb(text)
    segments: list[str | None] = []
    variables: list[Variable] = []
    for piece in _split_segments(body):
        token = _TOKEN.fullmatch(piece)
        if token is None:
            raise TemplateError(f"{text}: {piece!r} is no segment")
        if token["star"]:
            raise TemplateError(f"{text}: a `*` stands for a field, as {{name}} or {{name=a/*}}")
        covered = _segments_of(text, token)
        if token["path"]:
            variables.append(Variable(tuple(token["path"].split(".")), len(segments), len(covered)))
        segments.extend(covered)
    return PathTemplate(text, tuple(segments), tuple(variables), custom_verb)


def _split_custom_verb(text: str) -> tuple[str, str]:
    head, colon, tail = text.rpartition(":")
    if colon and "/" not in tail and "}" not in tail:
        return head, tail
    return text, ""


def _split_segments(body: str) -> list[str]:
    # A slash inside braces belongs to the variable's own pattern.
    return re.split(r"/(?![^{}]*\})", body)[1:]


def _segments_of(text: str, token: re.Match[str]) -> list[str | None]:
    pattern = token["pattern"] or "*" if token["path"] else token[0]
    if "**" in pattern:
        raise TemplateError(f"{text}: `**` is not supported, because routes are looked up by their number of segments")
    return [None if part == "*" else part for part in pattern.split("/")]


def _decode(raw_segments: Sequence[str]) -> str:
    if len(raw_segments) == 1:
        return unquote(raw_segments[0], errors="strict")
    # Over several segments an encoded slash stays encoded, else it could not be told from a separator.
    kept = (re.sub("%2F", "%252F", segment, flags=re.IGNORECASE) for segment in raw_segments)
    return "/".join(unquote(segment, errors="strict") for segment in kept)
