"""Names and arguments of exchange and queues, said in full so that no broker version's default decides."""

from __future__ import annotations

from typing import Any

EXCHANGE = "candor.events"
DELIVERY_LIMIT = 3
"""Returns that a quorum queue counts before burying a message: one that kills its consumer is delivered four times."""
ATTEMPTS = 5
"""Deliveries that end in an exception before a message is buried."""
RETRY_DELAY_SECONDS = 5.0
"""How long a message waits in `.retry`. One delay for all: in a queue with several, the head holds up the rest."""

ATTEMPT_HEADER = "candor-attempt"
REASON_HEADER = "candor-reason"


def retry_name(queue: str) -> str:
    return f"{queue}.retry"


def dead_name(queue: str) -> str:
    return f"{queue}.dead"


def _quorum(**arguments: Any) -> dict[str, Any]:
    return {
        "x-queue-type": "quorum",
        **{f"x-{name.replace('_', '-')}": value for name, value in arguments.items()},
    }


def _passing_on_to(queue: str) -> dict[str, str]:
    # At-least-once dead-lettering needs reject-publish; the default, at-most-once, may lose the message in passing.
    return {
        "dead_letter_exchange": "",
        "dead_letter_routing_key": queue,
        "dead_letter_strategy": "at-least-once",
        "overflow": "reject-publish",
    }


def queue_arguments(queue: str) -> dict[str, Any]:
    return _quorum(delivery_limit=DELIVERY_LIMIT, **_passing_on_to(dead_name(queue)))


def retry_arguments(queue: str, delay_seconds: float) -> dict[str, Any]:
    return _quorum(message_ttl=int(delay_seconds * 1000), **_passing_on_to(queue))


def dead_arguments() -> dict[str, Any]:
    return _quorum()
