"""All settings with default, meaning and current value."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from rich.table import Table
from rich.text import Text

from services.chassis.settings import ProcessSettings, Settings, variable_of
from services.gateway.settings import GatewaySettings
from services.parser.settings import ParserSettings
from services.scorer.settings import ScorerSettings
from services.store.settings import StoreSettings

_SERVICES: dict[str, type[ProcessSettings]] = {
    "store": StoreSettings,
    "parser": ParserSettings,
    "scorer": ScorerSettings,
    "gateway": GatewaySettings,
}


@dataclass(frozen=True)
class Setting:
    """One environment variable."""

    variable: str
    services: tuple[str, ...]
    default: str
    value: str
    meaning: str


def all_settings() -> list[Setting]:
    """Every variable once, with the services that read it. Secrets are masked.

    Raises:
        SettingsRefused: a value is of the wrong form.
    """
    readers: dict[str, list[str]] = {}
    first: dict[str, tuple[type[Settings], FieldInfo]] = {}
    for service, settings in _SERVICES.items():
        for name, field in settings.model_fields.items():
            readers.setdefault(name, []).append(service)
            first.setdefault(name, (settings, field))
    return [_setting(name, tuple(readers[name]), *first[name]) for name in readers]


def _setting(name: str, services: tuple[str, ...], settings: type[Settings], field: FieldInfo) -> Setting:
    default = " / ".join(dict.fromkeys(_defaults(name, services)))
    current = getattr(settings.load(), name)
    set_here = any(variable in os.environ for variable in _variables(settings, name, field))
    return Setting(
        variable=" or ".join(_variables(settings, name, field)),
        services=services if len(services) < len(_SERVICES) else ("all",),
        default=default,
        value=_shown(current) if set_here else "",
        meaning=field.description or "",
    )


def _defaults(name: str, services: tuple[str, ...]) -> Iterator[str]:
    for service in services:
        yield _shown(_SERVICES[service].model_fields[name].get_default(call_default_factory=True))


def _variables(settings: type[Settings], name: str, field: FieldInfo) -> list[str]:
    alias = field.validation_alias
    if alias is None:
        return [variable_of(settings, name)]
    return [choice for choice in getattr(alias, "choices", [alias]) if isinstance(choice, str) and choice.isupper()]


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "********"
    masked = re.sub(r"(?<=://)([^:/@]*):[^@/]+@", r"\1:********@", "" if value is None else str(value))
    return re.sub(r"(?<=[?&]password=)[^&]+", "********", masked)


def as_table(settings: list[Setting]) -> Table:
    """For a terminal."""
    table = Table(show_lines=False, expand=True)
    for title, ratio in (("variable", 4), ("read by", 2), ("default", 4), ("set to", 3), ("meaning", 6)):
        table.add_column(title, ratio=ratio, overflow="fold")
    for one in settings:
        table.add_row(
            Text(one.variable), ", ".join(one.services), Text(one.default), Text(one.value), Text(one.meaning)
        )
    return table
