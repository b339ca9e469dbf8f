"""Sign-up, sign-in, who am I."""

from __future__ import annotations

from typing import Any

from candor.identity.v1 import account_pb2, identity_service_pb2, identity_service_pb2_grpc

from services.chassis.clock import Clock
from services.chassis.ids import new_id
from services.chassis.security.subject import Subject, current_subject
from services.chassis.security.tokens import Tokens
from services.store.domain.accounts import Account, EmailTaken, SignInRefused, role_for_new_account
from services.store.mapping import account_message, stamp
from services.store.passwords import Passwords
from services.store.servicers.requests import key_of
from services.store.unit_of_work import UnitOfWork, Units


class IdentityServicer(identity_service_pb2_grpc.IdentityServiceServicer):
    def __init__(self, units: Units, passwords: Passwords, tokens: Tokens, clock: Clock) -> None:
        self._units, self._passwords, self._tokens, self._clock = units, passwords, tokens, clock

    async def CreateAccount(
        self, request: identity_service_pb2.CreateAccountRequest, context: Any
    ) -> account_pb2.Account:
        password_hash = await self._passwords.hash(request.password)

        async def create(unit: UnitOfWork) -> account_pb2.Account:
            so_far = await unit.accounts.count_before_adding()
            if await unit.accounts.by_email(request.email) is not None:
                raise EmailTaken
            account = Account(
                account_id=new_id("acc"),
                email=request.email.strip(),
                display_name=request.display_name,
                role=role_for_new_account(so_far),
                password_hash=password_hash,
                create_time=self._clock.now(),
            )
            return account_message(unit.accounts.add(account))

        # Not over the password: a plain hash of it in the database could be guessed at a billion times a second.
        asked = identity_service_pb2.CreateAccountRequest(email=request.email, display_name=request.display_name)
        key = key_of("CreateAccount", asked, request.request_id)
        return (await self._units.once(key, account_pb2.Account, create))[0]

    async def CreateSession(
        self, request: identity_service_pb2.CreateSessionRequest, context: Any
    ) -> identity_service_pb2.Session:
        async with self._units.begin() as unit:
            account = await unit.accounts.by_email(request.email)
        known = None if account is None else account.password_hash
        if not await self._passwords.matches(known, request.password) or account is None:
            raise SignInRefused
        token, expires = self._tokens.issue(Subject(account.account_id, account.role))
        return identity_service_pb2.Session(
            access_token=token, expire_time=stamp(expires), account=account_message(account)
        )

    async def GetMe(self, request: identity_service_pb2.GetMeRequest, context: Any) -> account_pb2.Account:
        async with self._units.begin() as unit:
            return account_message(await unit.accounts.get(current_subject().account_id, lock="none"))
