"""Corrections: other details, another time, or a dispute. None of them gives authority.

A correction is judged by the rules of its event and of every later event that rests on it, with all
other corrections laid over, and refused where it breaks one that was kept before. What is true and
breaks a rule is recorded as a dispute: a mark on the event, which moves nothing back and stops what
rests on it from going forward.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from domain.audit import Breach, breaches
from domain.authority_guards import held_for, too_many
from domain.effective import effective, laid_over
from domain.errors import GuardRefused, InvalidField, NotPermitted
from domain.events import DISPUTED, RETIMED, Command, Event, NewEvent
from domain.floors import check_fact_times
from domain.guard_book import not_future
from domain.guards import GUARDS
from domain.new_events import new_event
from domain.permission import (
    check_asserter,
    check_channel,
    check_not_future,
    check_second_user,
    may_write,
)
from domain.situation import Situation
from domain.time import to_date_time_group, to_microseconds
from domain.transitions import (
    INC,
    OBSERVERS,
    RES,
    T2,
    T2_REQUESTS,
    T3,
    WITHOUT_TRANSITION,
    WRITERS_OF,
    Transition,
)

DISPUTERS = ("FPU_CMD", "EULEX_OPS")
"""Who may mark any event as disputed, besides those who may enter it."""

_STANDS: dict[tuple[str, str], tuple[str, ...]] = {
    (T2, "accept"): ("platoons",),
    (T2, "refuse"): ("reason",),
    (T2, "depart"): ("platoons",),
    (T3, "begin_handover"): ("receiver",),
    (RES, "reserve"): ("engagement",),
    (RES, "unreserve"): ("engagement",),
    (RES, "release"): ("engagement",),
    (RES, "redeploy"): ("from_incident", "to_incident"),
    (RES, "join_exercise"): ("operation",),
    (RES, "leave_exercise"): ("operation",),
}
"""Parts of a record that a state was folded from: no correction changes them."""

_PERMITTED_BY = {
    "reserve_override_ref": "reserve_kept",
    "operations_approval_ref": "operations_approval",
}
"""References without which the act would have been stopped, and by which rule."""

_KEPT = ("engagement", "request", "second_person")
"""What an event belongs to, and who stood beside it, whatever is corrected."""

_STILL_AGREES = ("tally_reconciled", "force_recorded")
"""What an incident was closed with has to agree with the facts also when it is corrected."""


def correct(situation: Situation, command: Command, stream: str) -> list[NewEvent]:
    """The correction and what goes with it. Raises ``InvalidField``, ``NotPermitted``,
    ``GuardRefused`` with the rule that would be broken.
    """
    rows = _check_may(situation, command)
    check_second_user(command)
    event = situation.corrected
    if event is None:
        raise InvalidField("corrects", "is no event of this stream")
    if command.dispute is not None:
        return [_dispute(command, situation, event, stream)]
    if not rows:
        check_fact_times(situation, command)
        return [_superseding(command, event, stream)]
    check_not_future(situation, command)
    check_asserter(rows[0], command)
    _check_possible(situation, command)
    _check_stands(command, event)
    _check_keeps(command, event)
    _check_gives_nothing(situation, command, event)
    new = [_superseding(command, event, stream), *_moved_along(situation, command, event)]
    _check_closing(situation, command)
    _check_nothing_breaks(situation, command, event, new)
    return new


# --- what a correction is ------------------------------------------------------------------------


def _superseding(command: Command, event: Event, stream: str) -> NewEvent:
    """The event with other details; marked where its time moves."""
    body = event.body
    kept: dict[str, Any] = {name: body[name] for name in _KEPT if name in body}
    made = new_event(
        command, stream, event.region, event.event, None, None, body.get("row"),
        incident=event.incident, rests_on=kept,
    )  # fmt: skip
    moves = to_microseconds(command.occurred_at) != event.occurred_us
    reason = RETIMED if moves else made.reason
    return replace(made, reason=reason, corrects=event.event_id)


def _moved_along(situation: Situation, command: Command, event: Event) -> Iterator[NewEvent]:
    """What followed from the event in other lanes happened with it, so its time moves too."""
    if to_microseconds(command.occurred_at) == event.occurred_us:
        return
    streams = [situation.history, *situation.platoon_logs.values()]
    for other in (one for stream in streams for one in effective(stream)):
        same = other.command_id == event.command_id and other.event_id != event.event_id
        if same and other.to_state is not None:
            yield NewEvent(
                other.stream, other.region, other.event, None, None,
                {**other.body, "fingerprint": command.fingerprint},
                reason=RETIMED, incident=other.incident, corrects=other.event_id,
            )  # fmt: skip


def _check_may(situation: Situation, command: Command) -> Sequence[Transition]:
    """The rows of the event that is corrected, none for a fact. Raises for who may not."""
    may_write(situation)
    if command.event in WITHOUT_TRANSITION:
        rows: Sequence[Transition] = ()
        writers: tuple[str, ...] = WRITERS_OF.get(command.event, OBSERVERS)
    else:
        rows = situation.policy.rows_of.get((command.region, command.event), ())
        if not rows:
            raise InvalidField("event", f"no event {command.event!r} in region {command.region!r}")
        writers = rows[0].entered_by
    if command.dispute is not None:
        writers = (*writers, *DISPUTERS)
    if situation.actor.role not in writers:
        raise NotPermitted(
            f"{command.event} is corrected by {', '.join(writers)}, not by {situation.actor.role}",
            guard="role",
        )
    return rows


def _dispute(command: Command, situation: Situation, event: Event, stream: str) -> NewEvent:
    """That somebody says otherwise, the Kosovo Police's own denial included."""
    check_not_future(situation, command)
    check_channel(command)
    if to_microseconds(command.occurred_at) < event.occurred_us:
        raise GuardRefused(
            "before_what_it_rests_on", "occurred_at lies before what is disputed", "occurred_at"
        )
    body = event.body
    kept: dict[str, Any] = {name: body[name] for name in _KEPT[:2] if name in body}
    made = new_event(
        command, stream, event.region, event.event, None, None, body.get("row"),
        incident=event.incident, rests_on=kept,
    )  # fmt: skip
    return replace(
        made,
        reason=DISPUTED,
        corrects=event.event_id,
        purpose=None,
        receiver=None,
        body={**made.body, "dispute": dict(command.dispute or {})},
    )


