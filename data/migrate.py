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
    config = configuration()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return current_revision(connection) or ""


def is_current(database: Database) -> bool:
    """Whether the database has the schema that this code expects."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    with database.reading() as connection:
        return current_revision(connection) == head


def current_revision(connection: Connection) -> str | None:
    """The revision that the database is at, None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def configuration() -> Config:
    """Alembic's configuration without a file of its own."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    return config
