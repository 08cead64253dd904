"""The live stream: what was committed, by whichever process, to every open screen, in order, once.

One thread a process follows the journal: woken by a commit of this process, and looking once a
second for those of others. A screen says which message it had last; it gets what it missed from
the ring of recent messages or from the journal, then the rest as it happens. When that is not
possible (the journal is pruned, the screen was too slow or away too long) it is told to ``reset``:
to load its snapshot again, while the stream goes on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from domain.errors import StoreUnavailable
from services.clock import Clock, utc_now
from services.ports import JournalReader
from services.subscription import Message, Subscription, Told, told

__all__ = ["LiveHub", "Message", "Subscription"]

_LOG = logging.getLogger(__name__)
_PAGE = 500


class LiveHub:
    """The stream of one process.

    ``beat_s`` is the schedule of beats, ``look_s`` how often other processes' commits are looked
    for, ``room`` how many messages may wait for one screen, ``ring`` how many are kept in memory;
    who has missed more than ``most_missed`` is told to start again, as reading them all would cost
    more than a snapshot does.
    The first commit after a quiet time is told at once; what follows within ``together_s`` is told
    together. ``trouble`` tells whether positions cannot be stored now; every screen hears of a
    change within ``look_s``.
    """

    def __init__(
        self,
        journal: JournalReader,
        clock: Clock = utc_now,
        *,
        beat_s: float = 5.0,
        look_s: float = 1.0,
        together_s: float = 0.02,
        room: int = 5000,
        ring: int = 2000,
        most_missed: int = 5000,
        trouble: Callable[[], object] = bool,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._beat_s = beat_s
        self._look_s = look_s
        self._room = room
        self._ring_size = ring
        self._most_missed = most_missed
        self._together_s = together_s
        self._trouble = trouble
        self._ring: deque[Told] = deque()
        self._ring_floor = 0  # every message after this number is in the ring
        self._position = 0
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._subscriptions: set[Subscription] = set()
        self._thread: threading.Thread | None = None
        self._state: dict[str, bool] = {}
        self._closed = False

    def wake(self) -> None:
        """Something was committed by this process."""
        self._woken.set()

    def subscribe(self, operation: str, last_id: int | None = None) -> Subscription:
        """The messages of an operation after ``last_id``; None means from now on.

        The subscription starts with this call, not with the first message taken from it. Raises
        ``StoreUnavailable`` when the journal cannot be read.
        """
        with self._lock:
            if self._thread is None and not self._closed:
                self._start()
            if last_id is None or self._ring_floor <= last_id <= self._position:
                reached = self._position if last_id is None else last_id
                return self._enter(operation, reached, self._ring, in_memory=True)
        known = self._position - last_id <= self._most_missed and self._is_kept(last_id)
        with self._lock:
            if known:
                return self._enter(operation, last_id, ())
            subscription = self._enter(operation, self._position, ())
            subscription.reset("unknown", self._position)
            return subscription

    def screens(self) -> int:
        """How many subscriptions there are."""
        with self._lock:
            return len(self._subscriptions)

    def close(self) -> None:
        """End every subscription and the thread."""
        with self._lock:
            self._closed = True
            for subscription in self._subscriptions:
                subscription.end()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()

    def _is_kept(self, last_id: int) -> bool:
        oldest = self._journal.oldest()
        return oldest is not None and oldest - 1 <= last_id <= self._journal.head()

    def _enter(
        self, operation: str, reached: int, recent: Iterable[Told], *, in_memory: bool = False
    ) -> Subscription:
        subscription = Subscription(
            operation,
            reached,
            self._position,
            recent=recent,
            in_memory=in_memory,
            journal=self._journal,
            clock=self._clock,
            beat_s=self._beat_s,
            room=self._room,
            state=lambda: self._state,
            leave=self._leave,
        )
        self._subscriptions.add(subscription)
        if self._closed:
            subscription.end()
        return subscription

    def _leave(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions.discard(subscription)

    def _start(self) -> None:
        self._position = self._ring_floor = self._journal.head()
        self._thread = threading.Thread(target=self._follow, name="live", daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        stale = False
        while not self._closed:
            found = self._woken.wait(self._look_s)
            self._woken.clear()
            try:
                self._catch_up()
                stale = False
            except StoreUnavailable as fault:
                stale = True
                _LOG.warning("the journal cannot be read: %s", fault.detail)
            except Exception:  # a screen that hears nothing more is worse than any fault here
                stale = True
                _LOG.exception("the journal cannot be followed")
            self._tell_state(stale)
            if found and not self._closed:
                time.sleep(self._together_s)

    def _tell_state(self, stale: bool) -> None:
        facts = {"stale": stale, "refusing": bool(self._trouble())}
        state = {name: True for name, is_so in facts.items() if is_so}
        if state == self._state:
            return
        with self._lock:
            self._state = state
            for subscription in self._subscriptions:
                subscription.beat()

    def _catch_up(self) -> None:
        """Tell what is new; where nothing is, find out whether the journal is another one."""
        while True:
            changes = self._journal.since(self._position, _PAGE)
            if not changes:
                break
            news = told(changes)
            with self._lock:
                self._position = changes[-1].seq
                self._remember(news)
                for subscription in self._subscriptions:
                    subscription.offer(news)
            if len(changes) < _PAGE:
                return
        head = self._journal.head()
        if head < self._position:
            self._begin_again(head)

    def _remember(self, news: Sequence[Told]) -> None:
        self._ring.extend(news)
        while len(self._ring) > self._ring_size:
            self._ring_floor = self._ring.popleft()[1].seq

    def _begin_again(self, head: int) -> None:
        """The journal is another one: a backup was restored, or it was emptied."""
        with self._lock:
            self._ring.clear()
            self._position = self._ring_floor = head
            for subscription in self._subscriptions:
                subscription.reset("restored", head)
