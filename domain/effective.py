"""What is known of an incident or a platoon once its corrections are laid over.

A correction supersedes the details of an event, and its time where it says so (``RETIMED``); never
its transition. A dispute (``DISPUTED``) supersedes nothing: it is a mark on the event. All records
are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.chain import canonical
from domain.events import (
    DISPUTED,
    RETIMED,
    BriefEvent,
    Command,
    Event,
    Folded,
    NewEvent,
)
from domain.time import to_microseconds


def effective(history: Iterable[Event]) -> list[Event]:
    """The events in their order, each as its newest correction says; these are left out.

    A correction of a correction counts for the event that the first one corrects.
    """
    found: dict[str, Event] = {}
    original: dict[str, str] = {}
    for event in history:
        if event.corrects is None:
            found[event.event_id] = event
            continue
        corrected = original.get(event.corrects, event.corrects)
        original[event.event_id] = corrected
        if corrected in found and event.reason != DISPUTED:
            changed = found[corrected]._replace(body_text=event.body_text)
            if event.reason == RETIMED:
                changed = changed._replace(occurred_us=event.occurred_us)
            if event.purpose is not None:
                changed = changed._replace(purpose=event.purpose)
            found[corrected] = changed
    return list(found.values())


def with_times(history: Iterable[Folded]) -> list[Folded]:
    """All events with the times that corrections have given them; the corrections stay in."""
    found = list(history)
    times = {
        one.corrects: one.occurred_us
        for one in found
        if one.reason == RETIMED and one.corrects is not None
    }
    if not times:
        return found
    return [_at(one, times[one.event_id]) if one.event_id in times else one for one in found]


def _at(event: Folded, occurred_us: int) -> Folded:
    assert isinstance(event, Event | BriefEvent)
    return event._replace(occurred_us=occurred_us)


def root_of(history: Iterable[Event], event_id: str) -> str:
    """The event that ``event_id`` goes back to: itself, unless it is a correction."""
    before = {one.event_id: one.corrects for one in history}
    while before.get(event_id) is not None:
        event_id = str(before[event_id])
    return event_id


def disputes_of(history: Iterable[Event]) -> Mapping[str, list[Event]]:
    """By the event that is disputed, the entries that say so, oldest first."""
    found: dict[str, list[Event]] = {}
    for event in history:
        if event.reason == DISPUTED and event.corrects is not None:
            found.setdefault(event.corrects, []).append(event)
    return found


def laid_over(event: Event, new: NewEvent, command: Command) -> Event:
    """The event as it would be known with a correction that is not stored yet."""
    changed = event._replace(body_text=canonical(dict(new.body)))
    if new.reason == RETIMED:
        changed = changed._replace(occurred_us=to_microseconds(command.occurred_at))
    return changed._replace(purpose=new.purpose) if new.purpose is not None else changed
