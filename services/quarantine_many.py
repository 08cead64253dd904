"""One decision about many entries of the quarantine: each has its own in the log.

To accept and to shift a clock are not all or nothing: what was stored stays, whatever becomes of
the others, and the answer tells of each entry what became of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from domain.clocks import clock_skew_s
from domain.errors import GuardRefused, InvalidField, NotFound, VersionConflict
from domain.events import Actor
from domain.quarantine import ACCEPTED, CORRECTED, DISCARDED
from domain.time import to_microseconds, to_rfc3339
from services import quarantine_sent as shape
from services.quarantine_desk import Act, QuarantineDesk, Settled
from services.quarantine_ports import Kept
from services.quarantine_truths import Truths
from services.quarantine_views import refusal_view

_OF_ONE = (GuardRefused, InvalidField, NotFound, VersionConflict)
"""Refusals of one entry, which the others need not mind."""


class QuarantineOfMany:
    """Everything raises ``NotFound``, ``NotPermitted``, ``GuardRefused`` and ``InvalidField`` where
    nothing can be decided at all, and ``StoreUnavailable``: then the same command, sent again, goes
    on where it was stopped."""

    def __init__(self, desk: QuarantineDesk, truths: Truths) -> None:
        self._desk = desk
        self._truths = truths

    def accept(self, operation: str, actor: Actor, sent: object) -> dict[str, Any]:
        """Each of them is true as it came. ``sent``: entries (up to 200 numbers), reason,
        command_id.

        Returns how many are ``accepted`` and ``refused``, and of the ``entries`` in the order of
        their numbers what each ``became``; see ``refusal_view``.
        """
        numbers = shape.numbers(sent)
        act = self._desk.begin(operation, actor, sent, numbers)
        return self._settle(ACCEPTED, act, numbers, self._truths.accepted, anywhere=True)

    def preview_shift(self, operation: str, actor: Actor, sent: object) -> dict[str, Any]:
        """What ``shift`` would answer, and nothing is stored; whether a position of the new time is
        stored already is found out by the shift alone. ``sent``: entries, offset_s; without one
        what their clock is off by, as they tell, 0 where they tell nothing.

        Returns also the ``device``, the ``offset_s``, and of the ``first`` and ``last`` position
        that can be shifted what its time ``was`` and ``becomes``; None where there is none.
        """
        numbers, now = shape.numbers(sent), self._desk.permit(operation, actor)
        found = self._of_one_device(operation, actor.role, numbers)
        fields = shape.mapping(sent)
        by = _told_by_clock(found) if fields.get("offset_s") is None else shape.offset(fields)
        act = Act(operation, actor, now, reason="", command_id="")
        times: list[tuple[datetime, datetime]] = []

        def settle(act: Act, kept: Kept) -> None:
            becomes = self._truths.shifted(act, kept, by).report.fix_time
            assert becomes is not None  # it was judged
            times.append((becomes - by, becomes))

        became = self._each(CORRECTED, act, numbers, settle)
        return _counted(CORRECTED, became) | {
            "device": found[0].entry.device if found else None,
            "offset_s": int(by.total_seconds()),
            "first": _change(min(times, default=None)),
            "last": _change(max(times, default=None)),
        }

    def shift(self, operation: str, actor: Actor, sent: object) -> dict[str, Any]:
        """The clock of their device was wrong by so much. ``sent``: entries (up to 200 numbers),
        offset_s (whole seconds to add to the times), reason, command_id.

        Each is corrected as if its time had been typed, and stays as it came; returns how many are
        ``corrected`` and ``refused``, and the ``entries`` as ``accept`` does.
        """
        numbers = shape.numbers(sent)
        act = self._desk.begin(operation, actor, sent, numbers)
        by = shape.offset(shape.mapping(sent))
        if not by:
            raise InvalidField("offset_s", "must not be 0")
        self._of_one_device(operation, actor.role, numbers)
        return self._settle(
            CORRECTED, act, numbers, lambda act, kept: self._truths.shifted(act, kept, by)
        )

    def discard(self, operation: str, actor: Actor, sent: object) -> dict[str, Any]:
        """Nothing can be made of any of them. ``sent``: entries (up to 200 numbers), reason.

        All or nothing, but those that somebody has decided stay as they are: returns ``discarded``
        and ``already``.
        """
        numbers = shape.numbers(sent)
        act = self._desk.begin(operation, actor, sent, numbers)
        several = [self._desk.find(operation, number, actor.role) for number in numbers]
        opened = [kept for kept in several if kept.decision is None]
        self._desk.discard(act, opened, DISCARDED)
        return {"discarded": len(opened), "already": len(several) - len(opened)}

    def _settle(
        self,
        done: str,
        act: Act,
        numbers: Sequence[int],
        settle: Callable[[Act, Kept], Settled],
        *,
        anywhere: bool = False,
    ) -> dict[str, Any]:
        settled: list[Settled] = []
        became = self._each(done, act, numbers, lambda act, kept: settled.append(settle(act, kept)))
        for number, late in self._desk.keep(settled, anywhere=anywhere).items():
            became[number] = refusal_view(number, late)
        return _counted(done, became)

    def _each(
        self,
        done: str,
        act: Act,
        numbers: Sequence[int],
        settle: Callable[[Act, Kept], None],
    ) -> dict[int, dict[str, Any]]:
        """Settle those that are open, each for itself; by number what becomes of it."""
        became: dict[int, dict[str, Any]] = {}
        for number in numbers:
            try:
                kept = self._desk.find(act.operation, number, act.actor.role)
                if act.is_to_decide(kept, done):
                    settle(act, kept)
                made = kept.decision  # by this command, when it was sent before
                became[number] = {"entry": number, "became": made.decision if made else done}
            except _OF_ONE as refused:
                became[number] = refusal_view(number, refused)
        return became

    def _of_one_device(self, operation: str, role: str, numbers: Sequence[int]) -> list[Kept]:
        """Those that there are; raises ``InvalidField`` where they have not one clock."""
        found = []
        for number in numbers:
            with suppress(NotFound):
                found.append(self._desk.find(operation, number, role))
        devices = sorted({kept.entry.device for kept in found})
        if len(devices) > 1:
            raise InvalidField("entries", f"are of several devices: {', '.join(devices[:5])}")
        return found


def _counted(done: str, became: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
    counts = Counter(one["became"] for one in became.values())
    return {done: counts[done], "refused": counts["refused"], "entries": [*became.values()]}


def _told_by_clock(found: Sequence[Kept]) -> timedelta:
    """The whole seconds that set a clock right, as those tell that were refused for it."""
    told = [
        (to_microseconds(kept.entry.fix_time), to_microseconds(kept.entry.received_at))
        for kept in found
        if kept.entry.fix_time is not None
    ]
    times = np.array(told, dtype=np.int64).reshape(-1, 2)
    skew = clock_skew_s(times[:, 0], times[:, 1], np.ones(len(times), dtype=np.bool_))
    return timedelta(seconds=-round(skew or 0))


def _change(times: tuple[datetime, datetime] | None) -> dict[str, str] | None:
    if times is None:
        return None
    return {"was": to_rfc3339(times[0]), "becomes": to_rfc3339(times[1])}
