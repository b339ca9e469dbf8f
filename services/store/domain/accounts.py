"""Accounts: who signs in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from candor.access.v1.access_pb2 import Role

from services.chassis.refusals import Missing, Taken, Unauthenticated


class EmailTaken(Taken):
    """Another account has this address."""

    sentence = "There is already an account with this e-mail address. Sign in instead."


class SignInRefused(Unauthenticated):
    """The same for an unknown address and a wrong password."""

    sentence = "The e-mail address or the password is wrong."


class AccountNotFound(Missing):
    """The token's account is not, or no longer, there."""

    sentence = "There is no account {account_id}."


@dataclass
class Account:
    """Somebody who can sign in. `email_key` is the address without regard to case."""

    account_id: str
    email: str
    display_name: str
    role: Role.ValueType
    password_hash: str
    create_time: datetime

    @property
    def email_key(self) -> str:
        return key_of(self.email)


def key_of(email: str) -> str:
    """What makes two addresses the same: their spelling without case and surrounding blanks."""
    return email.strip().casefold()


def role_for_new_account(accounts_so_far: int) -> Role.ValueType:
    """The first account runs the house."""
    return Role.ROLE_ADMIN if accounts_so_far == 0 else Role.ROLE_RECRUITER
