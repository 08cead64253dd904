"""Histories of one incident, written as short lines, for tests of what is read from them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.events import Event
from domain.time import to_microseconds

BEGIN = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
REQUEST = {"officer_service_no": "17", "purpose": "civil_disturbance", "platoons_asked": 1}
NO_FORCE_YET = {
    "level": "presence", "organisation": "FPU", "authorised_by": "commander",
    "warning_given": True, "effect": "none", "injuries": 0,
}  # fmt: skip


class History:
    """Grows event by event, one minute apart."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(
        self,
        region: str,
        event: str,
        record: dict[str, Any] | None = None,
        *,
        to_state: str | None = None,
        corrects: Event | None = None,
        org: str = "FPU",
        **body: Any,
    ) -> Event:
        number = len(self.events) + 1
        at = to_microseconds(BEGIN + timedelta(minutes=number))
        whole = {"record": record or {}, "asserted_by": {"org": org, "function": "x"}, **body}
        self.events.append(
            Event(
                "drill", "drill-0001", number, number, f"event-{number}", f"command-{number}",
                region, event, None, to_state, at, at, "duty", "FPU_DUTY", False,
                corrects.event_id if corrects else None, None, None, None, None, None,
                json.dumps(whole), "", "",
            )
        )  # fmt: skip
        return self.events[-1]
