"""Who may call what, as the contract says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from candor.access.v1 import access_pb2

from services.chassis.refusals import Forbidden, Unauthenticated
from services.chassis.rpc.interceptors.layer import AdmitsAll, Call
from services.chassis.security.subject import NOBODY, current_subject


class SignInRequired(Unauthenticated):
    """Nobody is signed in."""

    sentence = "Sign in first: send an access token as `Authorization: Bearer`."


class RoleNotAllowed(Forbidden):
    """The contract does not open this RPC to the caller's role."""

    sentence = "{method} is not open to the role {role}."


class AccessLayer(AdmitsAll):
    """The same gate for a browser and an internal caller. An RPC without the option is open to nobody."""

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncIterator[None]:
        access = call.method.GetOptions().Extensions[access_pb2.access]
        subject = current_subject()
        if not access.public:
            if subject is NOBODY:
                raise SignInRequired
            if subject.role not in access.roles:
                role = access_pb2.Role.Name(subject.role).removeprefix("ROLE_")
                raise RoleNotAllowed(method=call.method.name, role=role)
        yield
