"""The suite's fake OpenAI endpoint as a process of a benchmark, and a page that says what it was asked."""

from __future__ import annotations

import argparse
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bench.processes import await_true, child
from tests.servers.openai_endpoint import FakeOpenAI
from tests.servers.rabbitmq import free_port


class Endpoint:
    """A running endpoint, its process, and its ledger."""

    def __init__(self, port: int, pid: int, ledger: Path) -> None:
        self._page = f"http://127.0.0.1:{port}/tally"
        self.url, self.pid, self._ledger = f"http://127.0.0.1:{port}/v1", pid, ledger

    @property
    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(self._page, timeout=2):
                return True
        except OSError:
            return False

    def most_in_flight(self) -> int:
        """The most requests that it held at the same time."""
        with urllib.request.urlopen(self._page, timeout=10) as page:
            return int(json.load(page)["most_in_flight"])

    def paid(self) -> tuple[int, int]:
        """Lines in the ledger, and how many of them differ: each line is a call that would have been paid for."""
        lines = self._ledger.read_text().splitlines() if self._ledger.exists() else []
        return len(lines), len({json.loads(line)["content"] for line in lines})


@contextmanager
def running_endpoint(folder: Path, model_seconds: float) -> Iterator[Endpoint]:
    """The endpoint in a process of its own."""
    port, log, ledger = free_port(), folder / "endpoint.log", folder / "ledger.jsonl"
    command = [sys.executable, "-m", "bench.endpoint", "--port", str(port), "--delay", str(model_seconds)]
    with child([*command, "--ledger", str(ledger)], log) as pid:
        endpoint = Endpoint(port, pid, ledger)
        await_true(lambda: endpoint.answers, "the fake endpoint", log)
        yield endpoint


def main() -> None:
    """Serves until told to stop."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--delay", type=float, required=True)
    arguments.add_argument("--ledger", required=True)
    chosen = arguments.parse_args()
    fake = FakeOpenAI(chosen.delay, chosen.ledger)

    async def tally(request: Request) -> JSONResponse:
        return JSONResponse({"requests": len(fake.requests), "most_in_flight": fake.most_in_flight})

    fake.app.router.routes.append(Route("/tally", tally))
    # uvicorn closes an idle connection after 5 s, and a request that is on its way then is lost; providers wait longer.
    quiet: Any = {"log_level": "warning", "access_log": False}
    uvicorn.run(fake.app, host="127.0.0.1", port=chosen.port, backlog=4096, timeout_keep_alive=75, **quiet)


if __name__ == "__main__":
    main()
