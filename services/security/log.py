"""Writes the security log, beside the requests and outside the locks of incidents.

``note`` is for what strangers cause: it counts (``repeats.py``), waits for nothing, and
a duty writes within a second. ``record`` is for acts of people who are known: it returns when
the entry is durable. Each entry also goes to the logger ``security`` as one line of JSON, which may
be shipped elsewhere (``commands/process_log.py``).
"""

from __future__ import annotations

import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from domain.access.security import NewSecurityEvent, network_of
from domain.errors import OtherSchema, StoreUnavailable
from domain.time import to_rfc3339
from services.clock import Clock
from services.security.repeats import Repeats

MOST_WAITING = 2_000
"""Entries that wait while the store takes nothing; what is beyond is counted and shipped only."""

_NAMES_LAST = timedelta(seconds=10)
_LOG = logging.getLogger("security")


class SecurityStore(Protocol):
    """Where it is kept; ``data/access/security_store.py``."""

    def append(self, new: Sequence[NewSecurityEvent]) -> None:
        """Record behind what is there, in a short transaction of its own; durable on return.
        Raises ``StoreUnavailable``."""


class SecurityLog:
    """One a process; safe for several threads. ``names`` gives the accounts there are."""

    def __init__(
        self, store: SecurityStore, clock: Clock, names: Callable[[], Collection[str]]
    ) -> None:
        self._store = store
        self._clock = clock
        self._names = names
        self._known: tuple[datetime, frozenset[str]] | None = None
        self._repeats = Repeats()
        self._waiting: deque[NewSecurityEvent] = deque()
        self._lost = 0
        self._away = False
        self._lock = threading.Lock()
        self._writing = threading.Lock()

    def note(self, new: NewSecurityEvent) -> None:
        """Count it, and write it soon. Never waits for the store and never raises."""
        if new.account is None or new.role is None:  # not one who was let in
            new = replace(new, address=None if new.address is None else network_of(new.address))
        with self._lock:
            at_once = self._repeats.add(new)
            if at_once is not None:
                self._put(at_once)

    def record(self, new: NewSecurityEvent) -> None:
        """Write it now; durable on return. Raises ``StoreUnavailable``: whoever gives something
        away refuses then. The line of JSON goes out in any case."""
        ship(new)
        try:
            self._store.append([new])
        except OtherSchema:
            raise  # there is no log yet, and whoever asked is told what to do
        except StoreUnavailable:
            _LOG.error("not stored: %s", as_line(new))
            raise

    def account(self, typed: str) -> str | None:
        """``typed`` where it is the name of an account, None for anything else: people type
        passwords into the field for the name. Remembered for some seconds."""
        now = self._clock()
        known = self._known
        if known is None or abs(now - known[0]) > _NAMES_LAST:
            try:
                known = self._known = (now, frozenset(self._names()))
            except StoreUnavailable:
                return None
        return typed if typed in known[1] else None

    def flush(self) -> None:
        """Write what waits; what the store does not take waits on."""
        with self._writing:
            with self._lock:
                for one in self._repeats.ended(self._clock()):
                    self._put(one)
                batch = self._batch()
            if batch:
                self._write(batch)

    def close(self) -> None:
        """Write also what was counted in the minute that goes on: the process ends."""
        with self._lock:
            for one in self._repeats.all_counted():
                self._put(one)
        self.flush()

    def _put(self, new: NewSecurityEvent) -> None:
        ship(new)
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(new)
        else:
            self._lost += 1

    def _batch(self) -> list[NewSecurityEvent]:
        batch = list(self._waiting)
        if self._lost and batch:
            lost = NewSecurityEvent("log", "failed", self._clock(), reason="lost", count=self._lost)
            batch.append(lost)
        return batch

    def _write(self, batch: list[NewSecurityEvent]) -> None:
        try:
            self._store.append(batch)
        except StoreUnavailable as fault:
            if not self._away:
                _LOG.error("the security log cannot be stored, %s wait: %s", len(batch), fault)
            self._away = True
            return
        with self._lock:
            for one in batch:
                if one.reason == "lost":
                    self._lost -= one.count
                else:
                    self._waiting.popleft()
        if self._away:
            _LOG.warning("the security log is stored again")
        self._away = False


def as_line(new: NewSecurityEvent) -> str:
    """One line of JSON without control characters; what is empty is left out."""
    said: dict[str, Any] = {
        "at": to_rfc3339(new.at),
        "kind": new.kind,
        "outcome": new.outcome,
        "account": new.account,
        "role": new.role,
        "session": new.session,
        "address": new.address,
        "method": new.method,
        "route": new.route,
        "status": new.status,
        "reason": new.reason,
        "count": new.count,
        **({"details": dict(new.body)} if new.body else {}),
    }
    return json.dumps({name: value for name, value in said.items() if value is not None})


def ship(new: NewSecurityEvent) -> None:
    """To the logger; it is a matter of the process where that leads."""
    if _LOG.isEnabledFor(logging.INFO):
        _LOG.info("%s", as_line(new))
