"""The sample contract, compiled once."""

from __future__ import annotations

import pytest

from services.gateway.contract import Contract
from tests.unit.gateway.samples import contract_of


@pytest.fixture(scope="session")
def things() -> Contract:
    return contract_of()
