"""docker-compose.yml: what it promises an operator, checked without an engine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from services.chassis.settings import ServiceSettings
from services.cli.settings_table import all_settings
from services.scorer.settings import ScorerSettings
from tests.unit.deploy.files import (
    ROOT,
    SERVICES,
    compose,
    compose_services,
    dockerfile_of,
    dockerfiles,
    environment_of,
    is_pinned,
    seconds,
)

ALL = sorted(compose_services())
LONG_RUNNING = [name for name in ALL if compose_services()[name]["restart"] != "no"]
OURS = [*SERVICES, "signing-key"]
SECRETS = ("POSTGRES_PASSWORD", "RABBITMQ_PASSWORD", "S3_SECRET_KEY")
_VARIABLE = re.compile(r"\$\{(\w+)")


def _text() -> str:
    return (ROOT / "docker-compose.yml").read_text()


@pytest.mark.parametrize("name", ALL)
def test_a_service_is_built_here_or_runs_a_pinned_image(name: str) -> None:
    service = compose_services()[name]
    assert ("build" in service) != ("image" in service)
    assert "build" in service or is_pinned(service["image"])


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_a_service_that_stays_is_asked_for_its_health(name: str) -> None:
    service, path = compose_services()[name], dockerfile_of(name)
    if path is None:
        assert service["healthcheck"]["test"][0] == "CMD"
    else:
        assert "healthcheck" not in service
        assert "HEALTHCHECK" in [one.word for one in dockerfiles()[path]]


@pytest.mark.parametrize("name", ALL)
def test_nobody_waits_for_less_than_health_or_completion(name: str) -> None:
    for other, how in compose_services()[name].get("depends_on", {}).items():
        expected = "service_healthy" if other in LONG_RUNNING else "service_completed_successfully"
        assert how["condition"] == expected


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_a_service_that_ends_is_started_again(name: str) -> None:
    assert compose_services()[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_without_rights_on_a_root_that_cannot_be_written(name: str) -> None:
    service = compose_services()[name]
    user, _, group = service["user"].partition(":")
    assert int(user) >= 10000
    assert int(group) >= 10000
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert [one.partition(":")[0] for one in service["tmpfs"]] == ["/tmp"]


@pytest.mark.parametrize("name", ALL)
def test_nobody_regains_rights(name: str) -> None:
    assert "no-new-privileges:true" in compose_services()[name]["security_opt"]


@pytest.mark.parametrize("name", SERVICES)
def test_each_of_our_services_is_built_as_itself(name: str) -> None:
    assert compose_services()[name]["build"] == {
        "context": ".",
        "dockerfile": "deploy/Dockerfile",
        "args": {"SERVICE": name},
    }


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_given_only_settings_that_it_reads(name: str) -> None:
    known = {variable: setting.services for setting in all_settings() for variable in setting.variable.split(" or ")}
    for variable in environment_of(name):
        if variable.startswith("CANDOR_"):
            assert variable in known, f"no service reads {variable}"
            assert known[variable] == ("all",) or name in known[variable]


def test_every_candor_variable_of_the_files_is_a_setting() -> None:
    known = {variable for setting in all_settings() for variable in setting.variable.split(" or ")}
    example = (ROOT / "deploy" / "compose.env.example").read_text()
    used = set(re.findall(r"CANDOR_[A-Z_]+", _text() + example))
    assert used <= known


def test_docker_waits_longer_than_a_service_may_take_and_that_is_longer_than_a_model_call() -> None:
    grace = ServiceSettings.model_fields["grace_seconds"].default
    model_call = ScorerSettings.model_fields["model_timeout_seconds"].default
    for name in SERVICES:
        assert "CANDOR_GRACE_SECONDS" not in environment_of(name)
        assert seconds(compose_services()[name]["stop_grace_period"]) > grace > model_call


def test_the_parser_has_no_way_out() -> None:
    parser, networks = compose_services()["parser"], compose()["networks"]
    assert parser["networks"]
    assert all(networks[name]["internal"] is True for name in parser["networks"])
    assert "ports" not in parser
    assert "network_mode" not in parser


def test_only_the_store_reaches_the_database_and_the_object_store() -> None:
    assert [name for name in ALL if "data" in compose_services()[name].get("networks", [])] == [
        "postgres",
        "s3",
        "store",
    ]


def test_only_the_gateway_is_published_beyond_this_machine() -> None:
    published = {name: compose_services()[name]["ports"] for name in ALL if "ports" in compose_services()[name]}
    assert published == {
        "gateway": ["${GATEWAY_PORT:-8080}:8080"],
        "jaeger": ["127.0.0.1:16686:16686"],
        "prometheus": ["127.0.0.1:9090:9090"],
        "rabbitmq": ["127.0.0.1:15672:15672"],
    }


@pytest.mark.parametrize("name", [name for name in ALL if "ports" in compose_services()[name]])
def test_what_is_published_is_on_a_network_that_can_be(name: str) -> None:
    # Docker publishes nothing of a container that is on internal networks only.
    assert any(not compose()["networks"][one].get("internal") for one in compose_services()[name]["networks"])


@pytest.mark.parametrize("secret", SECRETS)
def test_a_missing_secret_refuses_the_start_everywhere(secret: str) -> None:
    uses = re.findall(r"\$\{" + secret + r"[^}]*\}", _text())
    assert uses
    assert all(use.startswith("${" + secret + ":?") for use in uses)


def test_the_example_lists_every_secret_and_gives_none_away() -> None:
    lines = (ROOT / "deploy" / "compose.env.example").read_text().splitlines()
    assert [line for line in lines if line.partition("=")[0] in SECRETS] == [f"{secret}=" for secret in SECRETS]


def test_every_variable_has_a_default_or_a_refusal() -> None:
    assert set(_VARIABLE.findall(_text())) == {*SECRETS, "CANDOR_LOG_LEVEL", "CANDOR_MODEL_URL", "GATEWAY_PORT"}
    assert not re.findall(r"\$\{\w+\}", _text())


def test_the_model_is_the_local_one_unless_somebody_names_another() -> None:
    assert environment_of("scorer")["CANDOR_MODEL_URL"] == "${CANDOR_MODEL_URL:-local:}"


def test_whoever_signs_or_verifies_has_the_same_key_and_the_gateway_has_none() -> None:
    key = "/var/lib/candor/keys/signing-key.pem"
    for name in ("store", "parser", "scorer"):
        assert environment_of(name)["CANDOR_SIGNING_KEY_FILE"] == key
        assert compose_services()[name]["volumes"] == ["signing-key:/var/lib/candor/keys:ro"]
    assert "CANDOR_SIGNING_KEY_FILE" not in environment_of("gateway")
    assert "volumes" not in compose_services()["gateway"]
    [program] = compose_services()["signing-key"]["command"]
    compile(program, "signing-key", "exec")
    assert key in program


def test_every_volume_and_network_that_is_named_is_there_and_used() -> None:
    services = compose_services().values()
    mounts = [one.partition(":")[0] for service in services for one in service.get("volumes", [])]
    assert {mount for mount in mounts if not mount.startswith(".")} == set(compose()["volumes"])
    assert {name for service in services for name in service.get("networks", [])} == set(compose()["networks"])
    assert all((ROOT / mount).is_file() for mount in mounts if mount.startswith("."))


def test_the_collector_passes_on_what_it_takes_and_can_be_asked_for_its_health() -> None:
    collector: dict[str, Any] = yaml.safe_load((ROOT / "deploy/observability/otel-collector.yaml").read_text())
    pipeline = collector["service"]["pipelines"]["traces"]
    for kind in ("receivers", "processors", "exporters"):
        assert set(pipeline[kind]) == set(collector[kind])
    assert pipeline["processors"][0] == "memory_limiter"
    assert collector["service"]["extensions"] == list(collector["extensions"])
    sent_to = environment_of("store")["OTEL_EXPORTER_OTLP_ENDPOINT"]
    assert sent_to == "http://otel-collector:" + collector["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"][-4:]


def test_prometheus_reads_every_service_where_it_answers() -> None:
    read: dict[str, Any] = yaml.safe_load((ROOT / "deploy/observability/prometheus.yml").read_text())
    jobs = {job["job_name"]: job for job in read["scrape_configs"]}
    ports = {name: jobs[name]["dns_sd_configs"][0]["port"] for name in SERVICES}
    assert ports == {"store": 9461, "parser": 9462, "scorer": 9463, "gateway": 8080}
    assert all(jobs[name]["dns_sd_configs"][0]["names"] == [name] for name in SERVICES)


def test_compose_itself_accepts_the_file() -> None:
    _skip_without_compose()
    secrets = dict.fromkeys(SECRETS, "secret")
    done = _compose_config(secrets)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("missing", SECRETS)
def test_compose_itself_refuses_the_file_without_a_secret(missing: str) -> None:
    _skip_without_compose()
    done = _compose_config({secret: "secret" for secret in SECRETS if secret != missing})
    assert done.returncode != 0
    assert missing in done.stderr


def _skip_without_compose() -> None:
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("there is no docker client")
    version = subprocess.run([docker, "compose", "version"], capture_output=True, text=True, timeout=30, check=False)
    if version.returncode != 0:
        pytest.skip(f"the docker client has no compose: {version.stderr.strip().splitlines()[0]}")


def _compose_config(secrets: dict[str, str]) -> subprocess.CompletedProcess[str]:
    # An empty file in the place of .env, so that somebody's own secrets decide nothing here.
    command = ["docker", "compose", "--env-file", os.devnull, "--profile", "metrics", "config", "--quiet"]
    clean = {name: value for name, value in os.environ.items() if name not in SECRETS}
    return subprocess.run(
        command, cwd=ROOT, env={**clean, **secrets}, capture_output=True, text=True, timeout=60, check=False
    )
