"""What was said but waits for somebody who may enter it: drafts, which move nothing.

A draft is an event of the incident's stream without a state behind it, so the fold never sees more
of it than its number. It holds the steps that wait, each an envelope as it was sent. Another event
closes it: confirmed or rejected.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from domain.chain import canonical
from domain.errors import DashboardError, GuardRefused, NotPermitted
from domain.events import Actor, Command, Event, Folded, NewEvent
from domain.records import ENVELOPE, Schema, code, fields, text
from domain.situation import Situation
from domain.state import PlatoonState, evolve_platoon
from domain.streams import PLATOON
from domain.time import from_microseconds, to_microseconds
from domain.transitions import INC, LINE, T2, T3, WITHOUT_TRANSITION, Transition

DRAFT, DRAFT_CONFIRMED, DRAFT_REJECTED = "draft", "draft_confirmed", "draft_rejected"
DRAFT_EVENTS = (DRAFT, DRAFT_CONFIRMED, DRAFT_REJECTED)

MOST_STEPS = 20
"""How many steps one sequence may have."""

_COMMAND_ID: Schema = ENVELOPE["properties"]["command_id"]
_OF_THE_SEQUENCE = ("command_id", "expected_version")
_NOT_IN_A_STEP = (*_OF_THE_SEQUENCE, "corrects")

STEP: Schema = {
    **ENVELOPE,
    "properties": {
        **{key: part for key, part in ENVELOPE["properties"].items() if key not in _NOT_IN_A_STEP},
        "region": code(INC, T2, T3, LINE),
    },
    "required": [name for name in ENVELOPE["required"] if name not in _NOT_IN_A_STEP],
}
SEQUENCE_ENVELOPE: Schema = fields(
    {
        "command_id": _COMMAND_ID,
        "expected_version": ENVELOPE["properties"]["expected_version"],
        "steps": {"type": "array", "items": STEP, "minItems": 1, "maxItems": MOST_STEPS},
    }
)
CONFIRM_ENVELOPE: Schema = fields({"command_id": _COMMAND_ID}, {"record": {"type": "object"}})
REJECT_ENVELOPE: Schema = fields({"command_id": _COMMAND_ID, "reason_text": text()})


def step_id(command_id: str, number: int | str) -> str:
    """The command id of one step, the same whenever the sequence is sent again."""
    return str(uuid.uuid5(uuid.UUID(command_id), str(number)))


def open_drafts(history: Iterable[Event]) -> list[Event]:
    """The drafts that nobody has confirmed or rejected, oldest first."""
    found: dict[str, Event] = {}
    for event in history:
        if event.event == DRAFT:
            found[event.event_id] = event
        elif event.event in (DRAFT_CONFIRMED, DRAFT_REJECTED):
            found.pop(event.record["draft"], None)
    return list(found.values())


def said_states(draft: Folded) -> dict[str, str]:
    """By region, the state that the steps of a draft would end in."""
    record = draft.record
    return {
        step["region"]: move[1]
        for step, move in zip(record["steps"], record["moves"], strict=True)
        if move[1] is not None
    }


def draft_event(
    stream: str,
    actor: Actor,
    steps: Sequence[Mapping[str, Any]],
    moves: Sequence[Sequence[str | None]],
    also: Mapping[str, Any] | None = None,
) -> NewEvent:
    """A draft; ``moves`` are the (from, to) that its steps are expected to make."""
    record = {"steps": [dict(one) for one in steps], "moves": [list(one) for one in moves]}
    return _about_a_draft(stream, DRAFT, actor, record, also)


def closing_event(stream: str, event: str, actor: Actor, record: Mapping[str, Any]) -> NewEvent:
    """The event that closes a draft."""
    return _about_a_draft(stream, event, actor, record, None)


def _about_a_draft(
    stream: str,
    event: str,
    actor: Actor,
    record: Mapping[str, Any],
    also: Mapping[str, Any] | None,
) -> NewEvent:
    body = {
        "asserted_by": {"org": "FPU", "function": actor.role},
        "session": actor.session,
        "record": record,
        **(also or {}),
    }
    return NewEvent(stream, INC, event, None, None, body)


# --- who may, and how late -----------------------------------------------------------------------


def must_wait(refused: DashboardError) -> bool:
    """Whether a refusal means only that somebody else has to enter the step."""
    if isinstance(refused, NotPermitted):
        return refused.extra.get("guard") == "role"
    return isinstance(refused, GuardRefused) and refused.guard == "four_eyes"


def somebody_else(row: Transition, number: int, operation_kind: str) -> Actor:
    """A person who may enter the row, and is nobody who has done anything yet."""
    roles = [role for role in row.entered_by if role != "EXCON" or operation_kind == "exercise"]
    return Actor(f"somebody else {number}", roles[0] if roles else row.entered_by[0])


def marked_late(command: Command, situation: Situation) -> Command:
    """The command as a late entry where it comes long after, or behind what happened later."""
    last_us = situation.incident.last_us.get(command.region, 0) if situation.incident else 0
    behind = (
        command.event not in WITHOUT_TRANSITION
        and last_us > 0
        and command.occurred_at < from_microseconds(last_us)
    )
    old = situation.now - command.occurred_at > situation.policy.late_after
    return replace(command, late_entry=True) if behind or old else command


def first_out_of_order(commands: Sequence[Command]) -> int | None:
    """The number of the first step that is before an earlier step of its region."""
    last: dict[str, Command] = {}
    for number, command in enumerate(commands):
        if command.event in WITHOUT_TRANSITION:
            continue
        before = last.get(command.region)
        if before is not None and command.occurred_at < before.occurred_at:
            return number
        last[command.region] = command
    return None


# --- what would be -------------------------------------------------------------------------------


def as_if(new: NewEvent, command: Command, operation: str, seq: int) -> Event:
    """An event as it would be stored, to see what the next step would meet; never stored."""
    return Event(
        operation=operation,
        stream=new.stream,
        seq=seq,
        chain_seq=seq,
        event_id=f"{command.command_id}:{seq}",
        command_id=command.command_id,
        region=new.region,
        event=new.event,
        from_state=new.from_state,
        to_state=new.to_state,
        occurred_us=to_microseconds(command.occurred_at),
        recorded_us=to_microseconds(command.occurred_at),
        entered_by=command.actor.name,
        entered_role=command.actor.role,
        late_entry=command.late_entry,
        corrects=None,
        purpose=new.purpose,
        reason=new.reason,
        receiver=new.receiver,
        incident=new.incident,
        platoons=",".join(new.platoons) or None,
        body_text=canonical(dict(new.body)),
        prev_hash="",
        hash="",
    )


def with_platoons(situation: Situation, said: Iterable[Event]) -> Situation:
    """The situation with the platoons where ``said`` would put them."""
    platoons = dict(situation.platoons)
    for event in said:
        if event.stream.startswith(PLATOON):
            name = event.stream.removeprefix(PLATOON)
            platoons[name] = evolve_platoon(platoons.get(name, PlatoonState(name)), event)
    return replace(situation, platoons=platoons)
