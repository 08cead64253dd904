"""Many callers, one writer: what waits is written in one transaction, each caller gets its answer.

Reaching the disk costs the same for one row and for fifty, so the writer takes everything that
came while the last group was on its way to the disk. Under load it also waits some milliseconds
for those who have just had their answer and are about to come again, as long as they keep coming;
a caller who is alone never waits for company.
The waiting room is bounded: when it is full the callers wait outside, and after ``patience_s``
they are refused; nothing grows without bound. While the store refuses or does not answer, one
caller at a time tries it and the others are refused at once, so that they do not use up the
threads that the screens need.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from domain.errors import StoreUnavailable

Work = TypeVar("Work")
Result = TypeVar("Result")


class _Ticket(Generic[Work, Result]):
    """One caller's work and, once ``ready`` can be had, what became of it."""

    __slots__ = ("fault", "ready", "result", "weight", "withdrawn", "work")

    def __init__(self, work: Work, weight: int) -> None:
        self.work = work
        self.weight = weight
        self.withdrawn = False
        self.result: Result | None = None
        self.fault: Exception | None = None
        self.ready = threading.Lock()
        self.ready.acquire()


class GroupCommit(Generic[Work, Result]):
    """One writing thread, started by the first submission of the process.

    ``write`` stores a group in one transaction and returns a result for each part, in order; when
    it raises, nothing of the group is stored. ``weigh`` tells how much of the ``room`` and of the
    ``largest_group`` a piece of work takes; one that is larger than either goes alone.
    ``slow_s`` is how long a group may take before the store counts as not answering.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Work]], Sequence[Result]],
        *,
        weigh: Callable[[Work], int] = lambda _: 1,
        room: int = 16_384,
        largest_group: int = 4_096,
        patience_s: float = 15.0,
        slow_s: float = 3.0,
        pause_s: float = 0.001,
        longest_gathering_s: float = 0.004,
    ) -> None:
        self._write = write
        self._weigh = weigh
        self._room = room
        self._largest_group = largest_group
        self._patience_s = patience_s
        self._slow_s = slow_s
        self._pause_s = pause_s
        self._longest_gathering_s = longest_gathering_s
        self._expected = 1  # callers that are likely to come soon: those of the last group
        self._waiting: deque[_Ticket[Work, Result]] = deque()
        self._load = 0  # the weight of all that waits
        self._began: float | None = None  # when the group that is being written was begun
        self._refusal = ""  # why the store did not take the last group
        self._changed = threading.Condition(threading.Lock())
        self._closed = False
        self._thread: threading.Thread | None = None

    def submit(self, work: Work) -> Result:
        """Returns the result when the group with ``work`` is durable.

        Raises ``StoreUnavailable`` when the store refused, the wait was too long or the writer is
        closed, and whatever ``write`` raised about this work alone.
        """
        deadline = time.monotonic() + self._patience_s
        ticket: _Ticket[Work, Result] = _Ticket(work, self._weigh(work))
        self._enter(ticket, deadline)
        if not ticket.ready.acquire(timeout=max(0.0, deadline - time.monotonic())):
            ticket.withdrawn = True  # not written, unless the writer has just begun to
            raise StoreUnavailable("the database is too slow to answer: send it again")
        if ticket.fault is not None:
            raise ticket.fault
        return ticket.result  # type: ignore[return-value]  # it has one when it has no fault

    def trouble(self) -> str:
        """Why nothing can be stored now, as far as is known; empty while all is well."""
        began = self._began
        if began is not None and time.monotonic() - began > self._slow_s:
            return "the database does not answer"
        return self._refusal

    def close(self) -> None:
        """Write what waits, then end; later submissions are refused."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _enter(self, ticket: _Ticket[Work, Result], deadline: float) -> None:
        with self._changed:
            while True:
                if self._closed:
                    raise StoreUnavailable("the server is stopping: send it again")
                if (self._began is not None or self._waiting) and (trouble := self.trouble()):
                    raise StoreUnavailable(f"{trouble}: send it later")
                if not self._waiting or self._load + ticket.weight <= self._room:
                    break
                if not self._changed.wait(deadline - time.monotonic()):
                    raise StoreUnavailable("too much is waiting to be stored: send it later")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
                self._thread.start()
            self._waiting.append(ticket)
            self._load += ticket.weight
            if len(self._waiting) == 1 or len(self._waiting) >= self._expected:
                self._changed.notify_all()

    def _run(self) -> None:
        while group := self._take():
            self._commit([ticket for ticket in group if not ticket.withdrawn])
            self._began = None

    def _take(self) -> list[_Ticket[Work, Result]]:
        """The next group; an empty one when nothing waits and nothing more may come."""
        with self._changed:
            idle_since = time.monotonic()
            while not self._waiting and not self._closed:
                self._changed.wait()
            if time.monotonic() - idle_since > self._longest_gathering_s:
                self._expected = 1  # whoever came together before has gone
            self._gather()
            group: list[_Ticket[Work, Result]] = []
            weight = 0
            while self._waiting:
                weight += self._waiting[0].weight
                if group and weight > self._largest_group:
                    break
                group.append(self._waiting.popleft())
            self._load -= sum(ticket.weight for ticket in group)
            self._expected = len(group)
            self._began = time.monotonic() if group else None
            self._changed.notify_all()
            return group

    def _gather(self) -> None:
        """Let more of those come who came together before, while they keep coming."""
        self._expected += len(self._waiting) if self._expected > 1 else 0
        until = time.monotonic() + self._longest_gathering_s
        came = 0
        while came < len(self._waiting) < self._expected and not self._closed:
            came = len(self._waiting)
            self._changed.wait_for(
                lambda: len(self._waiting) >= self._expected,
                min(self._pause_s, until - time.monotonic()),
            )
            if time.monotonic() >= until:
                break

    def _commit(self, group: list[_Ticket[Work, Result]]) -> None:
        if not group:
            return
        try:
            results = self._write([ticket.work for ticket in group])
        except StoreUnavailable as fault:
            self._refusal = fault.detail
            for ticket in group:
                self._refuse(ticket, StoreUnavailable(fault.detail))
        except Exception as fault:
            if len(group) == 1:
                self._refuse(group[0], fault)
            else:  # one bad submission must not cost the others theirs
                for ticket in group:
                    self._commit([ticket])
        else:
            self._refusal = ""
            for ticket, result in zip(group, results, strict=True):
                ticket.result = result
                ticket.ready.release()

    def _refuse(self, ticket: _Ticket[Work, Result], fault: Exception) -> None:
        ticket.fault = fault
        ticket.ready.release()
