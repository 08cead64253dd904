"""An incident and a platoon as the lists, the map and the stream show them: plain JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from domain.drafts import said_states
from domain.events import CLOSES_A_DRAFT, DRAFT, RETIMED, Event, Folded
from domain.state import IncidentState, PlatoonState, absorb
from domain.time import from_microseconds, to_rfc3339
from domain.transitions import INC, LINE, T2, T3

_WAITING = ("REQUESTED", "ACKNOWLEDGED")


@dataclass(slots=True)
class IncidentPicture:
    """The folded state of one incident with what its report said; grows event by event."""

    state: IncidentState
    title: str = ""
    category: str = ""
    severity: int = 0
    occurred_us: int = 0
    updated_us: int = 0
    position: tuple[float, float] | None = None
    place_ref: str | None = None
    since_us: dict[str, int] = field(default_factory=dict)
    out_of_model: int = 0
    said: dict[str, dict[str, str]] = field(default_factory=dict)

    def absorb(self, event: Folded) -> None:
        """Take in the next event of the stream.

        It may look into the body of events of ``domain.events.READ_WITH_BODY``, and no others.
        """
        absorb(self.state, event)
        self.updated_us = event.recorded_us
        moved = event.to_state is not None and event.corrects is None
        retimed = event.reason == RETIMED and event.corrects == self.state.newest.get(event.region)
        if moved or retimed:
            self.since_us[event.region] = event.occurred_us
        name = event.event
        if name == "report" and event.region == INC:
            self._reported(event)
        elif name == "observation" and event.record.get("kind") == "out_of_model":
            self.out_of_model += 1
        elif event.event == DRAFT:
            self.said[event.event_id] = said_states(event)
        elif event.event in CLOSES_A_DRAFT:
            self.said.pop(event.record["draft"], None)

    def _reported(self, event: Folded) -> None:
        body = event.body
        record = body["record"]
        self.title = record["title"]
        self.category = record["category"]
        self.severity = record["severity"]
        if event.corrects is None or event.reason == RETIMED:
            self.occurred_us = event.occurred_us
        if "position" in body:
            self.position = (body["position"]["lat"], body["position"]["lon"])
        self.place_ref = body.get("place_ref", self.place_ref)

    def summary(self) -> dict[str, Any]:
        """The incident in a few hundred bytes; times RFC 3339, position degrees WGS84."""
        state = self.state
        return {
            "id": state.incident_id,
            "version": state.version,
            "title": self.title,
            "category": self.category,
            "severity": self.severity,
            "inc": state.inc,
            "t2": state.t2,
            "t3": state.t3,
            "line": state.line,
            "tier": state.tier,
            "purpose": state.t2_purpose,
            "revoked": state.t2_revoked,
            "disputed": bool(state.t2_disputed),
            "disputes": len(state.disputed),
            "said_to_end": state.said_ended(),
            "waiting": self._waiting(),
            "position": None
            if self.position is None
            else {"lat": self.position[0], "lon": self.position[1]},
            "place_ref": self.place_ref,
            "occurred_at": to_rfc3339(from_microseconds(self.occurred_us)),
            "updated_at": to_rfc3339(from_microseconds(self.updated_us)),
            "since": {
                region: to_rfc3339(from_microseconds(self.since_us[region]))
                for region in (INC, T2, T3, LINE)
                if region in self.since_us
            },
            "out_of_model": self.out_of_model,
            "drafts": len(self.said),
            "said": {region: to for one in self.said.values() for region, to in one.items()},
        }

    def _waiting(self) -> list[dict[str, str]]:
        found = []
        for region, present, asked in (
            (T2, self.state.t2, self.state.t2_requested_us),
            (T3, self.state.t3, self.state.t3_requested_us),
        ):
            if present in _WAITING:
                since = to_rfc3339(from_microseconds(asked))
                found.append({"region": region, "state": present, "since": since})
        return found


def platoon_summary(platoon_id: str, callsign: str, state: PlatoonState) -> dict[str, Any]:
    """A platoon's state as the stream tells it."""
    return {
        "id": platoon_id,
        "callsign": callsign,
        "state": state.state,
        "incident": state.incident,
        "disputed": state.disputed,
        "version": state.version,
        "since": to_rfc3339(from_microseconds(state.since_us)) if state.since_us else None,
    }


def event_view(event: Event) -> dict[str, Any]:
    """One event of the log as the interface shows it: the envelope, the record, both times."""
    body = event.body
    return {
        "id": event.event_id,
        "command_id": event.command_id,
        "stream": event.stream,
        "seq": event.seq,
        "region": event.region,
        "event": event.event,
        "from_state": event.from_state,
        "to_state": event.to_state,
        "occurred_at": to_rfc3339(event.occurred_at),
        "recorded_at": to_rfc3339(event.recorded_at),
        "entered_by": {
            "user": event.entered_by,
            "role": event.entered_role,
            "session": body.get("session", ""),
        },
        "late_entry": event.late_entry,
        "corrects": event.corrects,
        "incident": event.incident,
        **{key: part for key, part in body.items() if key not in ("session", "row")},
        "row": body.get("row"),
        "prev_hash": event.prev_hash,
        "hash": event.hash,
    }
