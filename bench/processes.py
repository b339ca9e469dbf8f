"""Processes of a benchmark: started with their group, ended with it, and what they use of the processors."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def child(command: list[str], log: Path, environment: Mapping[str, str] | None = None) -> Iterator[int]:
    """A process with a group of its own; whatever is left of the group at the end is killed."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env={**os.environ, **(environment or {})}, start_new_session=True
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def await_true(ready: Callable[[], bool], what: str, log: Path, seconds: float = 30.0) -> None:
    """Returns once `ready` says so.

    Raises:
        RuntimeError: it did not; with the end of the log.
    """
    until = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > until:
            raise RuntimeError(f"{what} did not get ready:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


class CpuMeter:
    """Processor time of process trees, by name, from /proc: what is alive now and what it has waited for."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        self._roots = roots

    def seconds(self) -> dict[str, float]:
        """User and system seconds since each process began. A root that is this process counts without children."""
        used, children = _table()
        return {
            name: used.get(root, (0.0, 0.0))[0] if root == os.getpid() else _tree(root, used, children)
            for name, root in self._roots.items()
        }


def _tree(root: int, used: dict[int, tuple[float, float]], children: Mapping[int, list[int]]) -> float:
    return sum(used.get(root, (0.0, 0.0))) + sum(_tree(one, used, children) for one in children.get(root, ()))


def _table() -> tuple[dict[int, tuple[float, float]], Mapping[int, list[int]]]:
    """Every process: its own seconds and those of children it has waited for; and who is whose child."""
    used: dict[int, tuple[float, float]] = {}
    children: defaultdict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(folder.name)
        own, waited = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
        used[pid] = own / _TICKS, waited / _TICKS
        children[int(fields[1])].append(pid)
    return used, children


def busy_seconds() -> float:
    """Processor seconds that the whole machine has worked since it began."""
    words = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _iowait, irq, softirq = map(int, words[:7])
    return (user + nice + system + irq + softirq) / _TICKS