# --- what is refused -----------------------------------------------------------------------------


def _check_possible(situation: Situation, command: Command) -> None:
    """What cannot be true is refused whoever says it."""
    for path, value in _moments(command):
        why = not_future(situation, value, path)
        if why is not None:
            raise GuardRefused("not_in_the_future", why, path)
    if (command.region, command.event) == (INC, "discard"):
        why = GUARDS["duplicate_named"].check(situation, command)
        if why is not None:
            raise GuardRefused("duplicate_named", why, GUARDS["duplicate_named"].field)


def _moments(command: Command) -> Iterator[tuple[str, Any]]:
    """The times that a record names as past."""
    record = command.record
    for name in ("kp_informed_at", "kp_told_at", "requester_told_at", "as_of"):
        if name in record:
            yield f"record.{name}", record[name]
    if "request" in record:
        yield "record.request.received_at", record["request"]["received_at"]
    if "kp_agreement" in record:
        yield "record.kp_agreement.at", record["kp_agreement"]["at"]
    for number, one in enumerate(command.confirmations):
        yield f"confirmations.{number}.at", one["at"]


def _check_stands(command: Command, event: Event) -> None:
    known = {"engagement": event.incident, **event.record}
    for path in _STANDS.get((command.region, command.event), ()):
        if known.get(path) != command.record.get(path):
            raise GuardRefused(
                "details_only",
                f"{path} led to what happened since: no correction changes it",
                f"record.{path}",
            )


