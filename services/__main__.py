"""`python -m services TARGET`: one service, or `all`. What an image runs, with no more than that service's extra."""

from __future__ import annotations

import contextlib
import sys

from services.chassis.logging import configure_logging
from services.chassis.runtime import Defaults, Process, run, run_on_loop
from services.chassis.settings import ProcessSettings, SettingsRefused
from services.chassis.telemetry import Telemetry
from services.targets import ALL, TARGETS, assemble, laptop


def serve(target: str) -> int:
    """Runs a target until it is told to stop. Answers the exit code: 0 stopped, 2 settings that cannot work."""
    try:
        settings = ProcessSettings.load()
        configure_logging(settings.log_level, settings.log_format)
        _serve(target, settings)
    except SettingsRefused as refused:
        print(f"candor: {refused}", file=sys.stderr)
        return 2
    return 0


def _serve(target: str, settings: ProcessSettings) -> None:
    names = list(TARGETS) if target == ALL else [target]
    with contextlib.ExitStack() as stack:
        defaults = stack.enter_context(laptop(settings)) if target == ALL else Defaults()
        telemetry = Telemetry("candor" if target == ALL else f"candor-{target}")
        stack.callback(telemetry.close)

        async def main() -> None:
            await run(assemble(names, Process(telemetry, alone=target != ALL, defaults=defaults)))

        run_on_loop(main)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in (*TARGETS, ALL):
        sys.exit(f"usage: python -m services {'|'.join((*TARGETS, ALL))}")
    sys.exit(serve(sys.argv[1]))
