"""Pages by key: a token says after which key the next page begins, and for which question, so that no row is skipped or
shown twice when rows come and go in between."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.chassis.refusals import FieldViolation, Invalid

T = TypeVar("T")
DEFAULT_SIZE = 20


class PageTokenInvalid(Invalid):
    """Not a token of ours, or one of another question."""

    sentence = "The page token is not one of this list. Begin again without one."


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page and the token of the next; empty on the last."""

    items: Sequence[T]
    next_token: str


@dataclass(frozen=True)
class PageRequest:
    """Which page of which question. `after` is empty for the first."""

    size: int
    after: str
    question: str

    @classmethod
    def of(cls, size: int, token: str, *filters: object) -> PageRequest:
        """Reads size and token of a list request.

        Raises:
            PageTokenInvalid: the token belongs to another list, or other filters.
        """
        question = hashlib.sha256(repr(filters).encode()).hexdigest()[:8]
        return cls(size or DEFAULT_SIZE, _after(token, question), question)

    def cut(self, found: Sequence[T], key: Callable[[T], str]) -> Page[T]:
        """`found` holds one more than the page where there is another page."""
        items = found[: self.size]
        more = len(found) > self.size
        return Page(items, _token(self.question, key(items[-1])) if more else "")


def _token(question: str, after: str) -> str:
    return base64.urlsafe_b64encode(f"{question}:{after}".encode()).decode().rstrip("=")


def _after(token: str, question: str) -> str:
    if not token:
        return ""
    try:
        asked, _, after = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        asked, after = "", ""
    if asked != question or not after:
        raise PageTokenInvalid(fields=[FieldViolation("page_token", "is not a token of this list")])
    return after
