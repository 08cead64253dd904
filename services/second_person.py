"""The second person of one act, proved by the own password in the form of the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from domain.errors import GuardRefused, NotSignedIn
from domain.events import Actor, Command
from services.event_ports import Persons


def with_second_person(
    command: Command, sent: object, persons: Persons, known: Callable[[], bool]
) -> Command:
    """The command with the person whose password came with it; as it is where none came, or where
    the command is ``known``: it was carried out already.

    The password is looked at here, before any transaction, and kept nowhere. Attempts are counted
    against the account and the user who sent them. Raises ``GuardRefused``, ``TooManyRequests``.
    """
    given: Any = sent.get("second_person") if isinstance(sent, Mapping) else None
    if not given or known():
        return command
    try:
        user = persons.confirm_password(
            given["user"], given["password"], f"beside {command.actor.name}"
        )
    except NotSignedIn as refused:
        raise GuardRefused(
            "second_person",
            "the account or the password of the second person is not right",
            "second_person.password",
        ) from refused
    return replace(command, second_person=Actor(user.name, user.role, user.session))
