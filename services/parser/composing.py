"""A draft becomes the contract's message: normalised text, and offsets into exactly that text.

All normalisation happens here, line by line and before anything is counted, so that an offset never needs mending.
"""

from __future__ import annotations

import re
import unicodedata

from candor.parsing.v1.parsed_resume_pb2 import Box, HiddenSpan, Page, ParsedResume, Span

from services.parser.extractors.draft import Draft, DraftPage, Hidden, Line

# The longest real CV has 101,000 characters, 99 in 100 have fewer than 19,000.
MOST_CHARACTERS = 300_000
# A CV may hide a few words by accident, not pages: what is kept of the hidden text is bounded as well.
_MOST_HIDDEN, _MOST_HIDDEN_CHARACTERS = 500, 20_000

# Ligatures, Hebrew and Arabic presentation forms, and the radicals that Chromium writes for whole ideographs.
_COMPATIBLE = re.compile("[\ufb00-\ufdff\ufe70-\ufefc\u2e80-\u2fdf]+")
# Zero-width characters, bidirectional controls, variation selectors and fillers: drawn as nothing, read by a model.
# The joiners U+200C and U+200D are spelling in Arabic and Indic scripts, and kept between such letters.
_JOINED = "\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff"
_INVISIBLE = re.compile(
    "[\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0100-\U000e01ef]"
    f"|(?<![{_JOINED}])[\u200c\u200d]|[\u200c\u200d](?![{_JOINED}])"
)
# Tags: an invisible copy of ASCII, which models read as if it were printed.
_TAGS = re.compile("[\U000e0000-\U000e007f]+")
# Soft hyphens (a drawn one has become "-" before), controls, lone surrogates, and the icon fonts' private use area.
_DROPPED = re.compile("[\u00ad\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_ICONS = re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd\ufffe\uffff]")
_SPACES = re.compile("[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\x0a-\x0d\x85\u2028\u2029]+")


def compose(draft: Draft, parser: str) -> ParsedResume:
    """The message. `parser` names parser and extractor with their versions."""
    composer = _Composer()
    for number, page in enumerate(draft.pages, start=1):
        composer.add_page(number, page)
    composer.add_hidden(draft.hidden)
    return ParsedResume(
        text=composer.text(),
        pages=composer.pages,
        spans=composer.spans,
        hidden_spans=composer.hidden,
        warnings=[*draft.warnings, *composer.warnings()],
        media_type=draft.media_type,
        parser=parser,
    )


class _Composer:
    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.spans: list[Span] = []
        self.hidden: list[HiddenSpan] = []
        self._parts: list[str] = []
        self._length = 0
        self._removed = 0
        self._cut = False

    def text(self) -> str:
        return "".join(self._parts)

    def warnings(self) -> list[str]:
        found = []
        if self._removed:
            found.append(f"{self._removed} invisible characters (zero-width or direction marks) were removed.")
        if self._cut:
            found.append(f"Only the first {MOST_CHARACTERS:,} characters were read.")
        if self.hidden:
            found.append("The file holds text that a reader does not see. It was set apart and not read.")
        return found

    def add_page(self, number: int, page: DraftPage) -> None:
        start: int | None = None
        for block in page.blocks:
            if self._cut:
                break
            lines = [(text, line) for line in block if (text := self._normal(line.text, number))]
            for index, (text, line) in enumerate(lines):
                begin = self._append(text, "\n" if index else "\n\n")
                if begin is None:
                    break
                start = begin if start is None else start
                self.spans.append(_span(number, begin, self._length, line))
        first = self._length if start is None else start
        self.pages.append(Page(number=number, start=first, end=self._length, width=page.width, height=page.height))

    def add_hidden(self, hidden: list[Hidden]) -> None:
        left = _MOST_HIDDEN_CHARACTERS
        for kind, page, raw_text in hidden:
            text = _clean(raw_text)[0][:left]
            if text and len(self.hidden) < _MOST_HIDDEN:
                self.hidden.append(HiddenSpan(kind=kind, page=page, text=text))
                left -= len(text)

    def _append(self, text: str, separator: str) -> int | None:
        """Where the text begins, or None where the document is full."""
        before = separator if self._parts else ""
        room = MOST_CHARACTERS - self._length - len(before)
        if room < len(text):
            self._cut = True
            text = text[: max(0, room)].rstrip()
            if not text:
                return None
        self._parts += (before, text)
        self._length += len(before) + len(text)
        return self._length - len(text)

    def _normal(self, text: str, page: int) -> str:
        for tags in _TAGS.findall(text):
            letters = "".join(chr(ord(tag) - 0xE0000) for tag in tags if 0xE0020 <= ord(tag) < 0xE007F)
            if letters.strip():
                self.hidden.append(HiddenSpan(kind=HiddenSpan.KIND_INVISIBLE, page=page, text=letters))
        clean, removed = _clean(text)
        self._removed += removed
        return clean


def _clean(text: str) -> tuple[str, int]:
    """The text in NFC with plain spaces and letters, and how many invisible characters it lost."""
    text = _COMPATIBLE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = _DROPPED.sub("", text)
    text, tags = _TAGS.subn("", text)
    text, invisible = _INVISIBLE.subn("", text)
    text = _SPACES.sub(" ", _ICONS.sub(" ", text))
    return unicodedata.normalize("NFC", text).strip(" "), tags + invisible


def _span(number: int, start: int, end: int, line: Line) -> Span:
    if line.box is None:
        return Span(page=number, start=start, end=end)
    left, top, right, bottom = line.box
    return Span(page=number, start=start, end=end, box=Box(left=left, top=top, right=right, bottom=bottom))
