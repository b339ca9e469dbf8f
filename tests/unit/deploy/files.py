"""What is deployed, as data: the compose file as YAML, a Dockerfile as instructions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[3]
SERVICES = ("store", "parser", "scorer", "gateway")
_CONTINUED = re.compile(r"\\\n")


class Instruction(NamedTuple):
    """One line of a Dockerfile, continued lines joined."""

    word: str
    rest: str


def compose() -> dict[str, Any]:
    """docker-compose.yml, merge keys applied, variables as they are written."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def compose_services() -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = compose()["services"]
    return services


def environment_of(service: str) -> dict[str, str | None]:
    """None: passed on from whoever calls compose."""
    given: dict[str, str | None] = compose_services()[service].get("environment", {})
    return given


def dockerfiles() -> dict[str, list[Instruction]]:
    """Every Dockerfile of the tree, by its path."""
    found = [*ROOT.glob("deploy/**/Dockerfile"), *ROOT.glob("deploy/**/*.Dockerfile")]
    return {str(path.relative_to(ROOT)): instructions(path.read_text()) for path in found}


def dockerfile_of(service: str) -> str | None:
    """The path of the Dockerfile that a compose service is built from, if it is."""
    build = compose_services()[service].get("build")
    return None if build is None else str(Path(build["context"]) / build["dockerfile"])


def instructions(text: str) -> list[Instruction]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = _CONTINUED.sub(" ", "\n".join(lines))
    pairs = [line.strip().partition(" ") for line in joined.splitlines() if line.strip()]
    return [Instruction(word.upper(), rest.strip()) for word, _, rest in pairs]


def is_pinned(image: str) -> bool:
    """Whether the image carries a full version: at least two numbers, and not a moving name."""
    _, _, tag = image.rpartition("/")[2].partition(":")
    return re.match(r"v?\d+\.\d+(\.\d+)?(-|$)", tag) is not None


def seconds(duration: str) -> float:
    """`110s` or `1m50s` as seconds."""
    scale = {"h": 3600, "m": 60, "s": 1}
    return float(sum(int(number) * scale[unit] for number, unit in re.findall(r"(\d+)([hms])", duration)))
