"""Evaluations a second with a model that takes two seconds: Candor beside the ideal and beside Celery.

python -m bench.throughput [--in-flight 100 500] [--sides candor celery-prefork celery-threads]
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from bench import candor_side, celery_side
from bench.database import Server, running_postgresql
from bench.reporting import Measurement, as_json, as_table

SIDES = ("candor", "celery-prefork", "celery-threads")
_RUN_SECONDS = 40
"""About as long as a run takes where a side reaches the ideal; the others take longer."""
_MOST_EVALUATIONS = 2000
"""More change no figure, and take longer than they tell."""
_FAREWELLS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LONGEST_SECONDS = 240
"""A run that takes longer, preparation included, is ended and fails."""


def main() -> int:
    """Measures what was asked for; 1 where anything was not as it has to be."""
    chosen = _arguments()
    for number in _FAREWELLS:
        signal.signal(number, _stop)
    signal.signal(signal.SIGALRM, _too_long)
    folder = Path(tempfile.mkdtemp(prefix="candor-bench-"))
    # PostgreSQL refuses to run as root and changes its user: it has to reach its folder.
    folder.chmod(0o755)
    measurements: list[Measurement] = []
    try:
        with running_postgresql(folder / "postgresql") as server:
            for one in _each(chosen, server, folder):
                measurements.append(one)
                _keep(one, chosen.out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("\n" + as_table(measurements))
    return 1 if any(one.errors for one in measurements) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--in-flight", type=int, nargs="+", default=[100, 500], help="model calls at the same time")
    parser.add_argument(
        "--evaluations", type=int, help="for every side; otherwise 40 s at the ideal rate, 2000 at most"
    )
    parser.add_argument("--model-seconds", type=float, default=2.0, help="how long the fake model takes")
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=SIDES)
    parser.add_argument("--out", type=Path, help="file that each measurement is added to as a line of JSON")
    return parser.parse_args()


def _each(chosen: argparse.Namespace, server: Server, folder: Path) -> Iterator[Measurement]:
    for side in chosen.sides:
        # The default pool has as many processes as there are cores, whatever is in flight elsewhere.
        for in_flight in [os.cpu_count() or 1] if side == "celery-prefork" else chosen.in_flight:
            own = folder / f"{side}-{in_flight}"
            own.mkdir()
            fitting = min(int(in_flight / chosen.model_seconds * _RUN_SECONDS), _MOST_EVALUATIONS)
            yield _one(side, server, own, in_flight, chosen.evaluations or fitting, chosen.model_seconds)


def _one(
    side: str, server: Server, folder: Path, in_flight: int, evaluations: int, model_seconds: float
) -> Measurement:
    load = os.getloadavg()[0]
    print(f"{side}: {evaluations} evaluations, {in_flight} in flight; load average {load:.2f}", file=sys.stderr)
    signal.alarm(_LONGEST_SECONDS)
    try:
        if side == "candor":
            return candor_side.measure(server, folder, in_flight, evaluations, model_seconds)
        pool = side.removeprefix("celery-")
        return celery_side.measure(server, folder, pool, in_flight, evaluations, model_seconds)
    finally:
        signal.alarm(0)


def _keep(one: Measurement, out: Path | None) -> None:
    print(as_json(one), flush=True)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("a") as file:
            file.write(as_json(one) + "\n")


def _stop(number: int, frame: FrameType | None) -> None:
    # Once: a second signal, as `timeout` sends it to the whole group, would cut the ending of the processes short.
    for other in _FAREWELLS:
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"a run took longer than {_LONGEST_SECONDS} s")


if __name__ == "__main__":
    sys.exit(main())
