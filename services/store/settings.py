"""Settings of the store."""

from __future__ import annotations

from pydantic import Field

from services.chassis.settings import BusSettings


class StoreSettings(BusSettings):
    """Settings of the store."""

    grpc_listen: str = Field("127.0.0.1:50051", description="Where the store serves gRPC: HOST:PORT or unix:PATH")
    metrics_listen: str = Field("127.0.0.1:9461", description="Where /metrics, /healthz, /readyz are; empty: nowhere")
    database_url: str = Field(
        "postgresql://candor@127.0.0.1:5432/candor",
        pattern="^(postgresql|embedded)://",
        description="PostgreSQL: postgresql://USER:PASSWORD@HOST:PORT/NAME, or embedded://FOLDER to start one there",
    )
    blobs_url: str = Field(
        "",
        pattern="^((file|s3)://.+)?$",
        description="CV files: file:///FOLDER, or s3://BUCKET/PREFIX?endpoint=URL&region=NAME with AWS_* keys. "
        "Empty: the folder `files` in CANDOR_DATA_DIR",
    )
    database_connections: int = Field(20, ge=2, le=500, description="Connections to PostgreSQL at most")
    erase_at_once: int = Field(4, ge=1, description="Files of deleted CVs erased at a time")
