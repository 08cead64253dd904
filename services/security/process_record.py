"""Start and stop of a process in the security log, and whether its settings are other ones."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping
from typing import Any, Protocol

from domain.access.security import NewSecurityEvent
from domain.errors import DashboardError
from services.clock import Clock
from services.security.log import SecurityLog

_LOGGER = logging.getLogger(__name__)


class LastBody(Protocol):
    """What was recorded last; ``data/access/security_store.py``."""

    def last_body(self, kind: str) -> Mapping[str, Any] | None:
        """The body of the newest entry of a kind."""


class ProcessRecord:
    """``settings`` are those that are no secrets, with what the unit has set, as text by name."""

    def __init__(
        self,
        log: SecurityLog,
        store: LastBody,
        clock: Clock,
        version: str,
        profile: str,
        settings: Mapping[str, str],
    ) -> None:
        self._log = log
        self._store = store
        self._clock = clock
        self._facts = {"version": version, "profile": profile}
        self._settings = {name: _digest(value) for name, value in settings.items()}
        self._process = ""

    def begin(self, process: str = "serve") -> None:
        """It runs; a second call changes nothing. What cannot be stored waits."""
        if self._process:
            return
        self._process = process
        self._note("started")
        if process == "serve":  # other processes have options of their own
            self._compare()

    def _compare(self) -> None:
        try:
            last = self._store.last_body("settings")
        except DashboardError:
            return
        before = dict((last or {}).get("settings", {}))
        names = sorted({*before, *self._settings})
        changed = [name for name in names if before.get(name) != self._settings.get(name)]
        if changed:
            body = {"settings": self._settings, "digest": _digest(repr(self._settings))}
            if last is not None:
                body["changed"] = changed
            reason = "changed" if last is not None else "first_start"
            self._put(NewSecurityEvent("settings", "done", self._clock(), reason=reason, body=body))

    def tick(self) -> None:
        """The duty of every second: begin where that is still to do, and write what waits."""
        self.begin()
        self._log.flush()

    def end(self) -> None:
        """It ends in good order; nothing for what has never begun."""
        if self._process:
            self._note("stopped")
            self._process = ""
        self._log.close()

    def _note(self, reason: str) -> None:
        body = {"process": self._process, "pid": os.getpid(), **self._facts}
        self._put(NewSecurityEvent("process", "done", self._clock(), reason=reason, body=body))

    def _put(self, new: NewSecurityEvent) -> None:
        try:
            self._log.record(new)
        except DashboardError as fault:  # it serves all the same, and the process log has it
            _LOGGER.warning("the security log is away: %s", fault)


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:12]
