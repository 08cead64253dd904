"""The book of guards: how a rule is entered under the name that the transition table uses.

A guard looks at a ``Situation`` and answers None, or a sentence that says why not. Guards marked
``needs_record`` can only be judged when the form is filled in; the others are also asked
beforehand, so that the screen can tell which button would be refused and why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from domain.events import Command
from domain.situation import Situation
from domain.state import IncidentState
from domain.time import from_microseconds, parse_rfc3339, to_date_time_group, to_microseconds


@dataclass(frozen=True, slots=True)
class Guard:
    """One rule. ``check(situation, command)`` answers None or why not."""

    name: str
    needs_record: bool
    check: Callable[[Situation, Command | None], str | None]
    field: str | None = None


GUARDS: dict[str, Guard] = {}
"""Every guard by its name; ``domain/guards.py`` and ``domain/platoon_guards.py`` fill it."""

Check = Callable[[Situation, Command | None], str | None]


def guard(name: str, field: str | None = None) -> Callable[[Check], Check]:
    """Enter a rule that can be judged before the form is filled in, and after."""

    def enter(check: Check) -> Check:
        GUARDS[name] = Guard(name, False, check, field)
        return check

    return enter


def record_guard(
    name: str, field: str | None = None
) -> Callable[[Callable[[Situation, Command], str | None]], object]:
    """Enter a rule that looks at what the form says."""

    def enter(check: Callable[[Situation, Command], str | None]) -> object:
        def whole(situation: Situation, command: Command | None) -> str | None:
            return None if command is None else check(situation, command)

        GUARDS[name] = Guard(name, True, whole, field)
        return check

    return enter


def incident_of(situation: Situation) -> IncidentState:
    """The incident that the guard is about."""
    if situation.incident is None:
        raise ValueError("this guard needs an incident")
    return situation.incident


# --- times that a record names --------------------------------------------------------------------


def not_future(situation: Situation, value: object, path: str) -> str | None:
    """Why a time that the record names cannot be, where it has not come yet."""
    moment = parse_rfc3339(value, path)
    if moment > situation.now + situation.policy.clock_tolerance:
        return f"{path.rpartition('.')[2]} lies in the future"
    return None


def not_before(value: object, path: str, earliest_us: int, what: str) -> str | None:
    """Why a time that the record names cannot be, where it lies before ``earliest_us``.

    A minute is granted: people read such times off different clocks and type them to the minute.
    """
    moment = parse_rfc3339(value, path)
    if to_microseconds(moment) + _MINUTE_US >= earliest_us:
        return None
    earliest = to_date_time_group(from_microseconds(earliest_us))
    return f"{path.rpartition('.')[2]} lies before {earliest}, when {what}"


def microseconds(length: timedelta) -> int:
    """A length of time in whole microseconds."""
    return length // timedelta(microseconds=1)


_MINUTE_US = 60_000_000
