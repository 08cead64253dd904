"""Many callers, one writer: what waits is written in one transaction, each caller gets its answer.

Reaching the disk costs the same for one row and for fifty, so the writer takes everything that
came while the last group was on its way to the disk. The waiting room is bounded: when it is full
the callers wait outside, and after ``patience_s`` they are refused; nothing grows without bound.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from domain.errors import StoreUnavailable

Work = TypeVar("Work")
Result = TypeVar("Result")

_Waiting = tuple[Work, "Future[Result]"]


class GroupCommit(Generic[Work, Result]):
    """One writing thread, started by the first submission of the process.

    ``write`` stores a group in one transaction and returns a result for each part, in order; when
    it raises, nothing of the group is stored.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Work]], Sequence[Result]],
        *,
        room: int = 512,
        largest_group: int = 128,
        patience_s: float = 15.0,
    ) -> None:
        self._write = write
        self._room = room
        self._largest_group = largest_group
        self._patience_s = patience_s
        self._waiting: deque[_Waiting[Work, Result]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def submit(self, work: Work) -> Result:
        """Returns the result when the group with ``work`` is durable.

        Raises ``StoreUnavailable`` when the store refused, the wait was too long or the writer is
        closed, and whatever ``write`` raised about this work alone.
        """
        deadline = time.monotonic() + self._patience_s
        future: Future[Result] = Future()
        self._enter(work, future, deadline)
        try:
            return future.result(max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            future.cancel()
            raise StoreUnavailable("the database is too slow to answer: send it again") from None

    def close(self) -> None:
        """Write what waits, then end; later submissions are refused."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _enter(self, work: Work, future: Future[Result], deadline: float) -> None:
        with self._changed:
            while not self._closed and len(self._waiting) >= self._room:
                if not self._changed.wait(deadline - time.monotonic()):
                    raise StoreUnavailable("too much is waiting to be stored: send it later")
            if self._closed:
                raise StoreUnavailable("the server is stopping: send it again")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
                self._thread.start()
            self._waiting.append((work, future))
            self._changed.notify_all()

    def _run(self) -> None:
        while group := self._take():
            self._commit([part for part in group if part[1].set_running_or_notify_cancel()])

    def _take(self) -> list[_Waiting[Work, Result]]:
        """The next group; an empty one when nothing waits and nothing more may come."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            size = min(len(self._waiting), self._largest_group)
            group = [self._waiting.popleft() for _ in range(size)]
            self._changed.notify_all()
            return group

    def _commit(self, group: list[_Waiting[Work, Result]]) -> None:
        if not group:
            return
        try:
            results = self._write([work for work, _ in group])
        except StoreUnavailable as fault:
            for _, future in group:
                future.set_exception(StoreUnavailable(fault.detail))
        except Exception as fault:
            if len(group) == 1:
                group[0][1].set_exception(fault)
            else:  # one bad submission must not cost the others theirs
                for part in group:
                    self._commit([part])
        else:
            for (_, future), result in zip(group, results, strict=True):
                future.set_result(result)
