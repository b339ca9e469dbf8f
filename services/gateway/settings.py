"""Settings of the gateway."""

from __future__ import annotations

from pydantic import Field

from services.chassis.settings import ServiceSettings


class GatewaySettings(ServiceSettings):
    """Settings of the gateway."""

    http_listen: str = Field("127.0.0.1:8080", description="Where the gateway serves HTTP: HOST:PORT")
    store_address: str = Field("127.0.0.1:50051", description="The store: HOST:PORT, dns:///HOST:PORT or unix:PATH")
    parser_address: str = Field("127.0.0.1:50052", description="The parser: HOST:PORT, dns:///HOST:PORT or unix:PATH")
    scorer_address: str = Field("127.0.0.1:50053", description="The scorer: HOST:PORT, dns:///HOST:PORT or unix:PATH")
    http_call_seconds: float = Field(30.0, gt=0, description="Longest that one HTTP request may wait for an answer")
