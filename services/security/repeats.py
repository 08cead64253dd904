"""Repeats counted by the minute, so that nobody fills the security log.

The first of its kind is written at once; what repeats it within the same minute becomes one entry
with a count. Each class of asker (strangers, feeds, accounts) has its own allowance of different
entries by the minute and by the day; what is beyond becomes one entry "others" a minute. The
counts of all entries together are how often it really happened.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.access.security import NewSecurityEvent
from domain.time import to_rfc3339

A_MINUTE = 20
"""Different entries of one class in one minute."""

A_DAY = 2_000
"""Different entries of one class in one day; then only "others"."""

OTHERS = "others"

_Key = tuple[str | int | None, ...]


@dataclass(slots=True)
class _Counted:
    first: NewSecurityEvent
    last_at: datetime
    further: int = 0


@dataclass(slots=True)
class _Class:
    """What is known of one class of asker; ``of_day`` entries were begun on ``day``."""

    counted: dict[_Key, _Counted] = field(default_factory=dict)
    others: _Counted | None = None
    day: int = 0
    of_day: int = 0


class Repeats:
    """Not safe by itself for several threads: whoever holds it takes turns."""

    def __init__(self, a_minute: int = A_MINUTE, a_day: int = A_DAY) -> None:
        self._a_minute = a_minute
        self._a_day = a_day
        self._minute = 0
        self._classes: dict[str, _Class] = {}
        self._due: list[NewSecurityEvent] = []

    def add(self, new: NewSecurityEvent) -> NewSecurityEvent | None:
        """Count it; what is to be written at once, None where it only repeats."""
        self._turn(new.at)
        its = self._classes.setdefault(_class_of(new), _Class())
        key = (new.kind, new.outcome, new.account, new.session, new.address, new.method, new.route,
               new.status, new.reason)  # fmt: skip
        known = its.counted.get(key)
        if known is None and self._allowed(its, new.at):
            its.counted[key] = _Counted(new, new.at)
            return new
        if known is None:
            if its.others is None:
                its.others = _Counted(new, new.at)
            known = its.others
        known.further += new.count
        known.last_at = new.at
        return None

    def ended(self, now: datetime) -> list[NewSecurityEvent]:
        """The summaries of the minutes that are over, each given once."""
        self._turn(now)
        due, self._due = self._due, []
        return due

    def all_counted(self) -> list[NewSecurityEvent]:
        """The same of the minute that goes on too: the process ends."""
        self._close()
        due, self._due = self._due, []
        return due

    def _allowed(self, its: _Class, at: datetime) -> bool:
        day = at.toordinal()
        if its.day != day:
            its.day, its.of_day = day, 0
        if len(its.counted) >= self._a_minute or its.of_day >= self._a_day:
            return False
        its.of_day += 1
        return True

    def _turn(self, at: datetime) -> None:
        minute = int(at.timestamp()) // 60
        if minute != self._minute:  # also when the clock was put back
            self._close()
            self._minute = minute

    def _close(self) -> None:
        for its in self._classes.values():
            self._due += [_summary(one, one.first) for one in its.counted.values() if one.further]
            if its.others is not None:
                self._due.append(_summary(its.others, _nobody(its.others.first)))
            its.counted.clear()
            its.others = None


def _class_of(new: NewSecurityEvent) -> str:
    """Strangers must not use up what is written of accounts: who tries the password of one that
    exists is a class of its own."""
    if new.kind == "feed":
        return "feed"
    if new.account is None:
        return "stranger"
    return "tried" if new.role is None else "account"


def _summary(counted: _Counted, first: NewSecurityEvent) -> NewSecurityEvent:
    since = {"since": to_rfc3339(counted.first.at.replace(microsecond=0))}
    return replace(first, at=counted.last_at, count=counted.further, body={**first.body, **since})


def _nobody(first: NewSecurityEvent) -> NewSecurityEvent:
    """Of many different ones only the kind is left."""
    return NewSecurityEvent(first.kind, first.outcome, first.at, reason=OTHERS)
