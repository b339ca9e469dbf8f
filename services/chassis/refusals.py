"""Expected failures. Each is a class, named once; its name is the reason that callers see (`JobClosed`, JOB_CLOSED) and
its `sentence` what they read. Who meets one raises it; one interceptor turns it into a gRPC status, nobody else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar


class Code(IntEnum):
    """The canonical codes (google.rpc.Code) that a refusal may have."""

    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


@dataclass(frozen=True)
class FieldViolation:
    """One field of a request, by its path in the contract (`job.title`), and what is wrong with it."""

    field: str
    description: str


class Refusal(Exception):
    """An expected failure. Keyword arguments fill the sentence and travel as ErrorInfo.metadata."""

    code: ClassVar[Code]
    sentence: ClassVar[str]

    def __init__(
        self,
        *,
        fields: Sequence[FieldViolation] = (),
        retry_after_seconds: float | None = None,
        **facts: object,
    ) -> None:
        self.fields = tuple(fields)
        self.retry_after_seconds = retry_after_seconds
        self.facts = {name: str(value) for name, value in facts.items()}
        super().__init__(self.sentence.format(**self.facts))

    @property
    def reason(self) -> str:
        """The class's name as callers see it: JobClosed is JOB_CLOSED."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).upper()


class Invalid(Refusal):
    """The request itself is wrong: repeating it changes nothing."""

    code = Code.INVALID_ARGUMENT


class Missing(Refusal):
    """There is no such thing, or it is another's."""

    code = Code.NOT_FOUND


class Taken(Refusal):
    """It exists already."""

    code = Code.ALREADY_EXISTS


class Forbidden(Refusal):
    """The caller's role does not open this."""

    code = Code.PERMISSION_DENIED


class Unmet(Refusal):
    """The thing is not in a state that allows this."""

    code = Code.FAILED_PRECONDITION


class Lost(Refusal):
    """Somebody else was quicker."""

    code = Code.ABORTED


class Exhausted(Refusal):
    """A limit is reached."""

    code = Code.RESOURCE_EXHAUSTED


class Unavailable(Refusal):
    """Not now; try again."""

    code = Code.UNAVAILABLE


class Unauthenticated(Refusal):
    """Nobody knows who is calling."""

    code = Code.UNAUTHENTICATED
