"""Models behind one port: any OpenAI-compatible endpoint, or the lexical one inside the process."""

from __future__ import annotations

from services.scorer.models.port import ModelPort
from services.scorer.settings import ScorerSettings


def open_model(settings: ScorerSettings) -> ModelPort:
    """The model that the settings amount to."""
    if settings.model_endpoint.startswith("local:"):
        from services.scorer.models.local import LocalModel

        return LocalModel()
    from services.scorer.models.openai import OpenAIModel

    key = settings.model_api_key.get_secret_value() if settings.model_api_key else ""
    return OpenAIModel(
        settings.model_endpoint,
        settings.model_name,
        key,
        timeout_seconds=settings.model_timeout_seconds,
        connections=settings.scorer_at_once + 8,
    )
