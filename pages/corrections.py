"""Which entries of a log supersede which: a correction follows an event, or another one.

A dispute refers to an event as a correction does, and supersedes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Event = Mapping[str, Any]


def is_dispute(event: Event) -> bool:
    """Whether an entry says that an event was not so."""
    return event.get("dispute") is not None


class Corrections:
    """The corrections of one stream; ``history`` are event views, oldest first."""

    def __init__(self, history: Sequence[Event]) -> None:
        by_id = {str(one["id"]): one for one in history}
        root: dict[str, str] = {}
        self._before: dict[str, Event] = {}
        self._disputes: dict[str, list[Event]] = {}
        self._versions: dict[str, list[Event]] = {key: [one] for key, one in by_id.items()}
        for event in history:
            corrected = str(event["corrects"] or "")
            if corrected not in by_id:
                continue
            if is_dispute(event):
                self._disputes.setdefault(root.get(corrected, corrected), []).append(event)
                continue
            original = root.get(corrected, corrected)
            root[event["id"]] = original
            versions = self._versions[original]
            self._before[event["id"]] = versions[-1]
            versions.append(event)

    def superseded_by(self, event: Event) -> Event | None:
        """The version before a correction; None for what is no correction."""
        return self._before.get(event["id"])

    def disputes(self, identifier: str) -> list[Event]:
        """The entries that dispute an event, oldest first."""
        return self._disputes.get(identifier, [])

    def versions(self, identifier: str) -> list[Event]:
        """An event and its corrections, the newest last; empty where there is no such event."""
        return self._versions.get(identifier, [])
