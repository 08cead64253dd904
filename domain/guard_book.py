"""The book of guards: how a rule is entered under the name that the transition table uses.

A guard looks at a ``Situation`` and answers None, or a sentence that says why not. Guards marked
``needs_record`` can only be judged when the form is filled in; the others are also asked
beforehand, so that the screen can tell which button would be refused and why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from domain.events import Command
from domain.situation import Situation
from domain.state import IncidentState


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
