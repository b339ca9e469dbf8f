"""`python -m tests.servers.packages NAME`: has a Debian package installed where that can be done unasked.

As root on a Debian-like machine the package manager installs it; elsewhere nothing happens, and the tests that need the
server say what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


def ensure(package: str) -> bool:
    """Whether the package's server is there afterwards."""
    if server_of(package) is not None:
        return True
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    print(f"installing {package} by apt-get", file=sys.stderr)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    # Nothing is to be started: the suite runs its own node on its own ports.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    subprocess.run(["apt-get", "update"], check=False, **quiet)
    subprocess.run(
        ["apt-get", "install", "--yes", "--no-install-recommends", package], check=False, env=environment, **quiet
    )
    return server_of(package) is not None


def server_of(package: str) -> str | None:
    """The server's program, where it is installed."""
    # Debian's rabbitmq-server in sbin is a wrapper that changes user; the suite's node runs as whoever runs the suite.
    places = {"rabbitmq-server": "/usr/lib/rabbitmq/bin/rabbitmq-server"}
    place = places.get(package)
    return place if place and os.path.exists(place) else shutil.which(package)


if __name__ == "__main__":
    if not ensure(sys.argv[1]):
        print(
            f"{sys.argv[1]} is not here and cannot be installed unasked; what needs it will be skipped", file=sys.stderr
        )
