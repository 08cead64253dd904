"""``flask users``: accounts, their roles and passwords."""

from __future__ import annotations

from collections.abc import Callable

import click

from commands.group import Group
from commands.users_credentials import (
    add_rescue_commands,
    add_session_commands,
    add_token_commands,
)
from commands.users_proof import BY, HasAccounts, new_password, proved, proved_to_add
from domain.time import to_rfc3339
from services.access.checks import SIGN_IN_ROLES
from services.access.demonstration_accounts import seed_demonstration_accounts

_NAME = click.argument("name")
_ROLE = click.argument("role", type=click.Choice(SIGN_IN_ROLES))
_PASSWORD = click.option(
    "--password",
    help="Asked for when it is not given; given here, others on this machine may see it.",
)
_CHANGES = "to be changed at the next sign-in"


def users_commands(get_services: Callable[[], HasAccounts]) -> Group:
    """The group, to be added to ``app.cli``; ``get_services`` is called when a command runs."""
    group = Group("users", help="Accounts, their roles, passwords, sessions and bearer tokens.")
    _add_account_commands(group, get_services)
    _add_change_commands(group, get_services)
    add_token_commands(group, get_services)
    add_session_commands(group, get_services)
    add_rescue_commands(group, get_services)
    return group


def _add_account_commands(group: Group, get_services: Callable[[], HasAccounts]) -> None:
    @group.command("list")
    def show() -> None:
        """Show every account."""
        for account in get_services().accounts.accounts():
            state = "" if account.enabled else "  disabled"
            state += "  must change the password" if account.must_change else ""
            since = to_rfc3339(account.created_at)
            click.echo(f"{account.name:<24} {account.role:<12} since {since}{state}")

    @group.command()
    @_NAME
    @_ROLE
    @_PASSWORD
    @BY
    def add(name: str, role: str, password: str | None, by: str | None) -> None:
        """Add an account. Its password must be changed at the first sign-in."""
        services = get_services()
        by = proved_to_add(services, by, role)
        password = new_password(name, password)
        services.accounts.add(name, role, password, by=by, must_change=True)
        click.echo(f"added {name} as {role}; the password is {_CHANGES}")

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
    @BY
    def password(name: str, password: str | None, by: str | None) -> None:
        """Set another password; every session and token of the account ends.

        It must be changed at the next sign-in, unless one's own is set.
        """
        services = get_services()
        own = by == name
        by = proved(services, by, initial=own)
        password = new_password(name, password)
        services.accounts.set_password(name, password, by=by, must_change=not own)
        click.echo(f"{name} has another password" + ("" if own else f", {_CHANGES}"))

    @group.command()
    @_NAME
    @_ROLE
    @BY
    def role(name: str, role: str, by: str | None) -> None:
        """Give an account another role; its sessions and tokens end at once."""
        services = get_services()
        services.accounts.set_role(name, role, by=proved(services, by))
        click.echo(f"{name} is {role}")

    @group.command()
    @_NAME
    @BY
    def disable(name: str, by: str | None) -> None:
        """Let an account sign in no longer; its sessions and tokens end at once."""
        services = get_services()
        services.accounts.set_enabled(name, False, by=proved(services, by))
        click.echo(f"{name} is disabled")

    @group.command()
    @_NAME
    @BY
    def enable(name: str, by: str | None) -> None:
        """Let an account sign in again."""
        services = get_services()
        services.accounts.set_enabled(name, True, by=proved(services, by))
        click.echo(f"{name} is enabled")
