"""Who works now and who waits: at most so many at once, in the order in which they came.

Threads that all work at the same time get in each other's way (one interpreter, one lock), so forty
answers at once take several times as long as the same forty one after another.
"""

from __future__ import annotations

import random
import threading
from collections import Counter, deque
from collections.abc import Callable

from domain.errors import NoRoom

_SOONEST_S, _LATEST_S = 2, 8


class TooBusy(NoRoom):
    """What was asked for did not get its turn in time."""

    title = "Too busy"

    def __init__(self, at_once: int) -> None:
        super().__init__(
            f"the server works out {at_once} such answers at once, and others were first",
            # not all at the same moment again
            retry_after=random.randint(_SOONEST_S, _LATEST_S),  # noqa: S311 - spreads, hides nothing
        )


class _Waiting:
    """One who waits; ``called`` is set when the turn is theirs."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.called = threading.Event()


class Turns:
    """``at_once`` have a turn, of them at most ``for_one`` of one account; who waits for longer
    than ``patience_s`` is refused.

    Whoever waits holds a thread. So at most ``waiting`` wait, ``waiting_of_one`` of one account,
    and the next one is refused at once; None is no limit.
    """

    def __init__(
        self,
        at_once: int,
        patience_s: float,
        for_one: int | None = None,
        *,
        waiting: int | None = None,
        waiting_of_one: int | None = None,
    ) -> None:
        self._at_once = at_once
        self._for_one = for_one or at_once
        self._most_waiting = waiting
        self._most_waiting_of_one = waiting_of_one
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._working: Counter[str] = Counter()
        self._waiting: deque[_Waiting] = deque()

    def take(self, account: str = "") -> Callable[[], None]:
        """A turn, when it comes; what is returned, called once, gives it back.

        Raises ``TooBusy``.
        """
        me = _Waiting(account)
        with self._lock:
            self._waiting.append(me)
            self._call()
            if not me.called.is_set() and self._too_many(account):
                self._waiting.remove(me)
                raise TooBusy(self._for_one)
        if not me.called.wait(self._patience_s):
            with self._lock:
                if not me.called.is_set():
                    self._waiting.remove(me)
                    raise TooBusy(self._for_one)
        return lambda: self._give_back(account)

    def working(self) -> int:
        """How many have a turn."""
        with self._lock:
            return self._working.total()

    def waiting(self) -> int:
        """How many wait for one."""
        with self._lock:
            return len(self._waiting)

    def _too_many(self, account: str) -> bool:
        """Whether the line is longer than it may be, with the one who has just come."""
        whole, own = self._most_waiting, self._most_waiting_of_one
        if whole is not None and len(self._waiting) > whole:
            return True
        return own is not None and sum(one.account == account for one in self._waiting) > own

    def _call(self) -> None:
        """Give the turns that are free to those who came first and may have one."""
        free = self._at_once - self._working.total()
        for one in list(self._waiting) if free > 0 else ():
            if self._working[one.account] < self._for_one:
                self._working[one.account] += 1
                self._waiting.remove(one)
                one.called.set()
                free -= 1
                if not free:
                    return

    def _give_back(self, account: str) -> None:
        with self._lock:
            self._working[account] -= 1
            if not self._working[account]:
                del self._working[account]
            self._call()
