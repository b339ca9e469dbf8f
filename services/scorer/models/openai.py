"""The model behind any endpoint that speaks OpenAI's chat completions, asked for a strict JSON schema."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai
from candor.evaluations.v1.evaluation_pb2 import Model
from candor.evaluations.v1.record_pb2 import Answer
from pydantic import BaseModel, ValidationError

from services.scorer import prompts
from services.scorer.answers import JudgementAnswer, RubricAnswer
from services.scorer.models.port import DraftRequest, JudgementRequest, ModelRefusal, ModelUnavailable

_PARAMETERS: dict[str, Any] = {"temperature": 0, "seed": 7}
"""As repeatable as a provider can be made; what makes the score repeatable is the stored answer and the formula."""
_WORTH_REPEATING = {408, 409, 425, 429}


class OpenAIModel:
    """One model at one endpoint. The SDK's own retries are off: another attempt is the queue's business, and the SDK
    would hide up to three calls, and their cost, behind one."""

    def __init__(
        self, base_url: str, name: str, api_key: str, *, timeout_seconds: float = 60.0, connections: int = 100
    ) -> None:
        self._identity = Model(provider=_provider(base_url), name=name)
        self._timeout = timeout_seconds
        limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",
            timeout=timeout_seconds,
            max_retries=0,
            # aiohttp carries 3.3 times the throughput of the default transport at 500 requests in flight.
            http_client=openai.DefaultAioHttpClient(limits=limits, timeout=timeout_seconds),
        )

    @property
    def identity(self) -> Model:
        return self._identity

    async def judge(self, request: JudgementRequest) -> Answer:
        return await self._ask(prompts.judging(request), JudgementAnswer)

    async def draft(self, request: DraftRequest) -> Answer:
        return await self._ask(prompts.drafting(request), RubricAnswer)

    async def close(self) -> None:
        await self._client.close()

    async def _ask(self, messages: prompts.Messages, form: type[BaseModel]) -> Answer:
        began = time.perf_counter()
        try:
            # One limit around everything: the SDK's is for each read, and a drip of bytes would never meet it.
            async with asyncio.timeout(self._timeout):
                completion = await self._client.chat.completions.parse(
                    model=self._identity.name,
                    messages=messages,  # type: ignore[arg-type]  # plain dicts of the SDK's shape
                    response_format=form,
                    **_PARAMETERS,
                )
        except TimeoutError as error:
            raise ModelUnavailable(f"no answer within {self._timeout:.0f} s") from error
        except (openai.OpenAIError, ValidationError, json.JSONDecodeError) as error:
            raise _as_ours(error) from error
        return self._answer(completion, int((time.perf_counter() - began) * 1000))

    def _answer(self, completion: Any, latency_ms: int) -> Answer:
        message = completion.choices[0].message if completion.choices else None
        if message is not None and message.refusal:
            raise ModelRefusal("MODEL_REFUSED", "The model refused to answer.")
        if message is None or not message.content:
            raise ModelRefusal("MODEL_ANSWER_EMPTY", "The model answered nothing.")
        usage = completion.usage
        answer = Answer(
            model=self._identity,
            parameters_json=json.dumps(_PARAMETERS, sort_keys=True),
            raw=message.content,
            input_tokens=usage.prompt_tokens if usage else 0,
            output_tokens=usage.completion_tokens if usage else 0,
            latency_ms=latency_ms,
            provider_response_id=completion.id or "",
        )
        cost = _cost(self._identity, answer)
        if cost is not None:
            answer.cost_usd = cost
        return answer


def _as_ours(error: Exception) -> ModelUnavailable | ModelRefusal:
    """The SDK's exceptions as the port's two."""
    match error:
        case openai.LengthFinishReasonError():
            return ModelRefusal("MODEL_ANSWER_TRUNCATED", "The model's answer was cut off at its length limit.")
        case openai.ContentFilterFinishReasonError():
            return ModelRefusal("MODEL_REFUSED", "The provider's content filter withheld the answer.")
        case openai.APIStatusError() if error.status_code in _WORTH_REPEATING or error.status_code >= 500:
            return ModelUnavailable(f"the provider answered {error.status_code}")
        case openai.APIStatusError():
            return ModelRefusal(
                "MODEL_REJECTED_REQUEST",
                f"The provider rejected the request with status {error.status_code}; see the scorer's model settings.",
            )
        case openai.APIResponseValidationError() | ValidationError() | json.JSONDecodeError():
            return ModelRefusal("MODEL_ANSWER_INVALID", "The model's answer is not of the form that was asked for.")
        case _:
            return ModelUnavailable(f"{type(error).__name__}")


def _provider(base_url: str) -> str:
    host = urlsplit(base_url).netloc.rpartition("@")[2]
    return "openai" if host == "api.openai.com" else host


def _cost(model: Model, answer: Answer) -> float | None:
    """List price from genai-prices' offline snapshot; None where it knows no price."""
    from genai_prices import Usage, calc_price

    usage = Usage(input_tokens=answer.input_tokens, output_tokens=answer.output_tokens)
    try:
        price = calc_price(usage, model.name, provider_id="openai" if model.provider == "openai" else None)
    except LookupError:
        return None
    return float(price.total_price)
