"""Work that goes on by itself beside the requests: each duty is one thread of one worker.

Nothing here runs on import or when the application is made; ``Duties.start`` is called by the
server once a worker is up.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.leases import Leases

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Duty:
    """``work`` is called every ``interval``; ``alone``: by one worker of all at a time."""

    name: str
    interval: timedelta
    work: Callable[[], object]
    alone: bool = True


class Duties:
    """Starts and stops the threads. A duty that fails is logged and tried again in its time."""

    def __init__(self, duties: Sequence[Duty], leases: Leases) -> None:
        self._duties = tuple(duties)
        self._leases = leases
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, *, shared: bool = True) -> None:
        """Start every duty, or without ``shared`` only what each process does for itself; a second
        call changes nothing."""
        if self._threads:
            return
        self._stopped.clear()
        self._threads = [
            threading.Thread(target=self._go_on, args=(duty,), name=duty.name, daemon=True)
            for duty in self._duties
            if shared or not duty.alone
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask every duty to end, wait for it, and let other workers take over."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(timeout=10)
        self._threads = []

    def _go_on(self, duty: Duty) -> None:
        while True:
            self._once(duty)
            if self._stopped.wait(duty.interval.total_seconds()):
                break
        if duty.alone:
            self._leases.give_back(duty.name)

    def _once(self, duty: Duty) -> None:
        try:
            if not duty.alone or self._leases.hold(duty.name):
                duty.work()
        except Exception:
            # One failure, a full disk for example, must not end the duty for the whole shift.
            _logger.exception("the duty %s failed; it will be tried again", duty.name)
