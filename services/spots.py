"""What a person in the field saw and marked on a client's map: kept until a desk decides on it.

A spot is an alert of the operation's log, so it is in the hash chain, waits in the same list as an
SOS, and ends by a name: reported as an incident, or dismissed with a reason
(``Occurrences.acknowledge``). Nothing becomes an incident by itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from domain.alerts import RAISED, SPOT, fold_alerts, taken_back_record
from domain.system_entries import system_entry
from domain.time import to_rfc3339
from services.clock import Clock
from services.event_ports import EventLog
from services.ports import Filing, JournalWriter
from services.summaries import event_view

_NAMES = uuid.UUID("7d0c2f0e-3a5b-5a0e-9d52-0b6f0f3c9a41")
_LONGEST = 2000


class Spots:
    """``wake`` tells the live stream that something was committed."""

    def __init__(
        self, log: EventLog, journal: JournalWriter, clock: Clock, wake: Callable[[], None]
    ) -> None:
        self._log = log
        self._journal = journal
        self._clock = clock
        self._wake = wake

    def spotted(
        self,
        *,
        filing: Filing,
        device: str,
        uid: str,
        what: str,
        title: str,
        remarks: str,
        occurred_at: datetime,
        received_at: datetime,
        position: tuple[float, float] | None,
    ) -> None:
        """Keep one. Clients send a marker again and again: the same ``uid`` is the same one.

        ``what`` is its CoT type. Raises ``StoreUnavailable``.
        """
        record = {
            "kind": SPOT,
            "unit": filing.unit,
            "callsign": filing.callsign,
            "device": device,
            "uid": uid,
            "what": what[:80],
            "title": _clean(title)[:200],
            "remarks": _clean(remarks)[:_LONGEST],
            "position": None if position is None else {"lat": position[0], "lon": position[1]},
        }
        name = f"spot/{filing.operation}/{device}/{uid}"
        self._append(filing.operation, RAISED, occurred_at, received_at, record, name)

    def call_cancelled(self, *, filing: Filing, device: str, occurred_at: datetime) -> None:
        """Write into the log that a call for help was taken back on the device.

        The alert stays open: a person closes it, after hearing from the patrol. Raises
        ``StoreUnavailable``.
        """
        name = f"cancel/{device}/{to_rfc3339(occurred_at)}"
        record = taken_back_record(filing.unit, filing.callsign, device)
        self._append(filing.operation, "entry", occurred_at, self._clock(), record, name)

    def _append(
        self,
        operation: str,
        event: str,
        occurred_at: datetime,
        received_at: datetime,
        record: Mapping[str, Any],
        name: str,
    ) -> None:
        """One event of the log stream; ``name`` stands for what it says, and the second of one name
        adds nothing."""
        command_id = str(uuid.uuid5(_NAMES, name))
        new, command = system_entry(command_id, event, occurred_at, record)
        with self._log.transaction() as connection:
            if self._log.by_command(connection, operation, command.command_id):
                return
            stored = self._log.append(connection, operation, [new], command, self._clock())[0]
            kind, view = "log", event_view(stored)
            if event == RAISED:
                book = fold_alerts([stored])
                kind, view = "alert", book.newest_first()[0].view()
            self._journal.append(connection, operation, kind, view, received_at)
        self._wake()


def _clean(text: str) -> str:
    """Text that every database takes."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
