"""The key under which a create is safe to repeat."""

from __future__ import annotations

import hashlib

from google.protobuf.message import Message

from services.store.unit_of_work import RequestKey


def key_of(method: str, request: Message, request_id: str) -> RequestKey:
    """Two requests are the same when they serialise to the same bytes."""
    fingerprint = hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest()
    return RequestKey(method, request_id, fingerprint)
