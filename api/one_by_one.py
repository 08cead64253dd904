"""Storing alone what could not be stored together, so that one message costs no other its place."""

from __future__ import annotations

import logging
from collections.abc import Callable

from domain.errors import StoreUnavailable


class OneByOne:
    """``of`` is what the log calls one of them. Of many faults of one group the first is written
    down, so that the log stays readable."""

    def __init__(self, log: logging.Logger, of: str) -> None:
        self._log = log
        self._of = of
        self._written_down = False

    def begin(self) -> None:
        """Another group: its first fault is written down again."""
        self._written_down = False

    def stored(self, store: Callable[[], object]) -> bool:
        """Whether it is durable. Raises ``StoreUnavailable``; any other fault is one of this
        program about one of many, which must not stop those of everybody else."""
        try:
            store()
        except StoreUnavailable:
            raise
        except Exception:
            if not self._written_down:
                self._written_down = True
                self._log.exception("%s could not be stored", self._of)
            return False
        return True
