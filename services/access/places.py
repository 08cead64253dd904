"""How many live streams one account may have open, and how many there are in all.

Each open screen keeps a thread of its process for hours, so places are few: nobody may take them
all, and a place is free as soon as the screen in it is gone. Counted in one process; with several
workers an account has so many in each.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable

from domain.errors import NoRoom

FOR_A_PERSON = 6
"""More than one desk has screens."""

FOR_A_BROWSER = 4
"""Where it cannot share a connection: two of its six to one host stay free for everything else."""

FOR_A_ROLE = {"WALL": 12}
"""Where it is not ``FOR_A_PERSON``: all screens of a room share the account of its wall."""

_SOONEST_S, _LATEST_S = 10, 30


class TooManyScreens(NoRoom):
    """No place is free: ``account`` has ``open`` of the ``most`` it may have, or, where ``account``
    is empty, all accounts together have. With ``browser`` it is one browser of the account."""

    title = "Too many screens"

    def __init__(self, account: str, most: int, *, browser: bool = False) -> None:
        whose = f"the account {account} has" if account else "the accounts together have"
        detail = f"{whose} {most} screens open, as many as there may be: close one"
        if browser:
            detail = f"this browser has {most} of at most {most} screens open: close one"
        super().__init__(
            detail,
            # not all at the same moment again
            retry_after=random.randint(_SOONEST_S, _LATEST_S),  # noqa: S311 - spreads, hides nothing
            account=account,
            browser=browser,
            open=most,
            most=most,
        )


class Place:
    """The right to one stream, until it is released."""

    def __init__(self, account: str, browser: str, leave: Callable[[Place], None]) -> None:
        self.account = account
        self.browser = browser
        self._leave = leave

    def release(self) -> None:
        """Give it back; what was given back already stays so."""
        self._leave(self)


class Places:
    """The places of one process, ``total`` in all; no account gets more than three in four.

    ``reap`` releases the places of screens that have gone without having been noticed yet; it is
    asked before anybody is turned away.
    """

    def __init__(self, total: int, reap: Callable[[], object] = lambda: None) -> None:
        self._total = max(1, total)
        self._reap = reap
        self._lock = threading.Lock()
        self._taken: set[Place] = set()
        self._of_account: Counter[str] = Counter()
        self._of_browser: Counter[str] = Counter()

    def take(self, account: str, role: str, browser: str = "") -> Place:
        """A place for a screen of ``account``; raises ``TooManyScreens``. ``browser`` names the one
        it is in where each of its streams takes a whole connection, and is empty elsewhere."""
        try:
            return self._take(account, role, browser)
        except TooManyScreens:
            self._reap()
        return self._take(account, role, browser)

    def taken(self, account: str | None = None) -> int:
        """How many places an account has, or all."""
        with self._lock:
            return len(self._taken) if account is None else self._of_account[account]

    def most(self, role: str) -> int:
        """How many an account of that role may have."""
        return min(FOR_A_ROLE.get(role, FOR_A_PERSON), max(1, self._total * 3 // 4))

    def _take(self, account: str, role: str, browser: str) -> Place:
        with self._lock:
            in_browser = min(FOR_A_BROWSER, self.most(role))
            if browser and self._of_browser[browser] >= in_browser:
                raise TooManyScreens(account, in_browser, browser=True)
            if self._of_account[account] >= self.most(role):
                raise TooManyScreens(account, self.most(role))
            if len(self._taken) >= self._total:
                raise TooManyScreens("", self._total)
            place = Place(account, browser, self._left)
            self._taken.add(place)
            self._of_account[account] += 1
            self._of_browser[browser] += 1
            return place

    def _left(self, place: Place) -> None:
        with self._lock:
            if place not in self._taken:
                return
            self._taken.remove(place)
            for counted, name in (
                (self._of_account, place.account),
                (self._of_browser, place.browser),
            ):
                counted[name] -= 1
                if not counted[name]:
                    del counted[name]
