"""What was said but waits for somebody who may enter it: drafts, which move nothing.

A draft is an event of the incident's stream without a state behind it, so the fold never sees more
of it than its number. It holds the steps that wait, each an envelope as it was sent. Another event
closes it: confirmed, rejected, or ended with the request that it stands on.

A draft stands on the requests that are live when it is written, and on no later one: when such a
request ends or is changed, so does the draft. An end that Kosovo Police said, written behind steps
that wait, waits with them; from then on nothing else may use that request.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from domain.chain import canonical
from domain.errors import DashboardError, GuardRefused, NotPermitted
from domain.events import (
    CLOSES_A_DRAFT,
    DISPUTED,
    DRAFT,
    DRAFT_ENDED,
    Actor,
    Command,
    Event,
    Folded,
    NewEvent,
)
from domain.records import ENVELOPE, TO_FOLLOW, Schema, code, fields, text
from domain.situation import Situation
from domain.state import IncidentState, PlatoonState, evolve_platoon, fold
from domain.streams import PLATOON
from domain.time import to_microseconds
from domain.transitions import INC, LINE, T2, T3, WITHOUT_TRANSITION, Transition

DRAFT_EVENTS = (DRAFT, *CLOSES_A_DRAFT)

MOST_STEPS = 20
"""How many steps one sequence may have."""

_COMMAND_ID: Schema = ENVELOPE["properties"]["command_id"]
_OF_THE_SEQUENCE = ("command_id", "expected_version")
_NOT_IN_A_STEP = (*_OF_THE_SEQUENCE, "corrects", "second_person", "dispute")

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
    },
    {"behind": {"type": "string", "format": "uuid"}},
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
        elif event.event in CLOSES_A_DRAFT:
            found.pop(event.record["draft"], None)
    return list(found.values())


def waits_behind(draft: Event, history: Sequence[Event]) -> str | None:
    """The open draft that is before this one; what is left of one that was confirmed in part
    stands in its place."""
    before = draft.record.get("behind")
    waiting = {one.event_id for one in open_drafts(history)}
    followed = {
        one.record["follows"]: one.event_id
        for one in history
        if one.event == DRAFT and "follows" in one.record
    }
    while before is not None and before not in waiting:
        before = followed.get(before)
    return None if before is None else str(before)


def queued_behind(draft: Event, history: Sequence[Event]) -> list[Event]:
    """The open drafts that wait directly behind one that is open, oldest first."""
    return [one for one in open_drafts(history) if waits_behind(one, history) == draft.event_id]


def with_those_behind(draft: Event, history: Sequence[Event]) -> list[Event]:
    """A draft and all that wait behind it, in the order in which they are entered."""
    found = [draft]
    for one in found:  # grows while it is walked
        found += queued_behind(one, history)
    return found


def stands_on(draft: Event, history: Sequence[Event]) -> tuple[str, ...]:
    """The requests that a draft stands on; of an old one, those that were live when it was
    written."""
    known = draft.record.get("stands_on")
    if known is not None:
        return tuple(known)
    before = fold(draft.stream, (one for one in history if one.seq < draft.seq))
    return live_requests(before, draft.record["steps"])


def live_requests(state: IncidentState, steps: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The live requests that ``steps`` would use, where they begin on them."""
    found: list[str] = []
    for region, request, opens in (
        (T2, state.t2_request, ("kp_request", "prealert", "stand_down")),
        (T3, state.t3_request, ("request_by_kp", "request_via_eulex", "own_mandate")),
    ):
        uses = [one for one in steps if _uses(one, region)]
        if request is not None and uses and uses[0]["event"] not in opens:
            found.append(request)
    return tuple(found)


def _uses(step: Mapping[str, Any], region: str) -> bool:
    if step["region"] == LINE:
        return bool(step["event"] == _TAKES_THE_LINE[region])
    return bool(step["region"] == region)


_TAKES_THE_LINE = {T2: "relief_in_place_fpu", T3: "relief_in_place_kfor"}
_ENDS = ("cancel", "revoke_request")


