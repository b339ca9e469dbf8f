"""The model behind `local:`: judges and drafts by words alone. No network, no download, the same answer every time."""

from __future__ import annotations

import json
from datetime import date

from candor.evaluations.v1.evaluation_pb2 import Model
from candor.evaluations.v1.record_pb2 import Answer
from pydantic import BaseModel

from services.scorer.models.lexical.drafting import drafted
from services.scorer.models.lexical.judge import judged
from services.scorer.models.port import DraftRequest, JudgementRequest

PROVIDER = "local"
# Counts up with every change of a level, a keyword or a table: results are cached and compared under this name.
NAME = "lexical-1"
# What `present` means in a CV's dates. A fixed month and not today's, so that the same CV gives the same bytes on any
# day; a CV that names a later beginning moves it. It is the month of this version, and moves with `NAME`.
AS_OF = date(2026, 11, 1)


class LocalModel:
    """Implements `ModelPort` with words: honest about being lexical (docs/scoring.md).

    One CV takes a few milliseconds, so it runs on the event loop.
    """

    def __init__(self, as_of: date = AS_OF) -> None:
        self._as_of = as_of

    @property
    def identity(self) -> Model:
        return Model(provider=PROVIDER, name=NAME)

    async def judge(self, request: JudgementRequest) -> Answer:
        """A JudgementAnswer; never raises for a valid rubric."""
        return self._answer(judged(request.rubric, request.text, self._as_of))

    async def draft(self, request: DraftRequest) -> Answer:
        """A RubricAnswer of up to twelve criteria; of none where the description asks for nothing that can be told."""
        return self._answer(drafted(request.title, request.description))

    async def close(self) -> None:
        """Holds nothing open."""

    def _answer(self, form: BaseModel) -> Answer:
        raw = json.dumps(form.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return Answer(model=self.identity, parameters_json="{}", raw=raw, cost_usd=0.0)
