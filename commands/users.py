"""``flask users``: accounts, roles, passwords and bearer tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import click

from commands.group import Group
from domain.errors import NotPermitted
from domain.time import to_rfc3339
from services.access.accounts import SIGN_IN_ROLES, Accounts
from services.access.demonstration_accounts import seed_demonstration_accounts

_NAME = click.argument("name")
_ROLE = click.argument("role", type=click.Choice(SIGN_IN_ROLES))
_PASSWORD = click.option(
    "--password",
    prompt=True,
    hide_input=True,
    confirmation_prompt=True,
    help="Asked for when it is not given; given here, others on this machine may see it.",
)


_BY = click.option(
    "--by",
    metavar="ADMIN",
    help="Who does it: an administrator, whose password is asked for and who is recorded.",
)
_HERE = "the command line"


class HasAccounts(Protocol):
    """What these commands need of the joined services."""

    @property
    def demonstration(self) -> bool: ...
    @property
    def accounts(self) -> Accounts: ...


def _proved(accounts: Accounts, by: str | None) -> str | None:
    """The administrator whose password was given; raises ``NotSignedIn``, ``NotPermitted``."""
    if by is None:
        return None
    password = click.prompt(f"Password of {by}", hide_input=True)
    user = accounts.confirm_password(by, password, _HERE)
    if user.role != "ADMIN":
        raise NotPermitted(f"{user.name} is no administrator", guard="role")
    return user.name


def users_commands(get_services: Callable[[], HasAccounts]) -> Group:
    """The group, to be added to ``app.cli``; ``get_services`` is called when a command runs."""
    group = Group("users", help="Accounts, their roles, passwords and bearer tokens.")
    _add_account_commands(group, get_services)
    _add_change_commands(group, get_services)
    _add_token_commands(group, get_services)
    return group


def _add_account_commands(group: Group, get_services: Callable[[], HasAccounts]) -> None:
    @group.command("list")
    def show() -> None:
        """Show every account."""
        for account in get_services().accounts.accounts():
            state = "" if account.enabled else "  disabled"
            since = to_rfc3339(account.created_at)
            click.echo(f"{account.name:<24} {account.role:<12} since {since}{state}")

    @group.command()
    @_NAME
    @_ROLE
    @_PASSWORD
    @_BY
    def add(name: str, role: str, password: str, by: str | None) -> None:
        """Add an account."""
        accounts = get_services().accounts
        accounts.add(name, role, password, by=_proved(accounts, by))
        click.echo(f"added {name} as {role}")

    @group.command()
    def demonstration() -> None:
        """Add the demonstration's accounts; in the demonstration profile only."""
        services = get_services()
        if not services.demonstration:
            raise click.ClickException("these accounts exist in the demonstration profile only")
        seed_demonstration_accounts(services.accounts)
        click.echo("the demonstration's accounts are there; each password is the account's name")


def _add_change_commands(group: Group, get_services: Callable[[], HasAccounts]) -> None:
    @group.command()
    @_NAME
    @_PASSWORD
    @_BY
    def password(name: str, password: str, by: str | None) -> None:
        """Set another password; every session of the account ends."""
        accounts = get_services().accounts
        accounts.set_password(name, password, by=_proved(accounts, by))
        click.echo(f"{name} has another password")

    @group.command()
    @_NAME
    @_ROLE
    @_BY
    def role(name: str, role: str, by: str | None) -> None:
        """Give an account another role, in force at once."""
        accounts = get_services().accounts
        accounts.set_role(name, role, by=_proved(accounts, by))
        click.echo(f"{name} is {role}")

    @group.command()
    @_NAME
    @_BY
    def disable(name: str, by: str | None) -> None:
        """Let an account sign in no longer; its sessions end at once."""
        accounts = get_services().accounts
        accounts.set_enabled(name, False, by=_proved(accounts, by))
        click.echo(f"{name} is disabled")

    @group.command()
    @_NAME
    @_BY
    def enable(name: str, by: str | None) -> None:
        """Let an account sign in again."""
        accounts = get_services().accounts
        accounts.set_enabled(name, True, by=_proved(accounts, by))
        click.echo(f"{name} is enabled")


def _add_token_commands(group: Group, get_services: Callable[[], HasAccounts]) -> None:
    @group.command()
    @_NAME
    @click.option("--note", default="", help="What the token is for.")
    @_BY
    def token(name: str, note: str, by: str | None) -> None:
        """Issue a bearer token; it is shown once."""
        accounts = get_services().accounts
        click.echo(accounts.issue_token(name, note, by=_proved(accounts, by)))

    @group.command("revoke-tokens")
    @_NAME
    @_BY
    def revoke_tokens(name: str, by: str | None) -> None:
        """Revoke every bearer token of an account."""
        accounts = get_services().accounts
        count = accounts.revoke_tokens(name, by=_proved(accounts, by))
        click.echo(f"revoked {count}")
