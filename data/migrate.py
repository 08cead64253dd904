"""Bring a database to the newest schema, and tell whether it is there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from data.database import Database

_FOLDER = Path(__file__).parent / "migrations"


def upgrade(database: Database) -> str:
    """Run every migration that is missing; returns the revision reached."""
    with database.writing() as connection:
        return upgrade_within(connection)


def upgrade_within(connection: Connection) -> str:
    """The same in the caller's write transaction."""
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return current_revision(connection) or ""


def is_current(database: Database) -> bool:
    """Whether the database has the schema that this code expects."""
    with database.reading() as connection:
        return current_revision(connection) == head()


def head() -> str:
    """The newest revision that this code knows."""
    return ScriptDirectory.from_config(configuration()).get_current_head() or ""


def current_revision(connection: Connection) -> str | None:
    """The revision that the database is at, None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def knows(revision: str) -> bool:
    """Whether this code has a migration of that name: an older database can be brought here."""
    scripts = ScriptDirectory.from_config(configuration()).walk_revisions()
    return revision in {script.revision for script in scripts}


def configuration() -> Config:
    """Alembic's configuration without a file of its own."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    return config
