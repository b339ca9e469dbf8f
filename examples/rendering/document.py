"""What an example says (sections of text) and how it should look, read from YAML."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Entry:
    """One post, course or degree."""

    what: str
    where: str
    when: str
    points: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """A heading and any of: a paragraph, labelled facts, dated entries, bullet points."""

    title: str
    text: str
    facts: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    points: tuple[str, ...]
    aside: bool  # belongs in the sidebar, where a layout has one


@dataclass(frozen=True)
class Look:
    """The file to make, and the tricks it plays."""

    file: str
    layout: str
    font: str
    accent: str  # six hexadecimal digits
    hidden: tuple[str, ...]  # paragraphs printed in white on white
    password: str  # empty: not locked


@dataclass(frozen=True)
class Document:
    """A CV or a job description."""

    name: str
    headline: str
    contact: tuple[str, ...]
    sections: tuple[Section, ...]
    look: Look

    @property
    def main(self) -> tuple[Section, ...]:
        return tuple(section for section in self.sections if not section.aside)

    @property
    def aside(self) -> tuple[Section, ...]:
        return tuple(section for section in self.sections if section.aside)


def read_document(path: Path) -> Document:
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Document(
        name=raw["name"],
        headline=raw["headline"],
        contact=tuple(raw["contact"]),
        sections=tuple(_section(section) for section in raw["sections"]),
        look=_look(raw["look"]),
    )


def _section(raw: dict[str, Any]) -> Section:
    return Section(
        title=raw["title"],
        text=raw.get("text", ""),
        facts=tuple((label, str(value)) for label, value in raw.get("facts", {}).items()),
        entries=tuple(_entry(entry) for entry in raw.get("entries", ())),
        points=tuple(raw.get("points", ())),
        aside=raw.get("aside", False),
    )


def _entry(raw: dict[str, Any]) -> Entry:
    return Entry(
        what=raw["what"],
        where=raw.get("where", ""),
        when=str(raw.get("when", "")),  # a lone year is a number in YAML
        points=tuple(raw.get("points", ())),
    )


def _look(raw: dict[str, Any]) -> Look:
    return Look(
        file=raw["file"],
        layout=raw["layout"],
        font=raw["font"],
        accent=str(raw["accent"]),
        hidden=tuple(raw.get("hidden", ())),
        password=raw.get("password", ""),
    )
