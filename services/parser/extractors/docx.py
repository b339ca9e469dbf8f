"""DOCX: which parts of the container a reader sees, and in which order; docx2txt where our own walk fails."""

from __future__ import annotations

import importlib.metadata
import io
import posixpath

import docx2txt
from candor.parsing.v1.parsed_resume_pb2 import Unreadable
from lxml import etree

from services.parser.extractors.archive import Archive
from services.parser.extractors.docx_look import WHITE, Colour, Styles, W
from services.parser.extractors.docx_walk import Walk
from services.parser.extractors.draft import CannotRead, Draft, DraftPage, Line

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_BODY = "word/document.xml"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_LXML = f"lxml/{etree.__version__}"
_DOCTYPES = (b"<!DOCTYPE", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be"))


def read(content: bytes) -> Draft:
    """The document as a reader sees it, as one page without places. Raises `CannotRead`."""
    archive = Archive(content)
    try:
        draft = _walk(archive)
    except (CannotRead, MemoryError, RecursionError):
        raise
    except Exception:
        # Neither a broken minor part nor a mistake in our walk may cost a candidate the reading of the CV.
        draft = _second_opinion(archive, content)
    if draft.words() == 0 and draft.pictures and not draft.hidden:
        raise CannotRead(
            Unreadable.CODE_IMAGE_ONLY,
            "The Word file holds pictures but no text. Ask the candidate for a version with text.",
        )
    return draft


def _walk(archive: Archive) -> Draft:
    draft = Draft(MEDIA_TYPE, _LXML)
    body = _parse(archive, _BODY)
    styles = Styles(_parse(archive, "word/styles.xml") if "word/styles.xml" in archive.names() else None)
    targets = _targets(archive)
    heads, feet = _margins(archive, body)
    walk = Walk(styles, _paper(archive, body))
    for reference in heads:
        walk.part(_parse(archive, targets[reference]) if targets.get(reference) in archive.names() else None)
    walk.part(body.find(f"{W}body"))
    for name in ("word/footnotes.xml", "word/endnotes.xml"):
        walk.part(_parse(archive, name) if name in archive.names() else None)
    for reference in feet:
        walk.part(_parse(archive, targets[reference]) if targets.get(reference) in archive.names() else None)
    draft.pages.append(DraftPage(walk.blocks))
    draft.hidden += walk.hidden
    draft.pictures = walk.pictures or any(name.startswith("word/media/") for name in archive.names())
    return draft


def _parse(archive: Archive, name: str) -> etree._Element:
    """One part as a tree: no entities, no network, no DTD, no more than 256 levels (lxml's own limit)."""
    content = archive.read(name)
    if any(mark in content for mark in _DOCTYPES):
        raise CannotRead(
            Unreadable.CODE_DAMAGED,
            "The Word file declares a document type, as no word processor does. Ask the candidate for a new one.",
        )
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as failure:
        if "depth" not in str(failure).lower():
            raise
        raise CannotRead(
            Unreadable.CODE_TOO_COMPLEX,
            "The Word file is nested deeper than any document needs. Ask the candidate to export it again.",
        ) from failure


def _targets(archive: Archive) -> dict[str, str]:
    """Relationship id to part name, for the parts inside the container only."""
    name = "word/_rels/document.xml.rels"
    if name not in archive.names():
        return {}
    return {
        relation.get("Id", ""): posixpath.normpath(posixpath.join("/word", relation.get("Target", ""))).lstrip("/")
        for relation in _parse(archive, name)
        if relation.get("TargetMode") != "External"
    }


def _margins(archive: Archive, body: etree._Element) -> tuple[list[str], list[str]]:
    """The relationship ids of the headers and footers that Word prints: a part that no section names is not seen."""
    even = "word/settings.xml" in archive.names() and (
        _parse(archive, "word/settings.xml").find(f"{W}evenAndOddHeaders") is not None
    )
    found: dict[str, dict[str, None]] = {"headerReference": {}, "footerReference": {}}
    for section in body.iter(f"{W}sectPr"):
        first = section.find(f"{W}titlePg") is not None
        for tag, references in found.items():
            for element in section.iterfind(f"{W}{tag}"):
                kind = element.get(f"{W}type", "default")
                if kind == "default" or (kind == "first" and first) or (kind == "even" and even):
                    references[element.get(f"{_R}id", "")] = None
    return list(found["headerReference"]), list(found["footerReference"])


def _paper(archive: Archive, body: etree._Element) -> Colour | None:
    """The colour of the page: white, or not known where the document paints its background."""
    return None if body.find(f"{W}background") is not None else WHITE


def _second_opinion(archive: Archive, content: bytes) -> Draft:
    """All text that docx2txt finds, hidden or not. The limits were checked when the archive was opened."""
    for name in archive.names():
        if name.endswith(".xml") and any(mark in archive.read(name) for mark in _DOCTYPES):
            raise _broken()
    try:
        text = docx2txt.process(io.BytesIO(content))
    except Exception as failure:
        raise _broken() from failure
    draft = Draft(MEDIA_TYPE, f"docx2txt/{importlib.metadata.version('docx2txt')}")
    paragraphs = [[Line(line) for line in block.split("\n")] for block in text.split("\n\n")]
    draft.pages.append(DraftPage(paragraphs))
    draft.warnings.append("The file was read by a simpler method and could not be checked for hidden words.")
    return draft


def _broken() -> CannotRead:
    return CannotRead(Unreadable.CODE_DAMAGED, "The Word file is broken. Ask the candidate to send it again.")
