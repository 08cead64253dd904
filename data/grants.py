"""On PostgreSQL: rights for an account that runs the program and owns nothing.

The owner of a table may switch its triggers off. An account that only uses the tables cannot: it
adds events and decisions and reads them; every other change of these is refused before a trigger is
asked.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from data.database import Database
from data.schema import metadata
from domain.errors import DashboardError, InvalidField

FINAL = ("events", "quarantine_decisions", "system_events")
"""The tables that are only added to."""

DROPPED = ("security_events",)
"""Added to, and old segments deleted as the triggers allow it."""

_VERSION = "alembic_version"
_OF_ACCOUNT = text(
    "SELECT account.rolsuper OR account.rolcreaterole OR account.rolreplication"
    " OR pg_has_role(account.oid, log.relowner, 'MEMBER')"
    # who owns the schema may drop what is in it
    " OR pg_has_role(account.oid, place.nspowner, 'MEMBER') AS powerful"
    " FROM pg_roles AS account, pg_class AS log"
    " JOIN pg_namespace AS place ON place.oid = log.relnamespace"
    " WHERE account.rolname = :account AND log.oid = to_regclass('events')"
)
_GRANTED = text(
    "SELECT DISTINCT CAST(account.rolname AS text) FROM pg_class AS log"
    " CROSS JOIN LATERAL aclexplode(log.relacl) AS given"
    " JOIN pg_roles AS account ON account.oid = given.grantee"
    " WHERE log.oid = to_regclass('events') AND given.privilege_type = 'INSERT'"
    " AND given.grantee <> log.relowner ORDER BY 1"
)


class NotServed(DashboardError):
    """The database is a file; whoever may write the file may do everything with it."""

    title = "No accounts"


def grant(database: Database, account: str) -> None:
    """Give ``account`` what the program needs, and take from it whatever else it had here.

    Raises ``NotServed`` for SQLite and ``InvalidField`` for an account that is missing or would
    have the rights of the owner all the same.
    """
    if database.dialect != "postgresql":
        raise NotServed("SQLite has no accounts: whoever may write the file may do everything")
    with database.writing() as connection:
        grant_within(connection, account)


def grant_within(connection: Connection, account: str) -> None:
    """The same in the caller's write transaction, for the tables that its search path finds."""
    _check(connection, account)
    for statement in _statements(connection, account):
        connection.exec_driver_sql(statement)


def accounts_granted(connection: Connection) -> list[str]:
    """The accounts that ``grant`` has let in: they add to the log and do not own it."""
    return list(connection.scalars(_GRANTED))


def _check(connection: Connection, account: str) -> None:
    powerful = connection.scalar(_OF_ACCOUNT, {"account": account})
    if powerful is None:
        raise InvalidField(
            "account", f"there is no account {account!r}, or no schema yet (flask db upgrade)"
        )
    if powerful:
        raise InvalidField(
            "account", f"{account!r} has the owner's rights or more: name one that has none"
        )


def _statements(connection: Connection, account: str) -> list[str]:
    quote = connection.dialect.identifier_preparer.quote_identifier
    schema = quote(str(connection.scalar(text("SELECT current_schema()"))))
    to = quote(account)
    final = ", ".join(f"{schema}.{quote(name)}" for name in FINAL)
    dropped = ", ".join(f"{schema}.{quote(name)}" for name in DROPPED)
    names = sorted(metadata.tables.keys() - {*FINAL, *DROPPED})
    others = ", ".join(f"{schema}.{quote(name)}" for name in names)
    return [
        f"REVOKE ALL ON SCHEMA {schema} FROM {to}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {to}",
        f"REVOKE ALL ON {final}, {dropped}, {schema}.{quote(_VERSION)} FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA {schema} TO {to}",
        f"GRANT SELECT, INSERT ON {final} TO {to}",
        f"GRANT SELECT, INSERT, DELETE ON {dropped} TO {to}",
        f"GRANT SELECT ON {schema}.{quote(_VERSION)} TO {to}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {others} TO {to}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {to}",
    ]
