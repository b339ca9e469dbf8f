"""What can be run, and where its `assemble` is. `all` is everything in one process, on other default URLs."""

from __future__ import annotations

import fcntl
import importlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import Field

from services.chassis.component import Component
from services.chassis.runtime import Defaults, Process
from services.chassis.security.tokens import create_key
from services.chassis.settings import ProcessSettings, Settings, SettingsRefused

# In the order in which they start: whoever is called before whoever calls.
TARGETS = {
    "store": "services.store.wiring",
    "parser": "services.parser.wiring",
    "scorer": "services.scorer.wiring",
    "gateway": "services.gateway.wiring",
}
ALL = "all"


class Addresses(Settings):
    """Where the services of one process find each other, and so where each listens."""

    store_address: str = Field(description="The store")
    parser_address: str = Field(description="The parser")
    scorer_address: str = Field(description="The scorer")
    grpc_listen: str = Field("", description="Not for `all`")


def assemble(names: Sequence[str], process: Process) -> Component:
    """The named services on one process.

    Raises:
        SettingsRefused: settings that cannot work.
    """
    made: list[Component] = []
    for name in names:
        build: Callable[[Process], Component] = importlib.import_module(TARGETS[name]).assemble
        made.append(build(process))
    return process.with_shared(made)


@contextmanager
def laptop(settings: ProcessSettings, **more: Any) -> Iterator[Defaults]:
    """What `all` supplies where the environment says nothing: everything embedded, below the data folder, which is
    this process's alone until the end. The signing key is made at the first start.

    Raises:
        SettingsRefused: another process has the folder, or CANDOR_GRPC_LISTEN is set.
    """
    folder = settings.data_dir.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "signing-key.pem"
    create_key(key)
    # The path of a unix socket has 107 bytes at most, and data folders can be deep: sockets lie elsewhere.
    with _locked(folder), tempfile.TemporaryDirectory(prefix="candor-") as sockets:
        addresses = _addresses(Path(sockets))
        shared = {
            "data_dir": folder,
            "database_url": f"embedded://{folder / 'database'}",
            "bus_url": "memory://",
            "blobs_url": f"file://{folder / 'files'}",
            "signing_key_file": key,
            "metrics_listen": "",
            "grace_seconds": 10.0,
            **addresses,
            **more,
        }
        listens = {name: {"grpc_listen": addresses[f"{name}_address"]} for name in TARGETS if name != "gateway"}
        yield Defaults(shared, listens)


def _addresses(sockets: Path) -> dict[str, str]:
    """Unix sockets, except where the environment names another address: then the service listens there."""
    chosen = Addresses.load(**{f"{name}_address": f"unix:{sockets / name}.sock" for name in TARGETS})
    if chosen.grpc_listen:
        raise SettingsRefused(
            "CANDOR_GRPC_LISTEN names one address, but `all` starts a gRPC server for each service. Unset it; to reach "
            "a service from outside, set CANDOR_STORE_ADDRESS, CANDOR_PARSER_ADDRESS or CANDOR_SCORER_ADDRESS"
        )
    return chosen.model_dump(exclude={"grpc_listen"})


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            owner = file.read().strip() or "unknown"
            raise SettingsRefused(
                f"{folder} is in use by another candor (process {owner}). Ask that one over REST or gRPC, stop it, or "
                "name another folder in CANDOR_DATA_DIR (`candor screen` also takes --ephemeral)"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
