"""Identifiers."""

from __future__ import annotations

import itertools
import time
import uuid
from datetime import UTC, datetime

import pytest

from services.chassis.ids import new_id

TURN = 4096
"""After as many ids the counter behind the milliseconds begins again."""


@pytest.mark.parametrize("prefix", ["acc", "job", "res", "eva"])
def test_an_id_is_its_prefix_and_thirty_two_hexadecimal_digits(prefix: str) -> None:
    before, _, digits = new_id(prefix).partition("_")
    assert before == prefix
    assert len(digits) == 32
    assert set(digits) <= set("0123456789abcdef")


def test_an_id_is_a_uuid_of_version_seven() -> None:
    parsed = uuid.UUID(new_id("job").removeprefix("job_"))
    assert parsed.version == 7
    assert parsed.variant == uuid.RFC_4122


def test_an_id_holds_the_millisecond_of_its_birth() -> None:
    before = time.time_ns() // 1_000_000
    born = int(new_id("job").removeprefix("job_")[:12], 16)
    assert before <= born <= time.time_ns() // 1_000_000
    assert datetime.fromtimestamp(born / 1000, UTC).year >= 2026


def test_ids_sort_by_birth_but_for_the_counters_turn() -> None:
    made = [new_id("job") for _ in range(3 * TURN)]
    out_of_order = sum(later < earlier for earlier, later in itertools.pairwise(made))
    assert out_of_order <= 4


def test_ids_of_different_milliseconds_always_sort_by_birth() -> None:
    made = []
    for _ in range(20):
        made.append(new_id("job"))
        time.sleep(0.002)
    assert made == sorted(made)


def test_no_two_ids_are_the_same() -> None:
    assert len({new_id("job") for _ in range(10_000)}) == 10_000
