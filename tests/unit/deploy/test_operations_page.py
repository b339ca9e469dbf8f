"""docs/operations.md names what the code has: metrics, queues, variables, ports."""

from __future__ import annotations

import re

from services.chassis.bus.topology import dead_name, queue_arguments, retry_arguments, retry_name
from services.cli.settings_table import all_settings
from tests.unit.deploy.files import ROOT, SERVICES

PAGE = (ROOT / "docs" / "operations.md").read_text()
_INSTRUMENT = re.compile(r"create_(counter|histogram)\(\s*\"([\w.]+)\"(?:,\s*unit=\"(\w+)\")?")
_QUEUE = re.compile(rf"\"((?:{'|'.join(SERVICES)})\.[a-z]+-[a-z]+)\"")
_UNITS = {"": "", "s": "_seconds"}


def _sources() -> str:
    return "\n".join(path.read_text() for path in (ROOT / "services").rglob("*.py"))


def test_every_metric_of_ours_is_listed_as_prometheus_reads_it() -> None:
    instruments = _INSTRUMENT.findall(_sources())
    assert instruments
    for kind, name, unit in instruments:
        exposed = name.replace(".", "_") + _UNITS[unit] + ("_total" if kind == "counter" else "")
        assert f"`{exposed}`" in PAGE, exposed


def test_every_queue_is_listed() -> None:
    queues = set(_QUEUE.findall(_sources()))
    assert queues
    for queue in queues:
        assert f"| `{queue}` |" in PAGE, queue
    assert (retry_name("NAME"), dead_name("NAME")) == ("NAME.retry", "NAME.dead")


def test_the_arguments_of_queues_are_those_of_the_code() -> None:
    arguments = {**queue_arguments("NAME"), **retry_arguments("NAME", 5.0)}
    for name in ("x-queue-type", "x-delivery-limit", "x-overflow", "x-message-ttl"):
        assert f"`{name}: {arguments[name]}`" in PAGE, name


def test_every_variable_is_one_that_is_read() -> None:
    known = {variable for setting in all_settings() for variable in setting.variable.split(" or ")}
    assert set(re.findall(r"CANDOR_[A-Z_]+", PAGE)) <= known
