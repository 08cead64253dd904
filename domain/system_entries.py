"""What the program itself writes down: alerts of clocks, spots and disputes, and seals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.events import Actor, Command, NewEvent
from domain.streams import LOG_STREAM
from domain.transitions import LOG

SYSTEM = Actor("system", "SYSTEM")
"""Who enters it; owns no event of an incident or a platoon."""


def system_entry(
    command_id: str,
    event: str,
    occurred_at: datetime,
    record: Mapping[str, Any],
    stream: str = LOG_STREAM,
) -> tuple[NewEvent, Command]:
    """One event of an operation's log, or of another ``stream`` beside it, and its command."""
    command = Command(
        command_id=command_id,
        region=LOG,
        event=event,
        occurred_at=occurred_at,
        actor=SYSTEM,
        asserted_by={"org": "FPU", "function": SYSTEM.role},
        record=record,
    )
    return NewEvent(stream, LOG, event, None, None, {"record": dict(record)}), command
