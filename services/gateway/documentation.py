"""/api/openapi.json and /api/docs: the contract for readers, with Swagger UI from our own files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from services.gateway.problems import Problem, Refused

_WEB = Path(__file__).parent / "web"
_FILES = {
    "swagger-ui-bundle.js": (_WEB / "swagger-ui" / "swagger-ui-bundle.js", "text/javascript"),
    "swagger-ui.css": (_WEB / "swagger-ui" / "swagger-ui.css", "text/css"),
    "init.js": (_WEB / "docs" / "init.js", "text/javascript"),
}
# No inline script and no inline style: what is shown is what we ship.
_PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


def documentation_routes(document: dict[str, Any]) -> list[Route]:
    """The routes that serve the document and the page that shows it."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8")

    async def openapi(_: Request) -> Response:
        return Response(body, media_type="application/json", headers={"cache-control": "no-cache"})

    return [
        Route("/api/openapi.json", openapi),
        Route("/api/docs", _page),
        Route("/api/docs/{name}", _file),
    ]


async def _page(_: Request) -> Response:
    headers = {"content-security-policy": _PAGE_POLICY, "cache-control": "no-cache"}
    return FileResponse(_WEB / "docs" / "index.html", media_type="text/html", headers=headers)


async def _file(request: Request) -> Response:
    found = _FILES.get(request.path_params["name"])
    if found is None:
        raise Refused(Problem(404, "ROUTE_NOT_FOUND", "There is nothing at this path."))
    path, media_type = found
    return FileResponse(path, media_type=media_type, headers={"cache-control": "public, max-age=3600"})
