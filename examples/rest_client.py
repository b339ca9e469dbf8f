"""Screens one CV over REST with the standard library: `python -m examples.rest_client URL TOKEN CV`."""

from __future__ import annotations

import json
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

DESCRIPTION = Path(__file__).parent / "jobs" / "platform-engineer.md"


class Rest:
    """The gateway at `url`, with a caller's access token."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url.rstrip("/"), token

    def call(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        request = urllib.request.Request(f"{self._url}/api/v1{path}", data=body, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            read: dict[str, Any] = json.load(answer)
            return read


def main(url: str, token: str, cv: Path) -> None:
    """Posts the job, uploads the CV, asks for the evaluation and waits for its end."""
    rest = Rest(url, token)
    posting = {"title": "Platform Engineer", "description": DESCRIPTION.read_text()}
    job = rest.call("POST", "/jobs", json.dumps(posting).encode())
    name = urllib.parse.quote(cv.name)
    resume = rest.call("POST", f"/resumes?file_name={name}", cv.read_bytes(), "application/octet-stream")
    asked = {"jobId": job["jobId"], "resumeId": resume["resumeId"]}
    evaluation = rest.call("POST", "/evaluations", json.dumps(asked).encode())
    while evaluation["state"] in ("STATE_PENDING", "STATE_QUEUED", "STATE_RUNNING"):
        time.sleep(0.2)
        evaluation = rest.call("GET", f"/evaluations/{evaluation['evaluationId']}")
    print(evaluation["state"], evaluation.get("overallScore"), evaluation["model"])
    print("\n".join(evaluation["matches"]))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
