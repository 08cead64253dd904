"""One screen's end of the live stream: an iterator that waits."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from domain.errors import StoreUnavailable
from domain.time import to_rfc3339
from services.clock import Clock
from services.ports import Change, JournalReader

_PAGE = 100  # rows in memory for each screen that catches up; a row may have a thousand fixes


@dataclass(frozen=True)
class Message:
    """One server-sent event: ``id``, ``event`` and ``data`` (JSON text).

    ``seq`` is what the screen sends back to resume, also that of a beat or a reset.
    """

    seq: int
    kind: str
    data_text: str

    @cached_property
    def event(self) -> bytes:
        """As it is sent; made once for all screens that share the message."""
        return f"id: {self.seq}\nevent: {self.kind}\ndata: {self.data_text}\n\n".encode()


Told = tuple[str, Message]
"""A message and the operation that it is about."""


def told(changes: Iterable[Change]) -> list[Told]:
    """The messages that the journal's rows stand for."""
    return [(one.operation, Message(one.seq, one.kind, one.payload)) for one in changes]


class Subscription:
    """The messages of one operation after ``reached``, in order, each once; ends when closed.

    A beat comes at once, then every ``beat_s`` and when the hub asks for one: {"now": RFC 3339},
    with ``"stale": true`` while the journal cannot be read and ``"refusing": true`` while no
    position can be stored. One thread iterates; the hub calls the rest from its own.
    """

    def __init__(
        self,
        operation: str,
        reached: int,
        position: int,
        *,
        recent: Iterable[Told],
        in_memory: bool,
        journal: JournalReader,
        clock: Clock,
        beat_s: float,
        room: int,
        state: Callable[[], Mapping[str, bool]],
        leave: Callable[[Subscription], None],
    ) -> None:
        self._operation = operation
        self._journal = journal
        self._clock = clock
        self._beat_s = beat_s
        self._room = room
        self._state = state
        self._leave = leave
        self._reached = reached
        self._offered = max(reached, position)  # what the hub has shown, of all operations
        self._missed = deque(self._mine(recent, reached))  # from before this subscription
        self._replayed = position if in_memory else reached
        self._replay_until = position
        self._waiting: deque[Message] = deque()  # from after it
        self._reset: str | None = None
        self._ended = False
        self._changed = threading.Condition()
        self._next_beat = time.monotonic()

    # --- the screen's side ---------------------------------------------------------------------

    def __iter__(self) -> Subscription:
        return self

    def __next__(self) -> Message:
        while True:
            if time.monotonic() >= self._next_beat and not self._ended:
                return self._beat()
            self._read_missed()
            with self._changed:
                if self._ended:
                    raise StopIteration
                message = self._take()
                if message is not None:
                    return message
                self._changed.wait(max(0.0, self._next_beat - time.monotonic()))

    def close(self) -> None:
        """Leave the stream; an iteration in another thread ends at once."""
        self._leave(self)
        self.end()

    def _take(self) -> Message | None:
        if self._reset is not None:
            said, self._reset = json.dumps({"reason": self._reset}), None
            # all that was offered is in the snapshot that the screen loads when it reads this
            self._missed.clear()
            self._waiting.clear()
            self._replayed = self._replay_until
            self._reached = self._offered
            return Message(self._reached, "reset", said)
        queue = self._missed or self._waiting
        if not queue:
            return None
        message = queue.popleft()
        self._reached = message.seq
        return message

    def _read_missed(self) -> None:
        """One more page of the journal, when there is still something to be replayed."""
        while not self._missed and self._replayed < self._replay_until:
            try:
                page = self._journal.since(self._replayed, _PAGE)
            except StoreUnavailable:
                self.close()  # the screen comes back with the number it has reached
                return
            self._missed.extend(
                message
                for message in self._mine(told(page), self._replayed)
                if message.seq <= self._replay_until
            )
            self._replayed = page[-1].seq if page else self._replay_until

    def _beat(self) -> Message:
        self._next_beat = max(self._next_beat + self._beat_s, time.monotonic())
        with self._changed:
            behind = self._reset or self._missed or self._waiting
            if not behind and self._replayed >= self._replay_until:
                self._reached = self._offered
            reached = self._reached
        said = {"now": to_rfc3339(self._clock()), **self._state()}
        return Message(reached, "beat", json.dumps(said))

    # --- the hub's side ------------------------------------------------------------------------

    def offer(self, news: Sequence[Told]) -> None:
        """New messages of all operations, at least one."""
        with self._changed:
            self._waiting.extend(self._mine(news, self._offered))
            self._offered = max(self._offered, news[-1][1].seq)
            if len(self._waiting) > self._room:
                self._waiting.clear()
                self._reset = "slow"
            self._changed.notify_all()

    def reset(self, reason: str, position: int) -> None:
        """Have the screen load its snapshot again; what follows comes after ``position``."""
        with self._changed:
            self._waiting.clear()
            self._reset = reason
            self._offered = position
            self._changed.notify_all()

    def beat(self) -> None:
        """Send a beat now: what it tells has changed."""
        with self._changed:
            self._next_beat = time.monotonic()
            self._changed.notify_all()

    def end(self) -> None:
        """No more messages."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _mine(self, news: Iterable[Told], after: int) -> list[Message]:
        mine = self._operation
        return [message for operation, message in news if operation == mine and message.seq > after]
