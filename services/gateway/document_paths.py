"""How the document writes a path: OpenAPI knows plain names in braces only, and each shape of a path once."""

from __future__ import annotations

from collections import Counter

from services.gateway.contract import Route
from services.gateway.templates import Variable


def parameter_names(route: Route) -> dict[str, str]:
    """What the document calls each variable: `job.job_id` is `job_id`, unless two would be called the same."""
    variables = route.template.variables
    last = Counter(variable.field_path[-1] for variable in variables)
    return {v.name: v.field_path[-1] if last[v.field_path[-1]] == 1 else "_".join(v.field_path) for v in variables}


def path_key(route: Route, names: dict[str, str]) -> str:
    """The path as OpenAPI writes it, with the given names of its variables."""
    segments = [segment or "" for segment in route.template.segments]
    for variable in route.template.variables:
        wild = _wildcards(route, variable)
        for place, name in zip(wild, names_of(route, variable, names), strict=True):
            segments[place] = f"{{{name}}}"
    suffix = f":{route.template.custom_verb}" if route.template.custom_verb else ""
    return "/" + "/".join(segments) + suffix


def names_of(route: Route, variable: Variable, names: dict[str, str]) -> list[str]:
    """The names of a variable's parameters: one for each `*` that it covers."""
    name, count = names[variable.name], len(_wildcards(route, variable))
    return [name] if count == 1 else [f"{name}_{number + 1}" for number in range(count)]


def _wildcards(route: Route, variable: Variable) -> list[int]:
    covered = range(variable.start, variable.start + variable.length)
    return [place for place in covered if route.template.segments[place] is None]