def _check_keeps(command: Command, event: Event) -> None:
    """What permitted an act stays in its record: another reference may take its place, none not."""
    if event.region == RES and "platoons" in event.record:
        return  # it followed from an acceptance or a departure, whose record this is
    for name, guard in _PERMITTED_BY.items():
        if event.record.get(name) and not command.record.get(name):
            detail = f"{name} permitted it and cannot be left out"
            raise GuardRefused(guard, detail, f"record.{name}")


def _check_gives_nothing(situation: Situation, command: Command, event: Event) -> None:
    """A correction takes authority away and never gives it: that only Kosovo Police anew does."""
    if command.region != T2 or command.event not in T2_REQUESTS:
        return
    before, after = event.record["request"], command.record["request"]
    purposes = before["purpose"], after["purpose"]
    if purposes[0] != purposes[1]:
        accepted = situation.incident is not None and situation.incident.t2_accepted_us
        away = purposes[0] == "civil_disturbance"
        if purposes[1] == "civil_disturbance" or (accepted and not away):
            raise GuardRefused(
                "only_kp_anew",
                "a correction gives no authority: Kosovo Police say another purpose anew",
                "record.request.purpose",
            )
    if after["platoons_asked"] > before["platoons_asked"]:
        raise GuardRefused(
            "only_kp_anew",
            "a correction gives no authority: Kosovo Police ask for more platoons anew",
            "record.request.platoons_asked",
        )
    incident = situation.incident
    if incident is not None and incident.t2_request == event.event_id:
        held = len(held_for(situation, incident.t2_engagement))
        why = too_many(held, after["platoons_asked"])
        if why is not None:
            raise GuardRefused("asked_not_exceeded", why, "record.request.platoons_asked")


def _check_closing(situation: Situation, command: Command) -> None:
    if (command.region, command.event) != (INC, "close"):
        return
    for name in _STILL_AGREES:
        why = GUARDS[name].check(situation, command)
        if why is not None:
            raise GuardRefused(name, why, GUARDS[name].field)


def _check_nothing_breaks(
    situation: Situation, command: Command, event: Event, new: Sequence[NewEvent]
) -> None:
    """Judge the streams as they are known, and as they would be: the difference is refused."""
    there = _all_breaches(situation, (), command)
    known = {one.key for one in there}
    for breach in _all_breaches(situation, new, command):
        if breach.key not in known:
            raise _told_where(breach, event, command)


def _all_breaches(situation: Situation, new: Sequence[NewEvent], command: Command) -> list[Breach]:
    by_event = {one.corrects: one for one in new}

    def known(stream: Sequence[Event]) -> list[Event]:
        return [
            laid_over(one, by_event[one.event_id], command) if one.event_id in by_event else one
            for one in effective(stream)
        ]

    events = known(situation.history)
    platoons = {name: known(stream) for name, stream in situation.platoon_logs.items()}
    correctors = _correctors(situation.history, new, command, situation.actor.name)
    return list(breaches(_located(situation, events), events, platoons, correctors))


def _located(situation: Situation, events: Sequence[Event]) -> Situation:
    """The situation with the incident where its report says that it is."""
    place = events[0].body.get("position") if events else None
    return replace(situation, location=(place["lat"], place["lon"])) if place else situation


def _correctors(
    stream: Sequence[Event], new: Sequence[NewEvent], command: Command, actor: str
) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for event in stream:
        if event.corrects is not None and event.reason != DISPUTED:
            found[event.corrects].add(event.entered_by)
    if new and command.corrects is not None:
        found[command.corrects].add(actor)
    return {name: frozenset(people) for name, people in found.items()}


def _told_where(breach: Breach, event: Event, command: Command) -> GuardRefused:
    refused = breach.refused
    moved = to_microseconds(command.occurred_at) != event.occurred_us
    hint = " (the time of a correction is that of the event it corrects)" if moved else ""
    if breach.event.event_id == event.event_id:
        return GuardRefused(refused.guard, refused.detail + hint, refused.field)
    when = to_date_time_group(breach.event.occurred_at)
    return GuardRefused(
        refused.guard,
        f"{breach.event.event} of {when} rests on it and would break: {refused.detail}{hint}",
        "occurred_at" if moved else refused.field,
    )
