"""What the store does on events: erase the file of a deleted CV."""

from __future__ import annotations

from candor.resumes.v1.resumes_events_pb2 import ResumeDeletedEvent

from services.chassis.blobs import Blobs
from services.chassis.bus.consumer import Turn


class FileEraser:
    """Handles ResumeDeletedEvent."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    async def erase(self, event: ResumeDeletedEvent, turn: Turn) -> None:
        """Deletes the object; one that is gone already is no failure."""
        await self._blobs.delete(event.object_name)