def end_said(steps: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The step by which Kosovo Police end the request that stands, None where none does."""
    for step in steps:
        if (step["region"], step["event"]) == (T2, "kp_request"):
            return None  # what is said behind this one is said of this one
        if step["region"] == T2 and step["event"] in _ENDS and step["asserted_by"]["org"] == "KP":
            return step
    return None


def begins_with_end(draft: Event) -> bool:
    """Whether the first that waits in a draft is such an end."""
    return end_said(draft.record["steps"][:1]) is not None


def ended_with(
    history: Sequence[Event],
    new: Sequence[NewEvent],
    command: Command,
    actor: Actor,
    entering: Collection[str] = (),
) -> list[NewEvent]:
    """The ends of the open drafts that stand on a request which ``new`` ends or changes.

    ``history`` is the incident's before the command. Those that are ``entering`` with it, behind
    the draft that it is part of, go on.
    """
    waiting = open_drafts(history)
    if not waiting:
        return []
    stream = waiting[0].stream
    state = fold(stream, history)
    own = [one for one in new if one.stream == stream]
    after = fold(stream, (*history, *(as_if(one, command, "", 0) for one in own)))
    changed = {one.corrects for one in own if one.corrects and one.reason != DISPUTED}
    found: list[NewEvent] = []
    gone: set[str] = set()
    for draft in waiting:
        if draft.event_id in entering:
            continue
        why = None
        for request in stands_on(draft, history):
            why = why or _why_ended(request, state, after, request in changed)
        before = waits_behind(draft, history)
        if before in gone:
            why = why or "behind"
        if why is not None:
            gone.add(draft.event_id)
            by = {"region": command.region, "event": command.event}
            record = {"draft": draft.event_id, "why": why, "by": by}
            found.append(closing_event(stream, DRAFT_ENDED, actor, record, command.fingerprint))
            still = draft.record.get("ends")
            stands = still is not None and still == state.t2_request == after.t2_request
            if stands and not after.t2_revoked:
                found.append(_end_goes_on(draft, after, command.fingerprint))
    return found


def _end_goes_on(draft: Event, state: IncidentState, mark: str) -> NewEvent:
    """What is left of a draft that ended while Kosovo Police's own end of the request, which it
    holds, was not entered: that word stays said, and counts."""
    said = end_said(draft.record["steps"])
    assert said is not None
    step, move = end_as_it_stands(said, state.t2)
    author = Actor(draft.entered_by, draft.entered_role, draft.body.get("session", ""))
    request = draft.record["ends"]
    return draft_event(
        draft.stream, author, [step], [move], {"fingerprint": mark},
        requests=[request], ends=request, back_to={"why": "changed"},
    )  # fmt: skip


def end_as_it_stands(
    step: Mapping[str, Any], present: str
) -> tuple[dict[str, Any], tuple[str, str]]:
    """The end of a request in the word that fits the state it meets, revoked once engaged, and the
    move that it makes."""
    revoked = present in ("ENGAGED", "HANDING_BACK")
    event = "revoke_request" if revoked else "cancel"
    move = present, "HANDING_BACK" if revoked else "CANCELLED"
    if step["event"] == event:
        return dict(step), move
    said = step["asserted_by"]
    record: dict[str, Any] = {"reason_text": "Kosovo Police ended its request"}
    if revoked:
        number = said.get("service_no", TO_FOLLOW)
        record = {"officer_function": said["function"], "officer_service_no": number}
    return {**step, "event": event, "record": record}, move


def _why_ended(
    request: str, before: IncidentState, after: IncidentState, changed: bool
) -> str | None:
    if request not in (before.t2_request, before.t3_request):
        return None  # it was gone before: the draft is judged when it is entered
    if request not in (after.t2_request, after.t3_request):
        replaced = request == before.t2_request and after.t2_request is not None
        return "request_replaced" if replaced else "request_ended"
    if request == after.t2_request and after.t2_revoked and not before.t2_revoked:
        return "request_ended"
    return "request_changed" if changed else None


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
    *,
    requests: Sequence[str] = (),
    ends: str | None = None,
    follows: str | None = None,
    behind: str | None = None,
    back_to: Mapping[str, str] | None = None,
) -> NewEvent:
    """A draft; ``moves`` are the (from, to) that its steps are expected to make.

    ``requests`` are those that it stands on and ``ends`` the one that a step of it ends. It
    ``follows`` a draft that was confirmed in part, and waits ``behind`` one that is still open.
    ``back_to`` names the author for whose word it waits, and why (``changed``, or a guard).
    """
    record: dict[str, Any] = {
        "steps": [dict(one) for one in steps],
        "moves": [list(one) for one in moves],
        "stands_on": list(requests),
    }
    more = {"ends": ends, "follows": follows, "behind": behind, "back_to": back_to}
    record |= {name: value for name, value in more.items() if value is not None}
    return _about_a_draft(stream, DRAFT, actor, record, also)


def closing_event(
    stream: str, event: str, actor: Actor, record: Mapping[str, Any], mark: str = ""
) -> NewEvent:
    """The event that closes a draft; ``mark`` is the fingerprint of the command."""
    return _about_a_draft(stream, event, actor, record, {"fingerprint": mark} if mark else None)


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
    return isinstance(refused, GuardRefused) and refused.guard in ("four_eyes", "second_person")


def somebody_else(row: Transition, number: int, operation_kind: str) -> Actor:
    """A person who may enter the row, and is nobody who has done anything yet."""
    roles = [role for role in row.entered_by if role != "EXCON" or operation_kind == "exercise"]
    return Actor(f"somebody else {number}", roles[0] if roles else row.entered_by[0])


def marked_late(command: Command, situation: Situation) -> Command:
    """The command as a late entry where it is written down long after it happened."""
    old = situation.now - command.occurred_at > situation.policy.late_after
    return replace(command, late_entry=old)


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
        corrects=new.corrects,
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
