"""What IdentityService promises."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import psycopg
import pytest
from candor.access.v1.access_pb2 import Role
from candor.identity.v1.account_pb2 import Account
from candor.identity.v1.identity_service_pb2 import (
    CreateAccountRequest,
    CreateSessionRequest,
    GetMeRequest,
    Session,
)

from services.chassis.security.subject import Subject
from tests.builders import Refused, a_database, invalid, missing, refused, running_store, somebody
from tests.meshes import Client, RunningMesh, running_mesh

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
async def store(postgresql: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningMesh]:
    async with running_store(postgresql, tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture
def nobody(store: RunningMesh) -> Client:
    return store.client(None)


def sign_up(email: str, **said: Any) -> CreateAccountRequest:
    return CreateAccountRequest(**{"email": email, "password": PASSWORD, "display_name": "Rita", **said})


async def account_of(client: Client, email: str, **said: Any) -> Account:
    return await client.identity.CreateAccount(sign_up(email, **said))


async def session_of(client: Client, email: str, password: str = PASSWORD) -> Session:
    return await client.identity.CreateSession(CreateSessionRequest(email=email, password=password))


# CreateAccount


async def test_the_first_account_is_an_admin_and_the_next_a_recruiter(postgresql: str, tmp_path: Path) -> None:
    async with running_store(postgresql, tmp_path) as store:
        nobody = store.client(None)
        roles = [(await account_of(nobody, f"{number}@example.org")).role for number in range(3)]
    assert roles == [Role.ROLE_ADMIN, Role.ROLE_RECRUITER, Role.ROLE_RECRUITER]


async def test_of_ten_first_sign_ups_at_once_exactly_one_is_an_admin(postgresql: str, tmp_path: Path) -> None:
    async with running_store(postgresql, tmp_path) as store:
        nobody = store.client(None)
        made = await asyncio.gather(*(account_of(nobody, f"{number}@example.org") for number in range(10)))
    assert sorted(one.role for one in made) == [Role.ROLE_ADMIN, *[Role.ROLE_RECRUITER] * 9]


async def test_an_account_is_as_it_was_asked_for(nobody: Client) -> None:
    account = await account_of(nobody, "Rita.Meyer@Example.org", display_name="Rita Meyer")
    assert (account.email, account.display_name) == ("Rita.Meyer@Example.org", "Rita Meyer")
    assert account.account_id.startswith("acc_")
    assert account.HasField("create_time")


async def test_an_address_is_taken_in_any_case(nobody: Client) -> None:
    await account_of(nobody, "taken@example.org")
    with refused(grpc.StatusCode.ALREADY_EXISTS, "EMAIL_TAKEN"):
        await account_of(nobody, "TAKEN@Example.ORG", display_name="Somebody else")


async def test_of_ten_sign_ups_at_once_with_one_address_one_succeeds(nobody: Client) -> None:
    requests = [account_of(nobody, "ten@example.org", display_name=f"{number}") for number in range(10)]
    answers = await asyncio.gather(*requests, return_exceptions=True)
    assert sum(isinstance(one, Account) for one in answers) == 1
    codes = {one.code() for one in answers if isinstance(one, grpc.aio.AioRpcError)}
    assert codes == {grpc.StatusCode.ALREADY_EXISTS}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"email": ""}, "email"),
        ({"email": "rita"}, "email"),
        ({"email": "r" * 250 + "@example.org"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "p" * 201}, "password"),
        ({"display_name": ""}, "display_name"),
        ({"display_name": "n" * 201}, "display_name"),
        ({"request_id": "r" * 256}, "request_id"),
    ],
)
async def test_a_sign_up_that_is_not_valid_is_refused_by_field(
    nobody: Client, said: dict[str, str], field: str
) -> None:
    with invalid() as refusal:
        await account_of(nobody, **{"email": "valid@example.org", **said})
    assert list(refusal.fields) == [field]


async def test_a_password_is_never_said_again_by_a_refusal(nobody: Client) -> None:
    with invalid() as refusal:
        await account_of(nobody, "x@example.org", password="hunter2")
    assert "hunter2" not in str(refusal)


async def test_a_repeated_sign_up_answers_the_first_account(nobody: Client) -> None:
    first = await account_of(nobody, "repeat@example.org", request_id="r-1")
    assert await account_of(nobody, "repeat@example.org", request_id="r-1") == first


async def test_another_sign_up_under_the_same_request_id_is_refused(nobody: Client) -> None:
    await account_of(nobody, "one@example.org", request_id="r-2")
    with invalid("REQUEST_ID_REUSED"):
        await account_of(nobody, "two@example.org", request_id="r-2")
    with refused(grpc.StatusCode.UNAUTHENTICATED, "SIGN_IN_REFUSED"):
        await session_of(nobody, "two@example.org")


async def test_ten_sign_ups_at_once_under_one_request_id_are_one_account(nobody: Client) -> None:
    request = sign_up("once@example.org", request_id="r-3")
    answers = await asyncio.gather(*(nobody.identity.CreateAccount(request) for _ in range(10)))
    assert len({one.account_id for one in answers}) == 1


async def test_a_password_is_kept_as_an_argon2id_hash_only(postgresql: str, tmp_path: Path) -> None:
    request = sign_up("kept@example.org", request_id="r-1")
    async with a_database(postgresql) as url:
        async with running_mesh(tmp_path, services=["store"], database_url=url, bus_url="memory://") as store:
            await store.client(None).identity.CreateAccount(request)
        kept = await everything_in(url)
    assert "$argon2id$" in kept
    assert PASSWORD not in kept
    # Whoever reads the database could try passwords against a plain hash of the request a billion times a second.
    assert hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest() not in kept


async def everything_in(database_url: str) -> str:
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        tables = await connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = [name for (name,) in await tables.fetchall()]
        rows = [await (await connection.execute(f"SELECT t::text FROM {name} t")).fetchall() for name in names]
    return "\n".join(str(row) for table in rows for row in table)


# CreateSession


async def test_a_session_is_good_for_fifteen_minutes_and_opens_the_door(store: RunningMesh, nobody: Client) -> None:
    account = await account_of(nobody, "session@example.org")
    session = await session_of(nobody, "SESSION@example.org")
    assert session.account == account
    left = session.expire_time.ToDatetime(UTC) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    assert store.tokens.verify(session.access_token) == Subject(account.account_id, account.role)


async def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(nobody: Client) -> None:
    await account_of(nobody, "known@example.org")
    unknown = await refused_sign_in(nobody, "unknown@example.org", PASSWORD)
    wrong = await refused_sign_in(nobody, "known@example.org", "wrong password")
    assert unknown == wrong


async def refused_sign_in(client: Client, email: str, password: str) -> Refused:
    with refused(grpc.StatusCode.UNAUTHENTICATED, "SIGN_IN_REFUSED") as refusal:
        await session_of(client, email, password)
    return refusal


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        ("", PASSWORD, "email"),
        ("e" * 255, PASSWORD, "email"),
        ("a@b.de", "", "password"),
        ("a@b.de", "p" * 201, "password"),
    ],
)
async def test_a_sign_in_that_is_not_valid_is_refused_by_field(
    nobody: Client, email: str, password: str, field: str
) -> None:
    with invalid() as refusal:
        await session_of(nobody, email, password)
    assert list(refusal.fields) == [field]


async def test_no_address_signs_in_with_anothers_password(nobody: Client) -> None:
    await account_of(nobody, "first@example.org", password="the password of first")
    await account_of(nobody, "second@example.org", password="the password of second")
    await refused_sign_in(nobody, "first@example.org", "the password of second")
    assert (await session_of(nobody, "second@example.org", "the password of second")).access_token


# GetMe


async def test_whoever_has_signed_in_is_told_who_they_are(store: RunningMesh, nobody: Client) -> None:
    account = await account_of(nobody, "me@example.org")
    subject = store.tokens.verify((await session_of(nobody, "me@example.org")).access_token)
    assert await store.client(subject).identity.GetMe(GetMeRequest()) == account


async def test_an_account_that_is_not_there_is_not_found(store: RunningMesh) -> None:
    for role in (Role.ROLE_RECRUITER, Role.ROLE_ADMIN, Role.ROLE_CANDIDATE):
        with missing("ACCOUNT_NOT_FOUND"):
            await store.client(somebody(role)).identity.GetMe(GetMeRequest())
