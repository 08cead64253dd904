"""``flask users``: accounts, roles, passwords and bearer tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import click

from commands.group import Group
from domain.time import to_rfc3339
from services.accounts import SIGN_IN_ROLES, Accounts
from services.demonstration_accounts import seed_demonstration_accounts

_NAME = click.argument("name")
_ROLE = click.argument("role", type=click.Choice(SIGN_IN_ROLES))
_PASSWORD = click.option(
    "--password",
    prompt=True,
    hide_input=True,
    confirmation_prompt=True,
    help="Asked for when it is not given; given here, others on this machine may see it.",
)


class HasAccounts(Protocol):
    """What these commands need of the joined services."""

    @property
    def demonstration(self) -> bool: ...
    @property
    def accounts(self) -> Accounts: ...


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
    def add(name: str, role: str, password: str) -> None:
        """Add an account."""
        get_services().accounts.add(name, role, password)
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
    def password(name: str, password: str) -> None:
        """Set another password; every session of the account ends."""
        get_services().accounts.set_password(name, password)
        click.echo(f"{name} has another password")

    @group.command()
    @_NAME
    @_ROLE
    def role(name: str, role: str) -> None:
        """Give an account another role, in force at once."""
        get_services().accounts.set_role(name, role)
        click.echo(f"{name} is {role}")

    @group.command()
    @_NAME
    def disable(name: str) -> None:
        """Let an account sign in no longer; its sessions end at once."""
        get_services().accounts.set_enabled(name, False)
        click.echo(f"{name} is disabled")

    @group.command()
    @_NAME
    def enable(name: str) -> None:
        """Let an account sign in again."""
        get_services().accounts.set_enabled(name, True)
        click.echo(f"{name} is enabled")


def _add_token_commands(group: Group, get_services: Callable[[], HasAccounts]) -> None:
    @group.command()
    @_NAME
    @click.option("--note", default="", help="What the token is for.")
    def token(name: str, note: str) -> None:
        """Issue a bearer token; it is shown once."""
        click.echo(get_services().accounts.issue_token(name, note))

    @group.command("revoke-tokens")
    @_NAME
    def revoke_tokens(name: str) -> None:
        """Revoke every bearer token of an account."""
        count = get_services().accounts.revoke_tokens(name)
        click.echo(f"revoked {count}")
