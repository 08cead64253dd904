"""Who may write what, whose word it may be, and that it has happened already."""

from __future__ import annotations

from domain.errors import GuardRefused, InvalidField, NotPermitted
from domain.events import Command
from domain.situation import Situation
from domain.transitions import OBSERVERS, ORGANISATION_OF, WRITERS_OF, Transition


def may_write(situation: Situation) -> None:
    """Raise ``NotPermitted`` unless the user may record facts here at all."""
    if situation.sealed:
        raise NotPermitted("this operation is over and read-only", guard="sealed")
    if situation.actor.role not in OBSERVERS:
        raise NotPermitted(f"the role {situation.actor.role} records no events", guard="role")
    if situation.actor.role == "EXCON" and situation.operation_kind != "exercise":
        raise NotPermitted("exercise control acts in exercises only", guard="role")


def may_write_fact(situation: Situation, event: str) -> None:
    """Raise ``NotPermitted`` unless the user may record this fact."""
    may_write(situation)
    writers = WRITERS_OF.get(event, OBSERVERS)
    if situation.actor.role not in writers:
        raise NotPermitted(
            f"{event} is entered by {', '.join(writers)}, not by {situation.actor.role}",
            guard="role",
        )


def check_role(situation: Situation, rows: tuple[Transition, ...]) -> None:
    """Raise ``NotPermitted`` unless the user enters events of these rows."""
    may_write(situation)
    allowed = rows[0].entered_by
    if situation.actor.role not in allowed:
        raise NotPermitted(
            f"{rows[0].event} is entered by {', '.join(allowed)}, not by {situation.actor.role}",
            guard="role",
        )


def check_not_future(situation: Situation, command: Command) -> None:
    """Raise ``GuardRefused`` where the command is said to happen later than now."""
    if command.occurred_at > situation.now + situation.policy.clock_tolerance:
        raise GuardRefused("not_in_the_future", "occurred_at lies in the future", "occurred_at")


def check_asserter(row: Transition, command: Command) -> None:
    """Raise where the event is not this organisation's to say, or the channel is missing."""
    known = {name for role in row.asserted_by for name in ORGANISATION_OF[role]}
    organisation = command.asserted_by["org"]
    if organisation not in known:
        raise GuardRefused(
            "asserted_by",
            f"{row.event} is asserted by {' or '.join(sorted(known))}, not by {organisation}",
            "asserted_by.org",
        )
    check_channel(command)


def check_channel(command: Command) -> None:
    """Raise ``InvalidField`` where a word from outside the FPU came over no channel."""
    if command.asserted_by["org"] not in ("FPU", "EULEX"):
        for name in ("channel", "channel_ref"):
            if not getattr(command, name):
                raise InvalidField(name, "is needed where somebody outside the FPU asserts")


def check_second_user(command: Command) -> None:
    """Raise ``InvalidField`` where a second person is only a typed name."""
    if command.second_user is not None:
        raise InvalidField(
            "second_user",
            "a typed name confirms nothing: the second person signs in, and confirms the waiting "
            "step or gives the own password in second_person",
        )
