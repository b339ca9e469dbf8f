"""Who is who."""

from __future__ import annotations

import pytest
from candor.access.v1.access_pb2 import Role

from services.store.domain.accounts import key_of, role_for_new_account
from services.store.passwords import Passwords
from tests.builders import an_account


def test_the_first_account_is_an_admin_and_every_later_one_a_recruiter() -> None:
    assert role_for_new_account(0) == Role.ROLE_ADMIN
    assert {role_for_new_account(many) for many in (1, 2, 1000)} == {Role.ROLE_RECRUITER}


@pytest.mark.parametrize("spelling", ["rita@example.org", "RITA@Example.ORG", "  rita@example.org\n"])
def test_an_address_is_the_same_in_any_case(spelling: str) -> None:
    assert an_account(email=spelling).email_key == key_of("Rita@example.org")


def test_two_addresses_are_two() -> None:
    assert key_of("rita@example.org") != key_of("rita@example.com")


async def test_a_password_is_kept_as_an_argon2id_hash_with_a_salt_of_its_own() -> None:
    passwords = Passwords()
    first, second = [await passwords.hash("correct horse battery") for _ in range(2)]
    assert first.startswith("$argon2id$")
    assert first != second
    assert "correct" not in first


async def test_only_the_right_password_matches() -> None:
    passwords = Passwords()
    kept = await passwords.hash("correct horse battery")
    assert await passwords.matches(kept, "correct horse battery")
    assert not await passwords.matches(kept, "correct horse batteries")


async def test_nobody_has_a_password() -> None:
    assert not await Passwords().matches(None, "the password of nobody")


async def test_a_hash_that_is_none_matches_nothing() -> None:
    assert not await Passwords().matches("not a hash", "not a hash")
