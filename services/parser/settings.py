"""Settings of the parser."""

from __future__ import annotations

from pydantic import Field

from services.chassis.settings import BusSettings


class ParserSettings(BusSettings):
    """Settings of the parser."""

    grpc_listen: str = Field("127.0.0.1:50052", description="Where the parser serves gRPC: HOST:PORT or unix:PATH")
    metrics_listen: str = Field("127.0.0.1:9462", description="Where /metrics, /healthz, /readyz are; empty: nowhere")
    store_address: str = Field("127.0.0.1:50051", description="The store: HOST:PORT, dns:///HOST:PORT or unix:PATH")
    parser_at_once: int = Field(4, ge=1, le=64, description="Documents that one parser process reads at a time")
    parser_wall_seconds: float = Field(20.0, gt=0, description="Longest that reading one document may take")
    parser_memory_mib: int = Field(768, ge=256, description="Most memory (MiB) that reading one document may take")
