"""The demonstration in a database of its own, for a server that is started over it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask.testing import FlaskCliRunner

from app import create_app
from services.container import services_of
from settings import Settings


@contextmanager
def demonstration(path: Path) -> Iterator[FlaskCliRunner]:
    """Load it into a new database at ``path``; gives what runs further commands there."""
    server = create_app(Settings(database_url=f"sqlite:///{path}"))
    runner = server.test_cli_runner()
    assert runner.invoke(args=["db", "upgrade"]).exit_code == 0
    assert runner.invoke(args=["exercise", "load", "demo"]).exit_code == 0
    yield runner
    services_of(server.extensions).close()
