"""Which route answers a request: looked up by verb and number of segments, literals before variables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.gateway.templates import PathTemplate, RawPath, split_path

RouteT = TypeVar("RouteT")


@dataclass(frozen=True)
class Match(Generic[RouteT]):
    """A route and the values of its path's variables, by field path."""

    route: RouteT
    bindings: dict[str, str]


class RouteTable(Generic[RouteT]):
    """An immutable index of routes."""

    def __init__(self, routes: Iterable[tuple[str, PathTemplate, RouteT]]) -> None:
        """Takes (verb, template, route) triples of which no two have the same verb and shape."""
        index: dict[str, dict[tuple[int, str], list[tuple[PathTemplate, RouteT]]]] = {}
        for verb, template, route in routes:
            by_size = index.setdefault(verb, defaultdict(list))
            by_size[len(template.segments), template.custom_verb].append((template, route))
        for by_size in index.values():
            for candidates in by_size.values():
                candidates.sort(key=lambda candidate: candidate[0].precedence)
        self._index = index

    def match(self, verb: str, raw_path: str) -> Match[RouteT] | None:
        """Finds the route of a request; HEAD is answered by GET's.

        Raises:
            UnicodeDecodeError: the path is not UTF-8 once decoded.
        """
        return self._find("GET" if verb == "HEAD" else verb, split_path(raw_path))

    def allowed(self, raw_path: str) -> tuple[str, ...]:
        """Every verb of a path, for the Allow header; empty when no route has it."""
        path = split_path(raw_path)
        verbs = {verb for verb in self._index if self._find(verb, path) is not None}
        if "GET" in verbs:
            verbs.add("HEAD")
        return tuple(sorted(verbs | {"OPTIONS"})) if verbs else ()

    def _find(self, verb: str, path: RawPath) -> Match[RouteT] | None:
        candidates = self._index.get(verb, {}).get((len(path.segments), path.custom_verb), ())
        for template, route in candidates:
            bindings = template.match(path)
            if bindings is not None:
                return Match(route, bindings)
        return None
