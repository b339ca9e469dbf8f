"""Services as processes of their own, as they run in production."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.servers.rabbitmq import free_port

_START_SECONDS = 40.0


class ServiceProcess:
    """`python -m services TARGET` with an environment of its own."""

    def __init__(self, target: str, environment: dict[str, str], log: Path) -> None:
        self.target, self.log = target, log
        self._operations = f"127.0.0.1:{free_port()}"
        self._environment = {**os.environ, **environment}
        if target in ("gateway", "all"):
            self._operations = environment["CANDOR_HTTP_LISTEN"]
        else:
            self._environment["CANDOR_METRICS_LISTEN"] = self._operations
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> ServiceProcess:
        """Starts it and returns at once; see `await_ready`."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services", self.target], env=self._environment, stdout=log, stderr=log
            )
        return self

    def await_ready(self) -> ServiceProcess:
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and self._process is not None and self._process.poll() is None:
            if self.get("/readyz")[0] == 200:
                return self
            time.sleep(0.05)
        raise RuntimeError(f"{self.target} did not get ready:\n{self.log.read_text(errors='replace')[-3000:]}")

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of one of its operations pages; 0 where it does not answer."""
        try:
            with urllib.request.urlopen(f"http://{self._operations}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL: no farewell."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self, seconds: float = 30.0) -> int:
        """SIGTERM, and its exit code."""
        if self._process is None or self._process.poll() is not None:
            return 0 if self._process is None else int(self._process.returncode)
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return -9
