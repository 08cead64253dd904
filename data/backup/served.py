"""Backups of a database on PostgreSQL, and putting one back.

A restore first brings the dump into a schema of its own, beside what is there, and then lets the
two change names, in one transaction: killed at any time, it leaves the old data or the new.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, text

from data.backup.contents import known_revision, revision_of
from data.backup.embedded_copy import Progress
from data.backup.files import (
    BackupRefused,
    as_refusal,
    first_bytes,
    publish,
    refuse_taken,
    sha256_of,
    unfinished,
)
from data.backup.putting_in_service import Restored, put_in_service
from data.backup.served_tools import Tools
from data.database import Database
from data.grants import accounts_granted, grant_within
from data.schema import metadata

_STAGED = "restoring"
_ENTRY = re.compile(r"\d+; \d+ \d+ (TABLE DATA|TABLE|SCHEMA|ACL|[A-Z ]+?) (\S+) (\S+)")
_VERSION = "alembic_version"
_OTHERS = text(
    "SELECT DISTINCT usename || ' (' || coalesce(nullif(application_name, ''), 'no name') || ')'"
    " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)
_TABLES = text(
    "SELECT CAST(relname AS text) FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f')"
    " AND relnamespace = CAST(:schema AS regnamespace) ORDER BY 1"
)
_SCHEMAS = text("SELECT CAST(nspname AS text) FROM pg_namespace")


class ServedBackups:
    """Of the database at ``url``; methods raise ``BackupRefused`` and ``StoreUnavailable``."""

    def __init__(self, url: str) -> None:
        self._url = url
        with closing(Database(url)) as database:
            self._tools = Tools(database.url)

    def backup(self, path: Path, progress: Progress) -> str:
        """Write all that is stored when this begins to ``path``; the revision of its schema."""
        with as_refusal(path):
            refuse_taken(path)
            with self._reading() as connection:
                revision_of(connection, "the database")
                schema = _schema(connection)
            dump = ("pg_dump", "--format=custom", "--compress=1", f"--schema={_quoted(schema)}")
            self._tools.require(*dump, f"--file={path.absolute()}")
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            progress("pg_dump", 0, 1)
            with unfinished(path) as copy:
                self._tools.run_here(*dump, f"--file={copy}")
                revision = self.check(copy)
                publish(copy, path)
            progress("pg_dump", 1, 1)
            return revision

    def check(self, path: Path) -> str:
        """Read a dump to its end; the revision of its schema."""
        with as_refusal(path):
            _refuse_foreign(path)
            listed = _entries(self._tools.run("pg_restore", "--list", str(path)))
            if (names := {name for kind, _, name in listed if kind == "TABLE"}) and not (
                {"events", "system_events", _VERSION} <= names
            ):
                raise BackupRefused(f"{path} is no backup of this product: it has other tables")
            self._tools.run("pg_restore", "--file=/dev/null", str(path))
            return known_revision(self._revision(path), str(path))

    def refuse_used(self) -> bool:
        """Whether there is anything that a restore would replace; refused while it is in use."""
        with self._reading() as connection:
            _refuse_in_use(connection)
            return bool(connection.scalars(_TABLES, {"schema": _schema(connection)}).first())

    def restore(self, path: Path, at: datetime, progress: Progress) -> Restored:
        """Put the dump into the place of what is there, which stays as a schema of its own."""
        with as_refusal(path):
            revision = self.check(path)
            origin = {"revision": revision, "sha256": sha256_of(path)}
            with self._reading() as connection:
                schema, names = _schema(connection), set(connection.scalars(_SCHEMAS))
                _refuse_in_use(connection)
                _refuse_others(connection, schema)
            kept = _free_name(names)
            progress("restoring", 0, 2)
            self._stage(path, schema, kept, again=_STAGED in names)
            progress("restoring", 1, 2)
            restored = self._swap(schema, kept, at, origin)
            progress("restoring", 2, 2)
            return restored

    def _stage(self, path: Path, schema: str, kept: str, *, again: bool) -> None:
        """The dump into the schema ``restoring``, in one transaction of psql."""
        home, aside, staged = _quoted(schema), _quoted(kept), _quoted(_STAGED)
        removal = f"DROP SCHEMA {staged} CASCADE;\n" if again else ""
        # a dump names its schema, so the one that is there goes aside meanwhile; nobody sees it
        before = f"BEGIN;\n{removal}ALTER SCHEMA {home} RENAME TO {aside};\nCREATE SCHEMA {home};\n"
        after = (
            f"\nALTER SCHEMA {home} RENAME TO {staged};\nALTER SCHEMA {aside} RENAME TO {home};\n"
            "COMMIT;\n"
        )
        with tempfile.NamedTemporaryFile("w", suffix=".list") as wanted:
            wanted.write(self._wanted(path, schema))
            wanted.flush()
            self._tools.feed(
                before,
                (
                    "pg_restore",
                    "--no-owner",
                    "--no-privileges",
                    "--exit-on-error",
                    f"--use-list={wanted.name}",
                    "--file=-",
                    str(path),
                ),
                after,
                "psql",
                "--no-psqlrc",
                "--quiet",
                "--output=/dev/null",
                "--set=ON_ERROR_STOP=1",
                "--file=-",
            )

    def _wanted(self, path: Path, schema: str) -> str:
        """The list of contents without the schema itself, which is made before."""
        said = self._tools.run("pg_restore", "--list", str(path))
        found = _entries(said)
        other = {place for kind, place, _ in found if kind == "TABLE" and place != schema}
        if other:
            raise BackupRefused(
                f"{path} is of the schema {', '.join(sorted(other))}, and this database uses "
                f"{schema}: set search_path in the address, or restore into another database"
            )
        lines = [
            line
            for line in said.splitlines()
            if not (match := _ENTRY.match(line)) or (match[1], match[2]) != ("SCHEMA", "-")
        ]
        return "\n".join(line for line in lines if " COMMENT - SCHEMA " not in line) + "\n"

    def _swap(self, schema: str, kept: str, at: datetime, origin: dict[str, str]) -> Restored:
        with closing(Database(self._url)) as database, database.writing() as connection:
            _refuse_in_use(connection)
            accounts = accounts_granted(connection)
            connection.exec_driver_sql(f"SET LOCAL search_path TO {_quoted(_STAGED)}")
            restored = replace(put_in_service(connection, at, origin), kept=f"the schema {kept}")
            for account in accounts:
                grant_within(connection, account)
            for old, new in ((schema, kept), (_STAGED, schema)):
                connection.exec_driver_sql(f"ALTER SCHEMA {_quoted(old)} RENAME TO {_quoted(new)}")
            if not _tables(connection, kept):
                connection.exec_driver_sql(f"DROP SCHEMA {_quoted(kept)}")
                return replace(restored, kept=None)
            return restored

    def _revision(self, path: Path) -> str | None:
        said = self._tools.run(
            "pg_restore", "--data-only", f"--table={_VERSION}", "--file=-", str(path)
        )
        lines = said.splitlines()
        begin = next((n for n, line in enumerate(lines) if line.startswith("COPY ")), None)
        return None if begin is None or lines[begin + 1] == "\\." else lines[begin + 1]

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with closing(Database(self._url)) as database, database.reading() as connection:
            yield connection


def _schema(connection: Connection) -> str:
    found: str | None = connection.scalar(text("SELECT CAST(current_schema() AS text)"))
    if found is None:
        raise BackupRefused("the schema of the search path is not there: create it first")
    return found


def _refuse_foreign(path: Path) -> None:
    if not path.is_file():
        raise BackupRefused(f"there is no file {path}")
    begin = first_bytes(path)
    if begin.startswith(b"SQLite format 3"):
        raise BackupRefused(f"{path} is of SQLite, and this database is of PostgreSQL")
    if not begin.startswith(b"PGDMP"):
        raise BackupRefused(f"{path} is no backup of this product: no dump in the custom format")


def _refuse_in_use(connection: Connection) -> None:
    others = list(connection.scalars(_OTHERS))
    if others:
        raise BackupRefused(
            f"the database is in use by {', '.join(sorted(others))}: stop the server and all "
            "else first; nothing was changed"
        )


def _refuse_others(connection: Connection, schema: str) -> None:
    """Where something else lives in the same schema, it would go away with it."""
    ours = {*metadata.tables, _VERSION}
    strange = [name for name in _tables(connection, schema) if name not in ours]
    if strange:
        raise BackupRefused(
            f"the schema {schema} also holds {', '.join(strange)}, which is not of this version: "
            "nothing was changed"
        )


def _tables(connection: Connection, schema: str) -> list[str]:
    return list(connection.scalars(_TABLES, {"schema": _quoted(schema)}))


def _entries(listed: str) -> list[tuple[str, str, str]]:
    found = (_ENTRY.match(line) for line in listed.splitlines())
    return [(match[1], match[2], match[3]) for match in found if match]


def _free_name(taken: Sequence[str] | set[str]) -> str:
    number = 1
    while (candidate := f"before_restore_{number}") in taken:
        number += 1
    return candidate


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
