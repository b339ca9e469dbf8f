"""Who is calling: the verified subject of the access token, or nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.chassis.rpc.interceptors.layer import AdmitsAll, Call
from services.chassis.security.subject import NOBODY, enter
from services.chassis.security.tokens import TokenRefused, Tokens

_SCHEME = "bearer "


class SubjectLayer(AdmitsAll):
    """Reads `authorization: Bearer …`. A bad token is refused even where none is needed."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncIterator[None]:
        header = call.metadata.get("authorization", "")
        if not header:
            enter(NOBODY, "")
        elif header[: len(_SCHEME)].lower() == _SCHEME:
            token = header[len(_SCHEME) :].strip()
            enter(self._tokens.verify(token), token)
        else:
            raise TokenRefused
        yield
