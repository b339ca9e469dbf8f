"""Access tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from candor.access.v1.access_pb2 import Role
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from services.chassis.security.subject import Subject
from services.chassis.security.tokens import (
    LIFETIME,
    ServiceCredential,
    TokenRefused,
    Tokens,
    create_key,
    load_key,
)
from services.chassis.settings import SettingsRefused
from tests.builders import StoppedClock

KEY = Ed25519PrivateKey.generate()
RITA = Subject("acc_rita", Role.ROLE_RECRUITER)
LEEWAY = timedelta(seconds=30)


def claims(clock: StoppedClock, **said: Any) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    usual = {
        "iss": "candor",
        "aud": "candor",
        "sub": RITA.account_id,
        "role": "ROLE_RECRUITER",
        "jti": "tok_1",
        "iat": now,
        "exp": now + 900,
    }
    return {name: value for name, value in {**usual, **said}.items() if value is not None}


def signed(clock: StoppedClock, key: Any = KEY, algorithm: str = "EdDSA", **said: Any) -> str:
    return jwt.encode(claims(clock, **said), key, algorithm=algorithm)


def encoded(part: dict[str, Any]) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")


def signed_by_hmac(clock: StoppedClock, secret: bytes) -> str:
    """HS256 with any bytes as the secret; the library itself refuses a public key as one."""
    body = encoded({"alg": "HS256", "typ": "JWT"}) + b"." + encoded(claims(clock))
    seal = base64.urlsafe_b64encode(hmac.new(secret, body, hashlib.sha256).digest()).rstrip(b"=")
    return (body + b"." + seal).decode()


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def tokens(clock: StoppedClock) -> Tokens:
    return Tokens(KEY, clock)


def test_a_token_says_who_it_was_issued_to(tokens: Tokens) -> None:
    for role in (Role.ROLE_ADMIN, Role.ROLE_RECRUITER, Role.ROLE_CANDIDATE, Role.ROLE_SERVICE):
        subject = Subject("acc_1", role)
        assert tokens.verify(tokens.issue(subject)[0]) == subject


def test_a_token_is_good_for_fifteen_minutes(tokens: Tokens, clock: StoppedClock) -> None:
    _, expires = tokens.issue(RITA)
    assert expires - clock.now() == LIFETIME == timedelta(minutes=15)


def test_a_token_of_another_process_with_the_same_key_is_good(clock: StoppedClock, tokens: Tokens) -> None:
    assert Tokens(KEY, clock).verify(tokens.issue(RITA)[0]) == RITA


def test_the_tests_own_tokens_are_good(tokens: Tokens, clock: StoppedClock) -> None:
    assert tokens.verify(signed(clock)) == RITA


def test_a_token_without_a_signature_is_refused(tokens: Tokens, clock: StoppedClock) -> None:
    with pytest.raises(TokenRefused):
        tokens.verify(jwt.encode(claims(clock), None, algorithm="none"))


@pytest.mark.parametrize(
    "secret",
    [
        KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
        KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        b"",
    ],
    ids=["pem", "raw", "der", "empty"],
)
def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(
    tokens: Tokens, clock: StoppedClock, secret: bytes
) -> None:
    with pytest.raises(TokenRefused):
        tokens.verify(signed_by_hmac(clock, secret))


def test_a_token_of_another_key_is_refused(tokens: Tokens, clock: StoppedClock) -> None:
    with pytest.raises(TokenRefused):
        tokens.verify(signed(clock, Ed25519PrivateKey.generate()))


def test_a_token_of_another_kind_of_key_is_refused(tokens: Tokens, clock: StoppedClock) -> None:
    with pytest.raises(TokenRefused):
        tokens.verify(signed(clock, generate_private_key(SECP256R1()), "ES256"))


@pytest.mark.parametrize("claim", ["exp", "iat", "iss", "aud", "sub", "jti", "role"])
def test_a_token_that_lacks_a_claim_is_refused(tokens: Tokens, clock: StoppedClock, claim: str) -> None:
    with pytest.raises(TokenRefused):
        tokens.verify(signed(clock, **{claim: None}))


@pytest.mark.parametrize(
    "said", [{"aud": "another"}, {"iss": "another"}, {"role": "ROLE_GOD"}, {"role": "ADMIN"}, {"exp": "soon"}]
)
def test_a_token_for_somebody_else_is_refused(tokens: Tokens, clock: StoppedClock, said: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        tokens.verify(signed(clock, **said))


@pytest.mark.parametrize("rubbish", ["", "x", "a.b.c", "a.b.c.d", "ä.ö.ü", "\x00", "." * 3000])
def test_what_is_no_token_is_refused(tokens: Tokens, rubbish: str) -> None:
    with pytest.raises(TokenRefused):
        tokens.verify(rubbish)


def test_a_token_whose_claims_were_changed_is_refused(tokens: Tokens, clock: StoppedClock) -> None:
    header, _, seal = tokens.issue(RITA)[0].split(".")
    forged = encoded(claims(clock, role="ROLE_ADMIN")).decode()
    with pytest.raises(TokenRefused):
        tokens.verify(f"{header}.{forged}.{seal}")


def test_an_expired_token_is_refused(tokens: Tokens, clock: StoppedClock) -> None:
    token, _ = tokens.issue(RITA)
    clock.turn(LIFETIME + LEEWAY + timedelta(seconds=1))
    with pytest.raises(TokenRefused):
        tokens.verify(token)


def test_clocks_of_two_machines_may_differ_by_half_a_minute(tokens: Tokens, clock: StoppedClock) -> None:
    token, _ = tokens.issue(RITA)
    clock.turn(LIFETIME + LEEWAY - timedelta(seconds=1))
    assert tokens.verify(token) == RITA


def test_a_token_that_was_good_before_is_refused_once_it_has_ended(tokens: Tokens, clock: StoppedClock) -> None:
    token, _ = tokens.issue(RITA)
    assert tokens.verify(token) == RITA
    clock.turn(LIFETIME - timedelta(seconds=1))
    assert tokens.verify(token) == RITA
    clock.turn(LEEWAY + timedelta(seconds=2))
    with pytest.raises(TokenRefused):
        tokens.verify(token)


def test_many_tokens_are_told_apart(tokens: Tokens) -> None:
    issued = {tokens.issue(Subject(f"acc_{number}", Role.ROLE_RECRUITER))[0]: f"acc_{number}" for number in range(1100)}
    for _ in range(2):
        assert all(tokens.verify(token).account_id == account for token, account in issued.items())


def test_a_service_speaks_under_its_own_name_and_role(tokens: Tokens, clock: StoppedClock) -> None:
    credential = ServiceCredential(tokens, "parser", clock)
    assert tokens.verify(credential.token()) == Subject("svc_parser", Role.ROLE_SERVICE)


def test_a_service_renews_its_token_before_it_ends(tokens: Tokens, clock: StoppedClock) -> None:
    credential = ServiceCredential(tokens, "parser", clock)
    first = credential.token()
    clock.turn(LIFETIME - timedelta(minutes=2))
    assert credential.token() == first
    clock.turn(timedelta(minutes=1, seconds=1))
    assert credential.token() != first
    clock.turn(timedelta(minutes=5))
    assert tokens.verify(credential.token()).account_id == "svc_parser"


def test_a_new_key_is_its_owners_alone_and_can_be_loaded(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "key.pem"
    create_key(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert isinstance(load_key(file), Ed25519PrivateKey)


def test_an_existing_key_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    create_key(file)
    before = file.read_bytes()
    create_key(file)
    assert file.read_bytes() == before


def test_no_key_is_refused_with_the_mend() -> None:
    with pytest.raises(SettingsRefused, match=r"CANDOR_SIGNING_KEY_FILE.*candor signing-key"):
        load_key(None)


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN PRIVATE KEY-----\nrubbish\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_is_no_key_is_refused_by_name(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "key.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsRefused, match=r"CANDOR_SIGNING_KEY_FILE.*key\.pem"):
        load_key(file)


def test_another_kind_of_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    other = generate_private_key(SECP256R1())
    file.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(SettingsRefused, match="Ed25519"):
        load_key(file)
