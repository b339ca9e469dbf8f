"""A fake of OpenAI's chat completions: real HTTP; checks what it is sent against the rules of strict schemas; answers
after a given time. The model's name says how it behaves:

`fake` answers well; `fake-fabricating` quotes what is not in the CV; `fake-malformed` answers no JSON;
`fake-overlevelled` answers level 9; `fake-refusing` refuses; `fake-truncated` is cut off; `fake-limited` answers 429;
`fake-slow` takes 30 s.

Every request is written to a ledger before it is answered: what is on it has been paid for."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import re
from collections.abc import Iterator
from typing import Any, TextIO

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_CRITERION = re.compile(r"^- ([a-z0-9-]+) \((\w+)\): (.*)$", re.MULTILINE)
_FABRICATED = "Invented the transistor and led NASA's moon landing programme in 1969."


class FakeOpenAI:
    """The endpoint as an ASGI application. `ledger` names a file that gets one line a request, synced."""

    def __init__(self, delay_seconds: float = 0.0, ledger: str | None = None) -> None:
        self._delay = delay_seconds
        self._ledger: TextIO | None = open(ledger, "a") if ledger else None  # noqa: SIM115 - open as long as we are
        self.requests: list[dict[str, Any]] = []
        self.in_flight = self.most_in_flight = 0
        self.app = Starlette(routes=[Route("/v1/chat/completions", self._complete, methods=["POST"])])

    async def _complete(self, request: Request) -> Response:
        body = await request.json()
        faults = list(_faults(body))
        if faults:
            return JSONResponse({"error": {"message": "; ".join(faults), "type": "invalid_request_error"}}, 400)
        self._pay(body)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(30.0 if body["model"] == "fake-slow" else self._delay)
            return _answer(body)
        finally:
            self.in_flight -= 1

    def _pay(self, body: dict[str, Any]) -> None:
        self.requests.append(body)
        if self._ledger is not None:
            content = hashlib.sha256(json.dumps(body["messages"]).encode()).hexdigest()
            self._ledger.write(json.dumps({"content": content, "model": body["model"]}) + "\n")
            self._ledger.flush()
            os.fsync(self._ledger.fileno())


def _faults(body: dict[str, Any]) -> Iterator[str]:
    """What OpenAI would reject: a form that is not strict (its guide to structured outputs)."""
    form = body.get("response_format", {})
    if form.get("type") != "json_schema" or form.get("json_schema", {}).get("strict") is not True:
        yield "response_format must be a strict json_schema"
        return
    schema = form["json_schema"]["schema"]
    for place, node in _objects(schema, "$"):
        if node.get("additionalProperties") is not False:
            yield f"{place}: additionalProperties must be false"
        if sorted(node.get("required", [])) != sorted(node.get("properties", {})):
            yield f"{place}: every property must be required"
    if [message["role"] for message in body.get("messages", [])] != ["system", "user"]:
        yield "messages must be one system message and one user message"


def _objects(node: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield place, node
        for name, inner in node.items():
            yield from _objects(inner, f"{place}.{name}")
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from _objects(inner, f"{place}[{index}]")


def _answer(body: dict[str, Any]) -> Response:
    model = body["model"]
    if model == "fake-limited":
        limited = {"error": {"message": "Rate limit reached", "type": "rate_limit_error"}}
        return JSONResponse(limited, 429, headers={"retry-after": "1"})
    if model == "fake-refusing":
        return _completion(model, {"content": None, "refusal": "I can't help with that."})
    if model == "fake-malformed":
        return _completion(model, {"content": "The candidate is excellent! 97/100."})
    if model == "fake-truncated":
        return _completion(model, {"content": '{"criteria": [{"criterion_id": "a'}, finish="length")
    content = _draft(body) if body["response_format"]["json_schema"]["name"] == "RubricAnswer" else _judgement(body)
    return _completion(model, {"content": json.dumps(content, ensure_ascii=False)})


def _completion(model: str, message: dict[str, Any], finish: str = "stop") -> Response:
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "refusal": None, **message}}
    usage = {"prompt_tokens": 1800, "completion_tokens": 400, "total_tokens": 2200}
    return JSONResponse(
        {
            "id": "chatcmpl-fake",
            "object": "chat.completion",
            "created": 1,
            "model": model,
            "choices": [choice],
            "usage": usage,
        }
    )


def _judgement(body: dict[str, Any]) -> dict[str, Any]:
    rules, text = body["messages"][0]["content"], _fenced(body["messages"][1]["content"])
    rows = [_row(body["model"], name, question, text) for name, _, question in _CRITERION.findall(rules)]
    return {"criteria": rows}


def _row(model: str, name: str, question: str, text: str) -> dict[str, Any]:
    """EVIDENCED where a line of the CV shares two long words with the question, quoted whole."""
    words = set(re.findall(r"\w{5,}", question.lower()))
    shared = [(len(words & set(re.findall(r"\w{5,}", line.lower()))), line.strip()) for line in text.splitlines()]
    most, line = max(shared, default=(0, ""), key=lambda pair: pair[0])
    if model == "fake-fabricating":
        return {"criterion_id": name, "finding": "EVIDENCED", "level": 4, "quotes": [_FABRICATED]}
    if most < 2:
        return {"criterion_id": name, "finding": "NOT_SHOWN", "level": 0, "quotes": []}
    level = 9 if model == "fake-overlevelled" else min(4, most)
    return {"criterion_id": name, "finding": "EVIDENCED", "level": level, "quotes": [line[:300]]}


def _draft(body: dict[str, Any]) -> dict[str, Any]:
    text = _fenced(body["messages"][1]["content"])
    lines = [line.strip("-*• ").strip() for line in text.splitlines() if len(line.split()) > 5][:8]
    return {
        "criteria": [
            {
                "criterion_id": f"requirement-{number}",
                "question": f"Does the candidate show this: {line[:200]}",
                "dimension": "EXPERIENCE",
                "weight": 1.0,
                "kind": "SCORED",
                "source": line,
                "keywords": re.findall(r"\w{5,}", line)[:5],
            }
            for number, line in enumerate(lines, 1)
        ]
    }


def _fenced(content: str) -> str:
    """What stands between the two fence lines."""
    return "\n".join(content.split("\n")[1:-1])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    arguments.add_argument("--ledger", help="file that gets a line for each paid request")
    chosen = arguments.parse_args()
    fake = FakeOpenAI(chosen.delay, chosen.ledger)
    uvicorn.run(fake.app, host="127.0.0.1", port=chosen.port, log_level="warning")


if __name__ == "__main__":
    main()
