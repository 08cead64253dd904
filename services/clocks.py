"""How far the clocks of devices are off, told by what they sent lately, refused messages too.

Nothing is stored: a clock that was set again is believed as soon as it has said enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import numpy as np

from domain.analysis_settings import AnalysisSettings
from domain.clocks import clock_skew_s
from domain.fixes import CLOCK_TOLERANCE
from domain.fleet import Integers, Marks, numbered
from domain.stored_fixes import ClockTime
from services.ports import FixReader

FROM = timedelta(minutes=15)
"""The clock of a device is told by what it sent in so long."""

Device = tuple[str, str]
"""Unit and device."""


class RefusedClocks(Protocol):
    """Where what was refused for its time is kept."""

    def refused_clocks(self, operation: str, since: datetime) -> Sequence[ClockTime]:
        """What clocks said that were refused since a time, newest last."""


class Clocks:
    """Every method raises ``StoreUnavailable``."""

    def __init__(
        self,
        fixes: FixReader,
        refused: RefusedClocks,
        settings: AnalysisSettings | None = None,
    ) -> None:
        self._fixes = fixes
        self._refused = refused
        self._settings = settings or AnalysisSettings()

    def listing(self, operation: str, now: datetime) -> list[dict[str, Any]]:
        """For each device heard lately ``skew_s``, by how many seconds its clock runs ahead
        (negative: behind), whether it is ``wrong``, and whether what it sends is ``refused`` for
        that; the worst first. One that said too little is left out."""
        found = []
        for (unit, device), fix_time, received_at, refused in self._heard(operation, now):
            skew = clock_skew_s(fix_time, received_at, refused)
            if skew is not None:
                found.append(
                    {
                        "unit": unit,
                        "device": device,
                        "skew_s": round(skew, 1),
                        "wrong": abs(skew) >= self._settings.clock_wrong_s,
                        "refused": bool(refused[np.argmax(received_at)]),
                    }
                )
        return sorted(found, key=lambda one: (-abs(one["skew_s"]), one["unit"], one["device"]))

    def skews(self, operation: str, now: datetime) -> Mapping[Device, float]:
        """``skew_s`` by unit and device."""
        return {(one["unit"], one["device"]): one["skew_s"] for one in self.listing(operation, now)}

    def _heard(
        self, operation: str, now: datetime
    ) -> Iterator[tuple[Device, Integers, Integers, Marks]]:
        """Of each device its times, when we heard them, and which of them were refused."""
        columns = self._fixes.places(operation, None, now - FROM, now + 2 * CLOCK_TOLERANCE, None)
        lies = self._refused.refused_clocks(operation, now - FROM)
        unit = np.concatenate([columns.unit, np.array([one.unit for one in lies], dtype=object)])
        name = np.concatenate(
            [columns.device, np.array([one.device for one in lies], dtype=object)]
        )
        times = np.array([one[2:] for one in lies], dtype=np.int64).reshape(-1, 2)
        fix_time = np.concatenate([columns.fix_time, times[:, 0]])
        received_at = np.concatenate([columns.received_at, times[:, 1]])
        refused = np.arange(len(unit)) >= len(columns)
        _, device = np.unique(
            numbered(unit) * (len(unit) + 1) + numbered(name), return_inverse=True
        )
        order = np.argsort(device, kind="stable")
        for its in np.split(order, np.flatnonzero(np.diff(device[order])) + 1):
            if len(its):
                whose = str(unit[its[0]]), str(name[its[0]])
                yield whose, fix_time[its], received_at[its], refused[its]
