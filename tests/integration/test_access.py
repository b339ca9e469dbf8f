"""Every RPC of the contract, called by every role and by nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import grpc
import pytest
from candor.access.v1.access_pb2 import Access, Role, access, served_by
from candor.evaluations.v1 import evaluations_service_pb2, scoring_service_pb2
from candor.identity.v1 import identity_service_pb2
from candor.jobs.v1 import jobs_service_pb2
from candor.parsing.v1 import parsing_service_pb2
from candor.resumes.v1 import resumes_service_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from services.chassis.rpc.channels import dial
from services.chassis.security.subject import Subject
from services.chassis.telemetry import Telemetry
from tests.builders import running_store, somebody
from tests.meshes import RunningMesh

FILES = (
    identity_service_pb2,
    jobs_service_pb2,
    resumes_service_pb2,
    parsing_service_pb2,
    evaluations_service_pb2,
    scoring_service_pb2,
)
SERVICES: list[ServiceDescriptor] = [service for file in FILES for service in file.DESCRIPTOR.services_by_name.values()]
METHODS: list[MethodDescriptor] = [method for service in SERVICES for method in service.methods]
ROLES = [role for role in Role.values() if role != Role.ROLE_UNSPECIFIED]
Code = grpc.StatusCode


def access_of(method: MethodDescriptor) -> Access:
    return method.GetOptions().Extensions[access]


def path_of(method: MethodDescriptor) -> str:
    return f"/{method.containing_service.full_name}/{method.name}"


@pytest.fixture(scope="module")
async def whole(postgresql: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningMesh]:
    services = ["store", "parser", "scorer"]
    async with running_store(postgresql, tmp_path_factory.mktemp("mesh"), services=services) as running:
        yield running


class Caller:
    """Calls any RPC with an empty request, for what the gate says to it."""

    def __init__(self, mesh: RunningMesh, subject: Subject | None) -> None:
        token = mesh.tokens.issue(subject)[0] if subject else ""
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        names = {service.GetOptions().Extensions[served_by] for service in SERVICES}
        self._channels = {name: dial(mesh.addresses[name], Telemetry("tests", [])) for name in names}

    async def call(self, method: MethodDescriptor) -> grpc.StatusCode:
        try:
            answer = self._begin(method)
            if method.server_streaming:
                async for _ in answer:
                    break
            else:
                await answer
        except grpc.aio.AioRpcError as error:
            return error.code()
        return Code.OK

    def _begin(self, method: MethodDescriptor) -> Any:
        channel = self._channels[method.containing_service.GetOptions().Extensions[served_by]]
        kinds = {False: {False: channel.unary_unary, True: channel.unary_stream}, True: {False: channel.stream_unary}}
        request = message_factory.GetMessageClass(method.input_type)
        response = message_factory.GetMessageClass(method.output_type)
        make = kinds[method.client_streaming][method.server_streaming]
        prepared = make(path_of(method), request.SerializeToString, response.FromString)
        sent: Any = iter(()) if method.client_streaming else request()
        return prepared(sent, metadata=self._metadata, timeout=10)

    async def close(self) -> None:
        for channel in self._channels.values():
            await channel.close()


async def answers(mesh: RunningMesh, subject: Subject | None) -> dict[str, grpc.StatusCode]:
    """What every RPC answers to this caller."""
    caller = Caller(mesh, subject)
    try:
        return {path_of(method): await caller.call(method) for method in METHODS}
    finally:
        await caller.close()


def opened_to(role: Role.ValueType) -> set[str]:
    return {path_of(one) for one in METHODS if access_of(one).public or role in access_of(one).roles}


def with_code(found: dict[str, grpc.StatusCode], *codes: grpc.StatusCode) -> set[str]:
    return {path for path, code in found.items() if code in codes}


def test_the_walk_sees_the_whole_contract() -> None:
    assert len(SERVICES) == 6
    assert len(METHODS) >= 32
    assert {service.GetOptions().Extensions[served_by] for service in SERVICES} == {"store", "parser", "scorer"}


def test_no_rpc_is_without_the_access_option() -> None:
    assert [path_of(one) for one in METHODS if not one.GetOptions().HasExtension(access)] == []


def test_every_rpc_is_public_or_names_its_roles_and_not_both() -> None:
    assert [path_of(one) for one in METHODS if access_of(one).public == bool(access_of(one).roles)] == []


def test_no_rpc_is_opened_to_no_role_or_twice_to_one() -> None:
    for method in METHODS:
        roles: Sequence[int] = access_of(method).roles
        assert Role.ROLE_UNSPECIFIED not in roles, path_of(method)
        assert len(set(roles)) == len(roles), path_of(method)


def test_only_signing_up_and_signing_in_are_public() -> None:
    assert {one.name for one in METHODS if access_of(one).public} == {"CreateAccount", "CreateSession"}


def test_what_only_services_may_call_has_no_route() -> None:
    assert [path_of(one) for one in internal() if "http" in str(one.GetOptions())] == []
    assert {one.name for one in internal()} >= {"ClaimEvaluation", "CompleteEvaluation", "RecordParsedResume"}


def internal() -> Iterator[MethodDescriptor]:
    return (one for one in METHODS if list(access_of(one).roles) == [Role.ROLE_SERVICE])


async def test_every_role_passes_where_the_contract_opens_and_nowhere_else(whole: RunningMesh) -> None:
    for role in ROLES:
        found = await answers(whole, somebody(role))
        turned_away = with_code(found, Code.PERMISSION_DENIED)
        assert turned_away == set(found) - opened_to(role), Role.Name(role)
        assert with_code(found, Code.UNAUTHENTICATED) == set(), Role.Name(role)
        assert with_code(found, Code.UNIMPLEMENTED, Code.INTERNAL, Code.UNKNOWN) == set(), Role.Name(role)


async def test_nobody_passes_where_it_is_public_and_is_asked_to_sign_in_elsewhere(whole: RunningMesh) -> None:
    found = await answers(whole, None)
    assert with_code(found, Code.UNAUTHENTICATED) == {path_of(one) for one in METHODS if not access_of(one).public}
    assert with_code(found, Code.PERMISSION_DENIED) == set()


async def test_a_token_without_a_role_opens_nothing_that_is_not_public(whole: RunningMesh) -> None:
    found = await answers(whole, somebody(Role.ROLE_UNSPECIFIED))
    assert with_code(found, Code.PERMISSION_DENIED) == {path_of(one) for one in METHODS if not access_of(one).public}
