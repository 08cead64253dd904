"""Whether positions can be stored now: for ``/readyz`` and for every screen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

CHECK_EVERY = timedelta(seconds=5)
"""How often a process tries its store; devices try it by themselves whenever they send."""


class Reception:
    """Asks whoever writes positions in this process."""

    def __init__(self) -> None:
        self._sources: list[Callable[[], str]] = []

    def follow(self, source: Callable[[], str]) -> None:
        """Ask ``source`` too: it says why nothing can be stored, or nothing while all is well."""
        self._sources.append(source)

    def trouble(self) -> str:
        """Why no position can be stored now; empty while all is well."""
        return next(filter(None, (source() for source in self._sources)), "")
