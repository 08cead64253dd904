"""Migrations: what is stored comes through, and their end is the schema that the code expects."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from data.database import Database
from data.migrate import configuration, upgrade
from data.schema import metadata


def _downgrade(database: Database, revision: str) -> None:
    config = configuration()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def test_the_migrations_lead_to_the_schema(database: Database) -> None:
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_reserve_that_nobody_set_becomes_the_unit_s(database: Database) -> None:
    _downgrade(database, "0001")
    with database.writing() as connection:
        for name, reserve in (("live", 1), ("none", 0), ("two", 2)):
            connection.exec_driver_sql(
                "INSERT INTO operations (id, kind, title, opened_at, reserve_minimum) "
                f"VALUES ('{name}', 'exercise', 't', 0, {reserve})"
            )
        connection.exec_driver_sql(
            "INSERT INTO platoons (id, operation, callsign, kind, strength) "
            "VALUES ('p1', 'two', 'P', 'support', 30)"
        )
    upgrade(database)
    with database.writing() as connection:
        found = connection.exec_driver_sql("SELECT id, reserve_minimum FROM operations ORDER BY id")
        assert [tuple(row) for row in found] == [("live", None), ("none", 0), ("two", 2)]
        connection.exec_driver_sql(
            "INSERT INTO operations (id, kind, title, opened_at) VALUES ('new', 'exercise', 't', 0)"
        )
