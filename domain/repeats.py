"""A call for help that is sent again while nobody has taken it: counted, and recorded now and then.

Every repeat counts, in a row that is written in the transaction of its message. The log gets the
first ones each, then one a minute with the number so far, and the final number when somebody takes
the alert: a device that never stops fills no log, and the log loses no call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

MOST_WORDS = 10
"""Different words, and different persons, that are kept of one alert; the rest is only counted."""

RECORDED_EACH = 10
RECORDED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Repeats:
    """How often an open alert was raised, ``last_at`` in RFC 3339, where that was, and in which
    words; ``recorded_at`` is when the log was told last."""

    times: int
    last_at: str
    position: Mapping[str, float] | None
    words: tuple[str, ...]
    uids: tuple[str, ...]
    recorded_at: datetime

    def with_call(
        self, said_at: str, word: str, uid: str, position: Mapping[str, float] | None
    ) -> Repeats:
        """After one more. One that comes late counts and moves nothing."""
        newer = later(self.last_at, said_at) == said_at
        return replace(
            self,
            times=self.times + 1,
            last_at=said_at if newer else self.last_at,
            position=position if position is not None and newer else self.position,
            words=with_one(self.words, word),
            uids=with_one(self.uids, uid),
        )

    def due(self, now: datetime) -> bool:
        """Whether the log must be told of this one."""
        # a clock that was put back makes it due
        soon = timedelta(0) <= now - self.recorded_at < RECORDED_EVERY
        return self.times <= RECORDED_EACH or not soon

    def summary(self) -> dict[str, Any]:
        """What the log, the interface and the stream say of it."""
        said: dict[str, Any] = {
            "times": self.times,
            "last_at": self.last_at,
            "words": list(self.words),
        }
        if self.position is not None:
            said["position"] = dict(self.position)
        if self.uids:
            said["uids"] = list(self.uids)
        return said


def with_one(known: tuple[str, ...], one: str) -> tuple[str, ...]:
    """The first few different ones, in their order."""
    if not one or one in known or len(known) >= MOST_WORDS:
        return known
    return (*known, one)


def later(one: str, other: str) -> str:
    """The later of two times in RFC 3339; of the same moment the second."""
    earlier = datetime.fromisoformat(other) < datetime.fromisoformat(one)
    return one if earlier else other
