"""deploy/Dockerfile and its neighbours: what they promise, checked as text."""

from __future__ import annotations

import json
import re
import tomllib
from fnmatch import fnmatch

import pytest

from services.targets import TARGETS
from tests.unit.deploy.files import ROOT, SERVICES, Instruction, dockerfiles, is_pinned

PATHS = sorted(dockerfiles())
OURS = dockerfiles()["deploy/Dockerfile"]
SYNC = [one.rest for one in OURS if one.word == "RUN" and "uv sync" in one.rest]


def _only(word: str) -> str:
    [rest] = [one.rest for one in OURS if one.word == word]
    return rest


def _stages() -> dict[str, list[Instruction]]:
    """Instructions of each named stage; the last one, which has no name, under the empty string."""
    stages: dict[str, list[Instruction]] = {}
    current: list[Instruction] = []
    for one in OURS:
        if one.word == "FROM":
            current = stages.setdefault(one.rest.partition(" AS ")[2], [])
        current.append(one)
    return stages


@pytest.mark.parametrize("path", PATHS)
def test_every_image_that_is_built_upon_is_pinned(path: str) -> None:
    stages: set[str] = set()
    for one in dockerfiles()[path]:
        if one.word == "FROM":
            image, _, name = one.rest.partition(" AS ")
            assert image in stages or image == "${SERVICE}" or is_pinned(image), image
            stages.add(name)


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_fetched_past_the_package_manager(path: str) -> None:
    found = dockerfiles()[path]
    assert "ADD" not in {one.word for one in found}
    for one in found:
        if one.word == "RUN":
            assert not re.search(r"https?://|\b(curl|wget|pip)\b", one.rest)


def test_the_service_is_chosen_by_an_argument_that_has_no_default() -> None:
    assert OURS[0] == Instruction("ARG", "SERVICE")
    assert OURS[-1] == Instruction("FROM", "${SERVICE}")


def test_there_is_a_stage_for_every_service_and_it_runs_that_one() -> None:
    stages = _stages()
    assert set(SERVICES) == set(TARGETS)
    for name in SERVICES:
        words = dict(stages[name])
        assert words["FROM"] == f"runtime AS {name}"
        assert json.loads(words["CMD"]) == [name]
        assert words["LABEL"] == f'org.opencontainers.image.title="candor-{name}"'


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_listens_beyond_its_container_on_the_ports_that_are_exposed(name: str) -> None:
    words = dict(_stages()[name])
    listens = re.findall(r"CANDOR_\w+_LISTEN=(\S+):(\d+)", words["ENV"])
    assert listens
    assert all(host == "0.0.0.0" for host, _ in listens)
    assert [port for _, port in listens] == words["EXPOSE"].split()


def test_an_image_holds_what_the_lock_file_says_for_its_service_and_no_more() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(SERVICES) <= set(extras)
    assert len(SYNC) == 2
    for command in SYNC:
        for option in ("--frozen", "--no-dev", "--no-default-groups", "--no-editable", "--extra ${SERVICE}"):
            assert option in command
        assert "--all-extras" not in command


def test_what_others_wrote_is_a_layer_below_our_code() -> None:
    first, second = (OURS.index(Instruction("RUN", command)) for command in SYNC)
    before = [one.rest for one in OURS[:first] if one.word == "COPY"]
    between = [one.rest for one in OURS[first:second] if one.word == "COPY"]
    assert "--no-install-project" in SYNC[0]
    assert "--no-install-project" not in SYNC[1]
    assert not any("services" in copied for copied in before)
    assert "services services" in between


def test_a_service_runs_as_a_numeric_user_that_is_not_root() -> None:
    user, _, group = _only("USER").partition(":")
    assert int(user) >= 10000
    assert int(group) >= 10000


def test_signals_reach_the_service_itself() -> None:
    assert json.loads(_only("ENTRYPOINT")) == ["python", "-m", "services"]
    assert _only("STOPSIGNAL") == "SIGTERM"
    assert all(one.rest.startswith("[") for one in OURS if one.word == "CMD")


def test_health_is_readiness_asked_by_python_on_the_port_that_was_set() -> None:
    command = json.loads(_only("HEALTHCHECK").partition("CMD ")[2])
    assert command[:2] == ["python", "-c"]
    compile(command[2], "HEALTHCHECK", "exec")
    assert "/readyz" in command[2]
    assert "CANDOR_HTTP_LISTEN" in command[2]
    assert "CANDOR_METRICS_LISTEN" in command[2]


def test_a_running_service_writes_no_bytecode() -> None:
    assert "PYTHONDONTWRITEBYTECODE=1" in dict(_stages()["runtime"])["ENV"]
    assert "UV_COMPILE_BYTECODE=1" in dict(_stages()["build"])["ENV"]


def test_nothing_of_the_build_but_the_environment_is_in_the_image() -> None:
    assert [one.rest for one in _stages()["runtime"] if one.word == "COPY"] == ["--from=build /opt/candor /opt/candor"]


def test_the_build_sees_what_it_copies_and_no_secret() -> None:
    patterns = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert patterns[0] == "*"
    allowed = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    copied = [source for one in OURS if one.word == "COPY" and "--from" not in one.rest for source in _sources(one)]
    assert all(any(source == each or source.startswith(each + "/") for each in allowed) for source in copied)
    assert all((ROOT / source).exists() for source in copied)
    for secret in (".env", "deploy/compose.env.example", "signing-key.pem", ".git"):
        assert not any(fnmatch(secret, each) or secret.startswith(each + "/") for each in allowed)


def _sources(copy: Instruction) -> list[str]:
    return copy.rest.split()[:-1]
