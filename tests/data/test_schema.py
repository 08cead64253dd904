"""The migrations lead to the tables that the code speaks of."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from data.database import Database
from data.migrate import is_current
from data.schema import metadata


def test_the_migrations_make_the_schema(database: Database) -> None:
    assert is_current(database)
    with database.reading() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, metadata)
    assert differences == []


def test_the_first_event_of_each_incident_has_an_index(database: Database) -> None:
    with database.reading() as connection:
        found = {one["name"]: one for one in inspect(connection).get_indexes("events")}
    reported = found["ix_events_reported"]
    assert reported["column_names"] == ["operation", "chain_seq"]
    assert any(key.endswith("_where") for key in reported["dialect_options"])
