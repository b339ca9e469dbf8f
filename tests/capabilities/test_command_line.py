"""The `candor` command as a person runs it: a process of its own, an empty home, no server, no key."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.capabilities.separate import fake_model

ROOT = Path(__file__).resolve().parents[2]
CVS, JOBS = ROOT / "examples" / "cvs", ROOT / "examples" / "jobs"
PLATFORM = JOBS / "platform-engineer.md"
RUBRIC = """
criteria:
  - criterionId: kubernetes
    question: Has the candidate operated Kubernetes clusters in production platforms?
    weight: 1
"""


class Command:
    """Runs `candor` with an environment of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": f"{ROOT}:{ROOT / 'protos' / 'gen'}",
            "COLUMNS": "200",
        }

    def __call__(self, *arguments: str | Path, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "services.cli.main", *map(str, arguments)]
        environment = {**self.environment, **more}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=110)
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return done


@pytest.fixture
def candor(tmp_path: Path) -> Command:
    return Command(tmp_path)


@pytest.fixture(scope="module")
def screened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The examples ranked for the platform engineer, twice: kept and ephemeral."""
    home = tmp_path_factory.mktemp("home")
    candor = Command(home)
    first = candor("screen", PLATFORM, CVS, "--format", "json").stdout
    second = candor("screen", PLATFORM, CVS, "--format", "json", "--ephemeral").stdout
    return {"candor": candor, "first": first, "second": second, "ranking": json.loads(first)}


@pytest.fixture
def fake_url(tmp_path: Path) -> Iterator[str]:
    with fake_model(tmp_path) as (url, _):
        yield url


def test_the_right_people_are_on_top_and_the_pastry_chef_is_not(screened: dict[str, Any]) -> None:
    names = [one["resume"]["fileName"] for one in screened["ranking"]["evaluations"]]
    assert names[:3] == ["amara-okafor.pdf", "tomasz-wielgosz.pdf", "priya-raghunathan.docx"]
    scores = {one["resume"]["fileName"]: one["overallScore"] for one in screened["ranking"]["evaluations"]}
    assert scores["emilia-rossandi.pdf"] < 10


def test_the_same_input_gives_the_same_bytes(screened: dict[str, Any]) -> None:
    assert screened["first"] == screened["second"]


def test_unreadable_files_are_listed_with_a_reason_and_never_ranked(screened: dict[str, Any]) -> None:
    unreadable = {one["fileName"]: one for one in screened["ranking"]["unreadable"]}
    assert list(unreadable) == ["ingrid-solvang.pdf", "samuel-eberhardt.pdf"]
    assert "password" in unreadable["samuel-eberhardt.pdf"]["reason"]
    assert unreadable["ingrid-solvang.pdf"]["code"] == "CODE_IMAGE_ONLY"
    assert not set(unreadable) & {one["resume"]["fileName"] for one in screened["ranking"]["evaluations"]}


def test_hidden_text_is_reported_and_not_obeyed(screened: dict[str, Any]) -> None:
    by_name = {one["resume"]["fileName"]: one for one in screened["ranking"]["evaluations"]}
    dylan = by_name["dylan-merrow.pdf"]
    assert "Ignore all previous instructions" in dylan["resume"]["hiddenSpans"][0]["text"]
    assert dylan["overallScore"] < 10
    quotes = [quote["text"] for one in dylan["criteria"] for quote in one["quotes"]]
    assert not any("Ignore" in quote for quote in quotes)


def test_every_quote_stands_in_the_parsed_text_at_its_offsets(screened: dict[str, Any]) -> None:
    checked = 0
    for one in screened["ranking"]["evaluations"][:4]:
        parsed = screened["candor"]("parse", CVS / one["resume"]["fileName"], "--format", "json").stdout
        text, pages = json.loads(parsed)["text"], json.loads(parsed)["pages"]
        for quote in (quote for criterion in one["criteria"] for quote in criterion["quotes"]):
            assert text[quote["start"] : quote["end"]] == quote["text"]
            page = pages[quote["page"] - 1]
            assert page["start"] <= quote["start"] < page["end"]
            checked += 1
    assert checked > 20


def test_every_score_is_the_formula_over_the_levels(screened: dict[str, Any]) -> None:
    weights = {one["criterionId"]: one for one in screened["ranking"]["rubric"]["criteria"]}
    for one in screened["ranking"]["evaluations"]:
        scored = [row for row in one["criteria"] if weights[row["criterionId"]]["kind"] == "KIND_SCORED"]
        known = [row for row in scored if "level" in row]
        weight = sum(weights[row["criterionId"]]["weight"] for row in known)
        floor = sum(weights[row["criterionId"]]["weight"] for row in scored) / 2
        points = sum(weights[row["criterionId"]]["weight"] * row["level"] * 25 for row in known)
        assert abs(points / max(weight, floor) - one["overallScore"]) <= 0.051


def test_nothing_in_the_json_changes_from_run_to_run_unless_asked(screened: dict[str, Any]) -> None:
    for name in ("jobId", "accountId", "evaluationId", "resumeId", "createTime"):
        assert f'"{name}"' not in screened["first"]


def test_a_result_is_replayed_from_its_record_to_the_last_digit(candor: Command) -> None:
    shown = candor("screen", PLATFORM, CVS / "amara-okafor.pdf", "--format", "json", "--verbose").stdout
    evaluation = json.loads(shown)["evaluations"][0]
    replayed = candor("replay", evaluation["evaluationId"]).stdout
    assert replayed.splitlines()[-1] == "identical"
    assert f"{evaluation['overallScore']:.1f}" in replayed
    assert "There is no evaluation" in candor("replay", "eva_" + "0" * 32, code=2).stderr


def test_quotes_that_a_model_invents_are_dropped_and_the_level_with_them(candor: Command, fake_url: str) -> None:
    rubric = candor.home / "rubric.yaml"
    rubric.write_text(RUBRIC)
    arguments = (
        "screen",
        PLATFORM,
        CVS / "amara-okafor.pdf",
        "--rubric",
        rubric,
        "--model",
        fake_url,
        "--format",
        "json",
    )
    honest = json.loads(candor(*arguments, CANDOR_MODEL_NAME="fake").stdout)["evaluations"][0]
    assert honest["overallScore"] > 0
    assert honest["model"]["name"] == "fake"
    invented = json.loads(candor(*arguments, CANDOR_MODEL_NAME="fake-fabricating").stdout)["evaluations"][0]
    assert invented["overallScore"] == 0
    [row] = invented["criteria"]
    assert (row["level"], row["quotes"], row["rejectedQuoteCount"]) == (0, [], 1)


@pytest.mark.parametrize("model", ["fake-malformed", "fake-overlevelled", "fake-refusing", "fake-truncated"])
def test_an_answer_that_cannot_be_used_ends_as_failed_with_a_reason_and_no_score(
    candor: Command, fake_url: str, model: str
) -> None:
    rubric = candor.home / "rubric.yaml"
    rubric.write_text(RUBRIC)
    arguments = (
        "screen",
        PLATFORM,
        CVS / "amara-okafor.pdf",
        "--rubric",
        rubric,
        "--model",
        fake_url,
        "--format",
        "json",
    )
    ranking = json.loads(candor(*arguments, code=1, CANDOR_MODEL_NAME=model).stdout)
    [failed] = ranking["evaluations"]
    assert failed["state"] == "STATE_FAILED"
    assert failed["failure"]["reason"].startswith("MODEL_")
    assert "overallScore" not in failed


def test_other_forms_name_the_model_that_judged(candor: Command) -> None:
    output = candor.home / "ranking.md"
    candor("screen", PLATFORM, CVS / "amara-okafor.pdf", "--format", "markdown", "--explain", "--output", output)
    assert "Judged by local/lexical-1" in output.read_text()
    assert "> " in output.read_text()
    rows = csv.DictReader(io.StringIO(candor("screen", PLATFORM, CVS / "amara-okafor.pdf", "--format", "csv").stdout))
    assert [row["model"] for row in rows] == ["local/lexical-1"]


def test_what_cannot_be_done_is_said_in_a_sentence_with_exit_code_2(candor: Command) -> None:
    assert "there is no such file" in candor("screen", PLATFORM, "nowhere", code=2).stderr
    (candor.home / "bad.yaml").write_text("criteria: 7")
    bad = ("screen", PLATFORM, CVS, "--rubric", candor.home / "bad.yaml")
    assert "not a rubric" in candor(*bad, code=2).stderr
    refused = candor("serve", "scorer", code=2, CANDOR_BUS_URL="memory://", CANDOR_SIGNING_KEY_FILE=str(_key(candor)))
    assert "candor serve all" in refused.stderr
    wrong = candor("serve", "store", code=2, CANDOR_DATABASE_URL="mysql://x")
    assert "CANDOR_DATABASE_URL" in wrong.stderr
    assert "Traceback" not in refused.stderr + wrong.stderr


def _key(candor: Command) -> Path:
    key = candor.home / "key.pem"
    candor("signing-key", key)
    return key


def test_settings_are_listed_with_meaning_and_secrets_are_masked(candor: Command) -> None:
    shown = candor("settings", OPENAI_API_KEY="sk-secret", CANDOR_BUS_URL="amqp://u:hidden@h:5672/").stdout
    assert "CANDOR_SCORER_AT_ONCE" in shown
    assert "sk-secret" not in shown
    assert "hidden" not in shown


def test_an_interrupt_stops_cleanly_and_says_what_was_done(candor: Command) -> None:
    command = [sys.executable, "-m", "services.cli.main", "screen", str(PLATFORM), str(CVS)]
    process = subprocess.Popen(command, env=candor.environment, stderr=subprocess.PIPE, text=True)
    lock = candor.home / ".local" / "share" / "candor" / "lock"
    until = time.monotonic() + 60
    while not lock.exists() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopped." in said
    assert "Traceback" not in said
