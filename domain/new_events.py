"""How an event is made from a command: what goes into columns, and what into its body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.events import Command, NewEvent
from domain.transitions import RES, T3


def new_event(
    command: Command,
    stream: str,
    region: str,
    event: str,
    before: str | None,
    after: str | None,
    row_id: str | None,
    incident: str | None = None,
    serves: str | None = None,
    rests_on: Mapping[str, Any] | None = None,
) -> NewEvent:
    """One event of a command; ``rests_on`` are the identities of what it belongs to."""
    record = command.record
    request = record.get("request", {})
    if region == RES and incident is None:
        incident = record.get("to_incident") or record.get("engagement") or serves
    return NewEvent(
        stream=stream,
        region=region,
        event=event,
        from_state=before,
        to_state=after,
        body=_body(command, row_id, rests_on or {}),
        purpose=request.get("purpose"),
        reason=record.get("reason") if isinstance(record.get("reason"), str) else None,
        receiver=record.get("receiver") if region == T3 else None,
        incident=incident,
        platoons=tuple(record.get("platoons", ())),
    )


def _body(command: Command, row_id: str | None, rests_on: Mapping[str, Any]) -> dict[str, object]:
    second = command.second_person
    whole: dict[str, Any] = {
        "row": row_id,
        "asserted_by": dict(command.asserted_by),
        "channel": command.channel,
        "channel_ref": command.channel_ref,
        "confirmations": [dict(one) for one in command.confirmations],
        "second_person": None
        if second is None
        else {"user": second.name, "role": second.role, "session": second.session},
        "fingerprint": command.fingerprint,
        "position": dict(command.position) if command.position else None,
        "place_ref": command.place_ref,
        "text": command.text,
        "lang": command.lang,
        "session": command.actor.session,
        "record": _record(command),
    }
    whole.update(rests_on)
    return {key: value for key, value in whole.items() if value not in (None, [], "")}


def _record(command: Command) -> dict[str, object]:
    if command.event == "own_mandate":  # KFOR without a request is kept as the exception it is
        return {**command.record, "exception": True}
    return dict(command.record)
