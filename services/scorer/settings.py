"""Settings of the scorer."""

from __future__ import annotations

from pydantic import AliasChoices, Field, SecretStr

from services.chassis.settings import BusSettings


class ScorerSettings(BusSettings):
    """Settings of the scorer."""

    grpc_listen: str = Field("127.0.0.1:50053", description="Where the scorer serves gRPC: HOST:PORT or unix:PATH")
    metrics_listen: str = Field("127.0.0.1:9463", description="Where /metrics, /healthz, /readyz are; empty: nowhere")
    store_address: str = Field("127.0.0.1:50051", description="The store: HOST:PORT, dns:///HOST:PORT or unix:PATH")
    model_url: str = Field(
        "",
        pattern="^(local:.*|https?://.+)?$",
        description="The model: `local:`, or an OpenAI-compatible endpoint such as https://api.openai.com/v1. "
        "Empty: OpenAI where there is a key, else local:",
    )
    model_name: str = Field(
        "gpt-4.1-mini", min_length=1, description="The provider's name of the model; not for local:"
    )
    model_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("CANDOR_MODEL_API_KEY", "OPENAI_API_KEY", "model_api_key"),
        description="Key of the model's provider (or OPENAI_API_KEY)",
    )
    model_timeout_seconds: float = Field(60.0, gt=0, le=90, description="Longest model call, all of it")
    scorer_at_once: int = Field(16, ge=1, le=1000, description="Evaluations that one scorer process judges at a time")

    @property
    def model_endpoint(self) -> str:
        """The endpoint that the settings amount to; `local:` for none."""
        if self.model_url:
            return self.model_url
        return "https://api.openai.com/v1" if self.model_api_key else "local:"
