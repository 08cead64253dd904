"""Identifiers that sort by time: UUID version 7 of RFC 9562."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

from domain.time import to_microseconds


def new_event_id(now: datetime) -> str:
    """A UUID version 7 for ``now`` (UTC): 48 bits of milliseconds, 74 random bits."""
    milliseconds = to_microseconds(now) // 1000
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | secrets.randbits(12) << 64
    value |= 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))
