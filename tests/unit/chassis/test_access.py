"""The gate: who may call what, as the contract says."""

from __future__ import annotations

from typing import Any

import pytest
from candor.access.v1 import access_pb2
from candor.access.v1.access_pb2 import Role
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import MethodDescriptor

from services.chassis.rpc.interceptors.access import AccessLayer, RoleNotAllowed, SignInRequired
from services.chassis.rpc.interceptors.layer import Call
from services.chassis.rpc.interceptors.subject import SubjectLayer
from services.chassis.security.subject import NOBODY, Subject, current_subject, current_token, enter
from services.chassis.security.tokens import TokenRefused, Tokens
from tests.builders import StoppedClock, somebody

ROLES = [role for role in Role.values() if role != Role.ROLE_UNSPECIFIED]


def method_with(name: str, access: access_pb2.Access | None) -> MethodDescriptor:
    """A method of nobody's service, opened to whom `access` says."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{name}.proto", package=f"tests.{name}", syntax="proto3")
    file.dependency.append(access_pb2.DESCRIPTOR.name)
    file.message_type.add(name="Nothing")
    method = file.service.add(name="BoxService").method.add(
        name="OpenBox", input_type=f".tests.{name}.Nothing", output_type=f".tests.{name}.Nothing"
    )
    if access is not None:
        method.options.Extensions[access_pb2.access].CopyFrom(access)
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return pool.FindServiceByName(f"tests.{name}.BoxService").methods_by_name["OpenBox"]


PUBLIC = method_with("public", access_pb2.Access(public=True))
RECRUITERS = method_with("recruiters", access_pb2.Access(roles=[Role.ROLE_RECRUITER]))
UNSAID = method_with("unsaid", None)


async def passes(method: MethodDescriptor, subject: Subject) -> bool:
    enter(subject, "")
    async with AccessLayer().around(Call(method, None, {})):
        return True
    return False


@pytest.mark.parametrize("role", ROLES)
async def test_an_rpc_without_the_option_is_open_to_nobody(role: Role.ValueType) -> None:
    with pytest.raises(RoleNotAllowed):
        await passes(UNSAID, somebody(role))
    with pytest.raises(SignInRequired):
        await passes(UNSAID, NOBODY)


async def test_a_public_rpc_is_open_to_everybody() -> None:
    for subject in (NOBODY, *map(somebody, ROLES)):
        assert await passes(PUBLIC, subject)


async def test_an_rpc_is_open_to_the_roles_that_it_names() -> None:
    assert await passes(RECRUITERS, somebody(Role.ROLE_RECRUITER))


@pytest.mark.parametrize("role", [Role.ROLE_UNSPECIFIED, Role.ROLE_ADMIN, Role.ROLE_CANDIDATE, Role.ROLE_SERVICE])
async def test_another_role_is_told_that_it_may_not(role: Role.ValueType) -> None:
    with pytest.raises(RoleNotAllowed, match="OpenBox"):
        await passes(RECRUITERS, somebody(role))


async def test_nobody_is_told_to_sign_in() -> None:
    with pytest.raises(SignInRequired):
        await passes(RECRUITERS, NOBODY)


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(Ed25519PrivateKey.generate(), StoppedClock())


def calling_with(**metadata: Any) -> Call:
    return Call(PUBLIC, None, metadata)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_caller_is_whom_the_token_names(tokens: Tokens, scheme: str) -> None:
    rita = somebody()
    token, _ = tokens.issue(rita)
    async with SubjectLayer(tokens).around(calling_with(authorization=f"{scheme} {token}")):
        assert (current_subject(), current_token()) == (rita, token)


async def test_a_caller_without_a_token_is_nobody(tokens: Tokens) -> None:
    enter(somebody(), "before")
    async with SubjectLayer(tokens).around(calling_with()):
        assert (current_subject(), current_token()) == (NOBODY, "")


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer x", "Basic cml0YTpwdw==", "x"])
async def test_a_bad_credential_is_refused_even_where_none_is_needed(tokens: Tokens, header: str) -> None:
    with pytest.raises(TokenRefused):
        async with SubjectLayer(tokens).around(calling_with(authorization=header)):
            pass
