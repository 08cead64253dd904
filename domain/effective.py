"""What is known of an incident or a platoon once its corrections are laid over.

A correction supersedes the details of an event and never its transition: the states, the time and
what the fold remembers stay as they were recorded, and both records are kept.
"""

from __future__ import annotations

from collections.abc import Iterable

from domain.events import Event


def effective(history: Iterable[Event]) -> list[Event]:
    """The events in their order, each with the body of its newest correction; these are left out.

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
        if corrected in found:
            found[corrected] = found[corrected]._replace(body_text=event.body_text)
    return list(found.values())
