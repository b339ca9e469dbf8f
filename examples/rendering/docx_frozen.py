"""A DOCX is a zip archive, and a zip archive remembers when each member was written. This one does not."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment a zip archive can name


def frozen(archive: bytes) -> bytes:
    """The same members in the same order, with the clock and the operating system taken out."""
    target = BytesIO()
    with ZipFile(BytesIO(archive)) as source, ZipFile(target, "w", ZIP_DEFLATED) as copy:
        for member in source.namelist():
            entry = ZipInfo(member, date_time=_EPOCH)
            entry.compress_type = ZIP_DEFLATED
            entry.create_system = 0
            copy.writestr(entry, source.read(member))
    return target.getvalue()
