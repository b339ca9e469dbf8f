"""Settings: small, frozen, explained; read from the environment as CANDOR_*. What a composition of services needs other
defaults for (`all` on a laptop) it hands over; the environment always wins."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from platformdirs import user_data_path
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "CANDOR_"


class SettingsRefused(Exception):
    """Settings that cannot work: which, why, and the mend, as sentences."""


class Settings(BaseSettings):
    """Base of every service's settings."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", populate_by_name=True)

    @classmethod
    def load(cls, **defaults: Any) -> Self:
        """Reads the environment; `defaults` stand in for what it does not say.

        Raises:
            SettingsRefused: a value is of the wrong form; says which variable and what was expected.
        """
        try:
            return cls(**{name: value for name, value in defaults.items() if name in cls.model_fields})
        except ValidationError as error:
            lines = [f"{variable_of(cls, str(one['loc'][0]))}: {one['msg']}" for one in error.errors()]
            raise SettingsRefused("\n".join(lines)) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, file_secret_settings, init_settings


class ProcessSettings(Settings):
    """What every process has."""

    data_dir: Path = Field(
        default_factory=lambda: user_data_path("candor", appauthor=False),
        description="Folder of the embedded database, files and keys",
    )
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR")
    log_format: str = Field("json", pattern="^(json|text)$", description="Log lines as `json` or `text`")


class ServiceSettings(ProcessSettings):
    """What every service of the mesh has."""

    signing_key_file: Path | None = Field(
        None,
        description="Ed25519 private key (PEM) that access tokens are signed with; the same for all services",
    )
    grace_seconds: float = Field(
        100.0, gt=0, description="How long a service may take to finish what it holds after SIGTERM"
    )


class BusSettings(ServiceSettings):
    """What a service on the message bus has."""

    bus_url: str = Field(
        "amqp://guest:guest@127.0.0.1:5672/",
        pattern="^(amqp|amqps|memory)://",
        description="Message bus: amqp://USER:PASSWORD@HOST:PORT/VHOST, or memory:// inside one process",
    )


def variable_of(settings: type[Settings], field: str) -> str:
    """The environment variable of a field."""
    return PREFIX + field.upper() if field in settings.model_fields else field
