"""One gateway for all contract tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from services.gateway.contract import Contract, load_contract
from tests.contract.fake_mesh import FakeMesh
from tests.contract.running import Gateway, serving


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load_contract()


@pytest.fixture(scope="session")
async def _served(
    contract: Contract, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[FakeMesh, Gateway]]:
    mesh = FakeMesh()
    async with serving(contract, mesh, tmp_path_factory.mktemp("mesh")) as running:
        yield mesh, running


@pytest.fixture
def mesh(_served: tuple[FakeMesh, Gateway]) -> FakeMesh:
    """The mesh behind `gateway`, as if nobody had called yet."""
    _served[0].forget()
    return _served[0]


@pytest.fixture
def gateway(_served: tuple[FakeMesh, Gateway], mesh: FakeMesh) -> Gateway:
    """One gateway for all tests; one that a test stops is made with `serving`."""
    return _served[1]
