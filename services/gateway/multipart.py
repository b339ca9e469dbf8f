"""multipart/form-data as it comes in: fields are collected, the file is passed on at once and never held."""

from __future__ import annotations

from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from services.gateway.fields import FieldError
from services.gateway.problems import Refused, invalid

FILE_PART = "file"
_FIELD_LIMIT = 16 * 1024
_PART_LIMIT = 50


@dataclass(frozen=True)
class FormField:
    """An ordinary field, complete."""

    name: str
    value: str


@dataclass(frozen=True)
class FileStart:
    """The part `file` begins. `file_name` is empty where the client gave none."""

    file_name: str


FormEvent = FormField | FileStart | bytes
"""bytes are the next piece of the file."""


class FormReader:
    """Parses a form piece by piece."""

    def __init__(self, content_type: str) -> None:
        """Takes the request's Content-Type.

        Raises:
            Refused: 400, it names no boundary.
        """
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part_begins,
                    "on_header_field": self._header_name_comes,
                    "on_header_value": self._header_value_comes,
                    "on_header_end": self._header_ends,
                    "on_headers_finished": self._headers_end,
                    "on_part_data": self._data_comes,
                    "on_part_end": self._part_ends,
                    "on_end": self._form_ends,
                },
            )
        except FormParserError as error:
            raise _broken() from error
        if not boundary:
            raise _broken()
        self._events: list[FormEvent] = []
        self._parts = 0
        self._ended = False
        self._part_begins()
        self._parts = 0

    def feed(self, piece: bytes) -> list[FormEvent]:
        """Answers what the next piece completes.

        Raises:
            Refused: 400, it is no form, or a field is too large.
        """
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise _broken() from error
        events, self._events = self._events, []
        return events

    def finish(self) -> None:
        """Says that nothing more comes.

        Raises:
            Refused: 400, the form is cut short.
        """
        if not self._ended:
            raise Refused(invalid(FieldError("the form ends early", pointer="")))

    def _part_begins(self) -> None:
        self._parts += 1
        if self._parts > _PART_LIMIT:
            raise Refused(invalid(FieldError(f"the form has more than {_PART_LIMIT} parts", pointer="")))
        self._disposition = ""
        self._header_name = b""
        self._header_value = b""
        self._name = ""
        self._value = bytearray()

    def _header_name_comes(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _header_value_comes(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _header_ends(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = self._header_value.decode("latin-1")
        self._header_name = self._header_value = b""

    def _headers_end(self) -> None:
        options = parse_options_header(self._disposition)[1]
        self._name = decode_text(options.get(b"name", b""))
        if self._name == FILE_PART:
            # Browsers write a quote in a file name as %22 (WHATWG, multipart/form-data encoding).
            self._events.append(FileStart(decode_text(options.get(b"filename", b"")).replace("%22", '"')))

    def _data_comes(self, data: bytes, start: int, end: int) -> None:
        if self._name == FILE_PART:
            self._events.append(data[start:end])
            return
        self._value += data[start:end]
        if len(self._value) > _FIELD_LIMIT:
            raise Refused(invalid(FieldError(f"has more than {_FIELD_LIMIT} bytes", parameter=self._name)))

    def _part_ends(self) -> None:
        if self._name != FILE_PART:
            self._events.append(FormField(self._name, decode_text(bytes(self._value))))

    def _form_ends(self) -> None:
        self._ended = True


def decode_text(raw: bytes) -> str:
    """UTF-8, or else Latin-1, which every byte is."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _broken() -> Refused:
    return Refused(invalid(FieldError("is no multipart/form-data that can be read", pointer="")))
