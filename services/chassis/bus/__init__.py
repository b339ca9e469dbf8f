"""The message bus: one port, an adapter for RabbitMQ and one inside the process."""

from __future__ import annotations

from services.chassis.bus.port import Bus


def open_bus(url: str) -> Bus:
    """The adapter that a URL names: `amqp://…` or `memory://`."""
    if url.startswith("memory:"):
        from services.chassis.bus.memory import MemoryBus

        return MemoryBus()
    from services.chassis.bus.rabbitmq import RabbitBus

    return RabbitBus(url)
