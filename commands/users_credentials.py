"""``flask users``: tokens, sessions, and what everybody can sign in with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import click

from commands.group import Group
from commands.users_proof import BY, HasAccounts, new_password, proved
from domain.access.sessions import LONGEST_TOKEN_DAYS, TOKEN_DAYS, KeptToken
from domain.time import to_rfc3339
from services.access.accounts import Accounts

_NAME = click.argument("name")
Services = Callable[[], HasAccounts]


def add_token_commands(group: Group, get_services: Services) -> None:
    """Issue, list and revoke bearer tokens."""

    @group.command()
    @_NAME
    @click.option("--for", "--note", "purpose", required=True, help="What the token is for.")
    @click.option(
        "--days",
        type=click.IntRange(1, LONGEST_TOKEN_DAYS),
        default=TOKEN_DAYS,
        show_default=True,
        help="How long it is good.",
    )
    @BY
    def token(name: str, purpose: str, days: int, by: str | None) -> None:
        """Issue a bearer token; it is shown once."""
        services = get_services()
        by = proved(services, by)
        click.echo(services.accounts.issue_token(name, purpose, by=by, days=days))

    @group.command()
    @click.argument("name", required=False)
    def tokens(name: str | None) -> None:
        """List the tokens of an account, or of everybody: what for, by whom, until when."""
        for one in get_services().credentials.tokens(name):
            click.echo(_line(one))

    @group.command("revoke-token")
    @click.argument("identifier", metavar="ID")
    @BY
    def revoke_token(identifier: str, by: str | None) -> None:
        """Revoke one bearer token, by the id that the list shows."""
        services = get_services()
        revoked = services.credentials.revoke_token(identifier, by=proved(services, by))
        click.echo(f"revoked {revoked.id} of {revoked.account.name}: {revoked.purpose}")

    @group.command("revoke-tokens")
    @_NAME
    @BY
    def revoke_tokens(name: str, by: str | None) -> None:
        """Revoke every bearer token of an account."""
        services = get_services()
        count = services.accounts.revoke_tokens(name, by=proved(services, by))
        click.echo(f"revoked {count}")


def add_session_commands(group: Group, get_services: Services) -> None:
    """End sessions."""

    @group.command("end-sessions")
    @click.argument("name", required=False)
    @click.option("--all", "everybody", is_flag=True, help="Those of every account.")
    @BY
    def end_sessions(name: str | None, everybody: bool, by: str | None) -> None:
        """End every session of an account, or of everybody; passwords stay."""
        if (name is None) != everybody:
            raise click.UsageError("name an account, or give --all")
        services = get_services()
        by = proved(services, by)
        if name is not None:
            click.echo(f"{name}: {services.credentials.end_sessions(name, by=by)} ended")
            return
        counts = services.credentials.end_every_session(by=by)
        for account, count in counts.items():
            click.echo(f"{account}: {count} ended")
        click.echo(f"sessions ended: {sum(counts.values())}")


def add_rescue_commands(group: Group, get_services: Services) -> None:
    """What only the machine itself can do."""

    @group.command()
    @_NAME
    @click.option("--password", help="Asked for when it is not given.")
    def recover(name: str, password: str | None) -> None:
        """Give an administrator who lost the password another one, without --by.

        For whoever has this machine and nobody else. It is recorded as done on the command line,
        the account's sessions and tokens end, and the password must be changed at the next sign-in.
        """
        accounts = get_services().accounts
        _check_administrator(accounts, name)
        accounts.set_password(name, new_password(name, password), must_change=True)
        accounts.set_enabled(name, True)
        click.echo(f"{name} has another password, to be changed at the next sign-in")

    @group.command("remove-demonstration")
    def remove_demonstration() -> None:
        """Take away what everybody can sign in with: the demonstration's accounts, tokens, devices.

        Accounts whose password is their name are disabled and get one that nobody knows; the log
        goes on telling of them. An account of such a name with a password of its own stays.
        """
        services = get_services()
        if services.demonstration:
            raise click.ClickException(
                "this is the demonstration's profile, whose start adds them again:"
                " set FPU_PROFILE=production"
            )
        found = services.demonstration_credentials.remove()
        for name in found.accounts:
            click.echo(f"{name}: disabled, and no password opens it; its sessions and tokens ended")
        for name in found.tokens:
            click.echo(f"{name}: the tokens are revoked")
        for device in found.devices:
            click.echo(f"device {device}: disabled, and another key")
        if not found:
            click.echo("there is nothing of the demonstration that opens anything")


def _check_administrator(accounts: Accounts, name: str) -> None:
    role = next((one.role for one in accounts.accounts() if one.name == name), None)
    if role is None:
        raise click.ClickException(f"there is no account {name!r}")
    if role != "ADMIN":
        raise click.ClickException(
            f"{name} is {role}: an administrator sets the password (flask users password)"
        )


def _line(token: KeptToken) -> str:
    until = "does not expire" if token.expires_at is None else f"until {_time(token.expires_at)}"
    parts = [
        token.id,
        f"{token.account.name:<16}",
        f"issued {_time(token.issued_at)} by {token.issued_by or 'nobody named'}",
        until,
        "never used" if token.used_at is None else f"last used {_time(token.used_at)}",
        *([] if token.revoked_at is None else [f"REVOKED {_time(token.revoked_at)}"]),
        token.purpose or "(no purpose told)",
    ]
    return "  ".join(parts)


def _time(moment: datetime) -> str:
    return to_rfc3339(moment.replace(microsecond=0))
