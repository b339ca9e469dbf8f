"""Settings from defaults and environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pydantic
import pytest

from services.chassis.bus.memory import MemoryBus
from services.chassis.runtime import Defaults, Process
from services.chassis.settings import BusSettings, ProcessSettings, ServiceSettings, SettingsRefused
from services.chassis.telemetry import Telemetry
from services.cli.settings_table import all_settings
from services.scorer.settings import ScorerSettings
from services.store.settings import StoreSettings

SECRET = "hunter2"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("CANDOR_") or name == "OPENAI_API_KEY":
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def telemetry() -> Iterator[Telemetry]:
    made = Telemetry("tests", [])
    yield made
    made.close()


def test_settings_are_fine_without_any_environment() -> None:
    assert StoreSettings.load().database_connections == 20


def test_a_default_of_the_composition_stands_in_for_a_silent_environment() -> None:
    assert BusSettings.load(bus_url="memory://").bus_url == "memory://"


def test_the_environment_wins_over_every_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANDOR_BUS_URL", "amqp://there/")
    assert BusSettings.load(bus_url="memory://").bus_url == "amqp://there/"


def test_a_default_that_a_service_does_not_know_is_not_its_business() -> None:
    assert ProcessSettings.load(bus_url="memory://", nonsense=1) == ProcessSettings.load()


@pytest.mark.parametrize(
    ("settings", "variable", "value"),
    [
        (StoreSettings, "CANDOR_DATABASE_CONNECTIONS", "many"),
        (StoreSettings, "CANDOR_DATABASE_CONNECTIONS", "1"),
        (StoreSettings, "CANDOR_DATABASE_URL", "mysql://there/candor"),
        (StoreSettings, "CANDOR_BLOBS_URL", "ftp://there"),
        (BusSettings, "CANDOR_BUS_URL", "kafka://there"),
        (ServiceSettings, "CANDOR_GRACE_SECONDS", "0"),
        (ServiceSettings, "CANDOR_GRACE_SECONDS", ""),
        (ProcessSettings, "CANDOR_LOG_FORMAT", "xml"),
        (ProcessSettings, "CANDOR_LOG_LEVEL", "CHATTY"),
        (ScorerSettings, "CANDOR_MODEL_URL", "gpt"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, settings: type[ProcessSettings], variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsRefused, match=f"^{variable}: "):
        settings.load()


def test_all_wrong_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANDOR_GRACE_SECONDS", "soon")
    monkeypatch.setenv("CANDOR_BUS_URL", "x")
    with pytest.raises(SettingsRefused) as refused:
        BusSettings.load()
    assert sorted(line.partition(":")[0] for line in str(refused.value).splitlines()) == [
        "CANDOR_BUS_URL",
        "CANDOR_GRACE_SECONDS",
    ]


def test_a_wrong_value_of_a_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANDOR_DATABASE_URL", f"mysql://candor:{SECRET}@there/candor")
    with pytest.raises(SettingsRefused) as refused:
        StoreSettings.load()
    assert SECRET not in str(refused.value)


def test_settings_do_not_change() -> None:
    settings = StoreSettings.load()
    with pytest.raises(pydantic.ValidationError):
        settings.bus_url = "memory://"


def test_a_service_gets_the_shared_defaults_and_its_own(telemetry: Telemetry) -> None:
    defaults = Defaults({"bus_url": "memory://"}, {"store": {"grpc_listen": "unix:/s"}, "parser": {"grpc_listen": "x"}})
    settings = Process(telemetry, alone=False, defaults=defaults).load(StoreSettings, "store")
    assert (settings.bus_url, settings.grpc_listen) == ("memory://", "unix:/s")


def test_a_services_own_default_wins_over_the_shared_one(telemetry: Telemetry) -> None:
    defaults = Defaults({"grace_seconds": 5.0}, {"store": {"grace_seconds": 7.0}})
    assert Process(telemetry, alone=False, defaults=defaults).load(StoreSettings, "store").grace_seconds == 7.0


def test_a_bus_that_ends_at_the_process_is_refused_to_a_single_service_with_the_mend(telemetry: Telemetry) -> None:
    with pytest.raises(SettingsRefused, match=r"CANDOR_BUS_URL.*amqp://.*candor serve all"):
        Process(telemetry, alone=True).bus("memory://")


def test_services_of_one_process_share_one_bus(telemetry: Telemetry) -> None:
    process = Process(telemetry, alone=False)
    assert process.bus("memory://") is process.bus("memory://")
    assert isinstance(process.bus("memory://"), MemoryBus)


SECRETS = {
    "CANDOR_DATABASE_URL": f"postgresql://candor:{SECRET}@there:5432/candor",
    "CANDOR_BUS_URL": f"amqp://candor:{SECRET}@there:5672/",
    "CANDOR_MODEL_API_KEY": SECRET,
    "OPENAI_API_KEY": SECRET,
    "CANDOR_MODEL_URL": f"https://candor:{SECRET}@there/v1",
}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        *SECRETS.items(),
        ("CANDOR_DATABASE_URL", f"postgresql://there/candor?user=candor&password={SECRET}"),
        ("CANDOR_BUS_URL", f"amqp://:{SECRET}@there/"),
    ],
)
def test_the_table_of_settings_shows_no_secret(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    assert not [one for one in all_settings() if SECRET in str(one)]


def test_the_table_of_settings_shows_that_a_secret_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in SECRETS.items():
        monkeypatch.setenv(variable, value)
    shown = {one.variable: one.value for one in all_settings()}
    assert shown["CANDOR_MODEL_API_KEY or OPENAI_API_KEY"] == "********"
    assert shown["CANDOR_DATABASE_URL"] == "postgresql://candor:********@there:5432/candor"


def test_the_table_of_settings_shows_every_variable_once_and_what_is_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CANDOR_DATA_DIR", str(tmp_path))
    rows = all_settings()
    variables = [one.variable for one in rows]
    assert len(variables) == len(set(variables))
    by_variable = {one.variable: one for one in rows}
    assert by_variable["CANDOR_DATA_DIR"].value == str(tmp_path)
    assert by_variable["CANDOR_DATA_DIR"].services == ("all",)
    assert by_variable["CANDOR_ERASE_AT_ONCE"].services == ("store",)
    assert all(one.meaning for one in rows)


def test_the_settings_print_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANDOR_MODEL_API_KEY", SECRET)
    assert SECRET not in repr(ScorerSettings.load())


def test_a_key_of_the_provider_is_found_under_either_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ScorerSettings.load().model_endpoint == "local:"
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    assert ScorerSettings.load().model_endpoint == "https://api.openai.com/v1"
