"""Who is calling: read from a verified token, never from a request."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from candor.access.v1.access_pb2 import Role


@dataclass(frozen=True)
class Subject:
    """A caller. `account_id` is an account, or the name of a service of the mesh."""

    account_id: str
    role: Role.ValueType

    @property
    def sees_everything(self) -> bool:
        """Admins and services act on every account's objects."""
        return self.role in (Role.ROLE_ADMIN, Role.ROLE_SERVICE)


NOBODY = Subject("", Role.ROLE_UNSPECIFIED)

_current: ContextVar[Subject] = ContextVar("subject", default=NOBODY)
_token: ContextVar[str] = ContextVar("token", default="")


def current_subject() -> Subject:
    """The caller of the RPC that is being served; NOBODY outside one."""
    return _current.get()


def current_token() -> str:
    """The caller's access token, to act on their behalf at another service; empty outside an RPC."""
    return _token.get()


def enter(subject: Subject, token: str) -> None:
    """Makes a caller the current one for the rest of this task. Called by the subject layer only."""
    _current.set(subject)
    _token.set(token)
