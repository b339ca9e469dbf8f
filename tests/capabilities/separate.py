"""The mesh as it runs in production: every service a process of its own, on real RabbitMQ and real PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from services.chassis.clock import SystemClock
from services.chassis.rpc.channels import dial
from services.chassis.security.tokens import Tokens, create_key, load_key
from services.chassis.telemetry import Telemetry
from tests.meshes import ADMIN, Client
from tests.servers.processes import ServiceProcess
from tests.servers.rabbitmq import free_port


class SeparateMesh:
    """Processes by name, and a client to them."""

    def __init__(self, folder: Path, database_url: str, bus_url: str, model: dict[str, str]) -> None:
        self._folder = folder
        key = folder / "key.pem"
        create_key(key)
        self._tokens = Tokens(load_key(key), SystemClock())
        self._ports = {name: free_port() for name in ("store", "parser", "scorer", "gateway")}
        self._environment = {
            "CANDOR_DATA_DIR": str(folder),
            "CANDOR_DATABASE_URL": database_url,
            "CANDOR_BUS_URL": bus_url,
            "CANDOR_SIGNING_KEY_FILE": str(key),
            "CANDOR_PARSER_AT_ONCE": "2",
            **{f"CANDOR_{name.upper()}_ADDRESS": f"127.0.0.1:{port}" for name, port in self._ports.items()},
            **model,
        }
        del self._environment["CANDOR_GATEWAY_ADDRESS"]
        self.processes: dict[str, ServiceProcess] = {}

    def start(self, name: str, service: str | None = None) -> ServiceProcess:
        """Starts a service under a name of its own, so that there may be two scorers."""
        service = service or name
        port = self._ports[service] if name == service else free_port()
        environment = {**self._environment, "CANDOR_GRPC_LISTEN": f"127.0.0.1:{port}"}
        if service == "gateway":
            environment["CANDOR_HTTP_LISTEN"] = f"127.0.0.1:{port}"
        process = ServiceProcess(service, environment, self._folder / f"{name}.log").start()
        self.processes[name] = process
        return process

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self._ports['gateway']}"

    def token(self) -> str:
        return self._tokens.issue(ADMIN, timedelta(hours=1))[0]

    def client(self) -> Client:
        token, telemetry = self.token(), Telemetry("tests", [])
        names = ("store", "parser", "scorer")
        return Client(*(dial(f"127.0.0.1:{self._ports[name]}", telemetry, lambda: token) for name in names))

    def stop(self) -> None:
        for process in reversed(list(self.processes.values())):
            process.stop()


@contextmanager
def separate_mesh(
    folder: Path, database_url: str, bus_url: str, services: tuple[str, ...], **model: str
) -> Iterator[SeparateMesh]:
    """Starts the services and waits for each to be ready."""
    mesh = SeparateMesh(folder, database_url, bus_url, model)
    try:
        for name in services:
            mesh.start(name)
        for process in mesh.processes.values():
            process.await_ready()
        yield mesh
    finally:
        mesh.stop()


@contextmanager
def fake_model(folder: Path, delay_seconds: float = 0.0) -> Iterator[tuple[str, Path]]:
    """The fake OpenAI endpoint as a process; its URL, and the ledger of what was paid for."""
    port, ledger = free_port(), folder / "ledger.jsonl"
    command = [sys.executable, "-m", "tests.servers.openai_endpoint", "--port", str(port)]
    options = ["--delay", str(delay_seconds), "--ledger", str(ledger)]
    with ExitStack() as stack:
        process = stack.enter_context(subprocess.Popen([*command, *options]))
        stack.callback(process.terminate)
        _await_http(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}/v1", ledger


def _await_http(url: str) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=1)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nothing answers at {url}")


def lines_of(ledger: Path) -> int:
    """How many requests have been paid for."""
    return len(ledger.read_text().splitlines()) if ledger.exists() else 0
