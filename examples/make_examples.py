"""Makes the CVs and the DOCX job description from the YAML files in `sources/`.

    python -m examples.make_examples            writes into examples/jobs and examples/cvs
    python -m examples.make_examples --check    changes nothing, fails if a file is not what its source says

Same sources and same library versions give the same bytes, so a run without a change leaves no diff.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from examples.rendering import docx_pages, pdf_pages
from examples.rendering.document import Document, read_document
from examples.rendering.pdf_locked import locked
from examples.rendering.pdf_scanned import scanned

HERE = Path(__file__).parent
FOLDERS = {"people": "cvs", "jobs": "jobs"}  # sources/<key> is rendered into <value>
LAYOUTS: dict[str, Callable[[Document], bytes]] = {
    "pdf-one-column": pdf_pages.one_column,
    "pdf-sidebar-left": pdf_pages.sidebar_left,
    "pdf-sidebar-right": pdf_pages.sidebar_right,
    "pdf-scanned": scanned,
    "docx-plain": docx_pages.plain,
    "docx-table": docx_pages.table,
}


def render(document: Document) -> bytes:
    content = LAYOUTS[document.look.layout](document)
    return locked(content, document.look.password) if document.look.password else content


def rendered() -> Iterator[tuple[Path, bytes]]:
    for source_folder, folder in FOLDERS.items():
        for source in sorted((HERE / "sources" / source_folder).glob("*.yaml")):
            document = read_document(source)
            yield HERE / folder / document.look.file, render(document)


def write() -> None:
    for path, content in rendered():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        print(f"{path.relative_to(HERE)}  {len(content):,} bytes")


def check() -> None:
    stale = [path for path, content in rendered() if not path.exists() or path.read_bytes() != content]
    if stale:
        names = ", ".join(str(path.relative_to(HERE)) for path in stale)
        sys.exit(f"not what their sources say: {names}")


if __name__ == "__main__":
    check() if "--check" in sys.argv[1:] else write()
