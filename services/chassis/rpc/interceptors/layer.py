"""What every RPC passes through on its way in, as layers around the servicer's method."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message

from services.chassis.refusals import Code


@dataclass
class Call:
    """One RPC being served."""

    method: MethodDescriptor
    context: grpc.aio.ServicerContext[Message, Message]
    metadata: dict[str, str]
    code: Code | None = None
    """How it ended, where it was refused."""
    messages_in: int = field(default=0)

    @property
    def full_name(self) -> str:
        """`candor.jobs.v1.JobsService/GetJob`."""
        return f"{self.method.containing_service.full_name}/{self.method.name}"


class Layer(Protocol):
    """One concern of every RPC."""

    def around(self, call: Call) -> AbstractAsyncContextManager[None]:
        """Entered before the method begins, left when it has answered or raised."""

    def admit(self, call: Call, message: Message) -> None:
        """Sees each request message before the method does; raises a Refusal to turn it away."""


class AdmitsAll:
    """A layer that looks at no message."""

    def admit(self, call: Call, message: Message) -> None:
        """Lets it pass."""
