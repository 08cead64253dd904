"""Who changes an account on the command line: an administrator, proved by the password."""

from __future__ import annotations

from typing import Protocol

import click

from domain.errors import DashboardError, NotPermitted
from services.access.accounts import Accounts
from services.access.credentials import Credentials
from services.access.start_check import REMOVE, DemonstrationCredentials
from services.clock import Clock
from services.security.log import SecurityLog
from services.security.persons import RecordedPersons

HERE = "the command line"

BY = click.option(
    "--by",
    metavar="ADMIN",
    help="Who does it: an administrator, whose password is asked for and who is recorded."
    " Production wants one, but for the very first administrator.",
)


class HasAccounts(Protocol):
    """What these commands need of the joined services."""

    @property
    def demonstration(self) -> bool: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def credentials(self) -> Credentials: ...
    @property
    def demonstration_credentials(self) -> DemonstrationCredentials: ...
    @property
    def security(self) -> SecurityLog: ...
    @property
    def clock(self) -> Clock: ...


def proved(services: HasAccounts, by: str | None, *, initial: bool = False) -> str | None:
    """The administrator ``by`` after the right password; None in the demonstration without one.

    ``initial`` takes a password that must be changed. Raises ``NotSignedIn``, ``NotPermitted``.
    """
    if by is None:
        if services.demonstration:
            return None
        raise NotPermitted("an administrator changes accounts: add --by NAME")
    password = click.prompt(f"Present password of {by}, who does it", hide_input=True)
    persons = RecordedPersons(
        services.accounts, services.security, services.clock, reason="command_line"
    )
    try:
        user = persons.confirm_password(by, password, HERE, initial=initial)
    except DashboardError:
        services.security.flush()  # no duty does it here, and the command ends
        raise
    if user.role != "ADMIN":
        raise NotPermitted(f"{user.name} is no administrator", guard="role")
    if not services.demonstration and password == by:
        raise NotPermitted("this is an account of the demonstration: it changes nothing here")
    return user.name


def new_password(name: str, given: str | None) -> str:
    """The password that ``name`` gets; asked for after the proof, so that who is refused types
    none in vain."""
    if given is not None:
        return given
    words = f"New password of {name}"
    asked: str = click.prompt(words, hide_input=True, confirmation_prompt=f"{words}, once more")
    return asked


def proved_to_add(services: HasAccounts, by: str | None, role: str) -> str | None:
    """As ``proved``; while there is no administrator, the one who has this machine adds one."""
    if by is not None or services.demonstration:
        return proved(services, by)
    every = services.accounts.accounts()
    if any(one.role == "ADMIN" and one.enabled for one in every):
        if services.demonstration_credentials.found().accounts:
            raise NotPermitted(f"the accounts of the demonstration are there: first {REMOVE}")
        return proved(services, by)
    if role != "ADMIN":
        raise NotPermitted("there is no administrator yet: the first account is an ADMIN")
    return None
