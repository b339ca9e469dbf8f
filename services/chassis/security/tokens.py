"""Access tokens: JWTs signed with Ed25519, short-lived, verified offline by every service."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime, timedelta
from pathlib import Path

import jwt
from candor.access.v1.access_pb2 import Role
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from services.chassis.clock import Clock
from services.chassis.ids import new_id
from services.chassis.refusals import Unauthenticated
from services.chassis.security.subject import Subject
from services.chassis.settings import SettingsRefused

LIFETIME = timedelta(minutes=15)
_ISSUER = "candor"
_REQUIRED = ["exp", "iat", "iss", "aud", "sub", "jti"]
_LEEWAY_SECONDS = 30
"""Clocks of two machines may differ by as much (reliability matrix F19)."""


class TokenRefused(Unauthenticated):
    """The access token is not one of ours, or no longer good."""

    sentence = "The access token is not valid or has expired. Sign in again."


class Tokens:
    """Issues and verifies access tokens with one Ed25519 key."""

    def __init__(self, key: Ed25519PrivateKey, clock: Clock) -> None:
        self._key = key
        self._public = key.public_key()
        self._clock = clock
        raw = self._public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._key_id = hashlib.sha256(raw).hexdigest()[:16]
        self._verified: dict[str, tuple[Subject, float]] = {}

    def issue(self, subject: Subject, lifetime: timedelta = LIFETIME) -> tuple[str, datetime]:
        """A token for the subject, and when it ends."""
        now = self._clock.now()
        expires = now + lifetime
        claims = {
            "iss": _ISSUER,
            "aud": _ISSUER,
            "sub": subject.account_id,
            "role": Role.Name(subject.role),
            "jti": new_id("tok"),
            "iat": int(now.timestamp()),
            "exp": int(expires.timestamp()),
        }
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"kid": self._key_id, "typ": "at+jwt"}), expires

    def verify(self, token: str) -> Subject:
        """The subject of a token. Verified tokens are remembered until they end: a signature costs 0.1 ms.

        Raises:
            TokenRefused: wrong signature, algorithm, audience, or time.
        """
        now = self._clock.now().timestamp()
        known = self._verified.get(token)
        if known is not None and now < known[1]:
            return known[0]
        claims = self._decode(token, now)
        subject = Subject(claims["sub"], Role.Value(claims["role"]))
        if len(self._verified) >= 1024:
            self._verified.clear()
        self._verified[token] = subject, float(claims["exp"])
        return subject

    def _decode(self, token: str, now: float) -> dict[str, str]:
        try:
            claims: dict[str, str] = jwt.decode(
                token,
                self._public,
                algorithms=["EdDSA"],
                audience=_ISSUER,
                issuer=_ISSUER,
                options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False},
            )
            if float(claims["exp"]) + _LEEWAY_SECONDS < now or claims["role"] not in Role.keys():  # noqa: SIM118
                raise TokenRefused
        except (jwt.PyJWTError, KeyError, ValueError):
            raise TokenRefused from None
        return claims


class ServiceCredential:
    """A service's own token, renewed before it ends."""

    def __init__(self, tokens: Tokens, service: str, clock: Clock) -> None:
        self._tokens, self._clock = tokens, clock
        self._subject = Subject(f"svc_{service}", Role.ROLE_SERVICE)
        self._token, self._expires = tokens.issue(self._subject)

    def token(self) -> str:
        """A token that is good for at least a minute more."""
        if self._expires - self._clock.now() < timedelta(minutes=1):
            self._token, self._expires = self._tokens.issue(self._subject)
        return self._token


def load_key(path: Path | None) -> Ed25519PrivateKey:
    """The signing key from a PEM file.

    Raises:
        SettingsRefused: no file is named, it is not there, or holds another kind of key.
    """
    if path is None:
        raise SettingsRefused(
            "CANDOR_SIGNING_KEY_FILE is not set. All services share one Ed25519 key; make it once with "
            "`candor signing-key FILE` or `openssl genpkey -algorithm ed25519 -out FILE`"
        )
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise SettingsRefused(f"CANDOR_SIGNING_KEY_FILE: {path} cannot be used: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsRefused(f"CANDOR_SIGNING_KEY_FILE: {path} holds another kind of key than Ed25519")
    return key


def create_key(path: Path) -> None:
    """Writes a new key that only its owner may read. An existing file is left as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        with open(path, "xb", opener=_owner_only) as file:
            file.write(pem)
    except FileExistsError:
        return


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
