"""Fixtures for every package: real databases, never stand-ins.

SQLite always; PostgreSQL too where ``FPU_TEST_POSTGRES_URL`` names a server on which databases may
be created, for example ``postgresql+psycopg://user@127.0.0.1:5432/postgres``; ``make test`` always
names one.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect, sync_playwright
from sqlalchemy import URL, make_url, text

from data.database import Database
from data.migrate import upgrade
from tests.system_packages import CHROMIUM

# how long examples take, and to make them, says nothing on a machine that has other work
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

PATIENCE_MS = 60_000
"""How long a condition may take in the browser on a slow machine before it counts as not met."""

_CHROMIUM = next(filter(None, map(shutil.which, CHROMIUM)), None)
# Draws without a graphics card, and asks nothing of the network by itself.
_CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]
_SERVER = os.environ.get("FPU_TEST_POSTGRES_URL", "")
_DIALECTS = ["sqlite", "postgresql"] if _SERVER else ["sqlite"]

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ONLY_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""For what the other one does not have."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test in the real browser may be tried once more, and the report counts it.

    The browser draws on the processor that the server and the other tests share; when it starves, a
    click can land between two pictures. A fault of the product fails both times.
    """
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of the newest schema, migrated once and copied for each test."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    database.close()  # the last connection folds the write-ahead log into the one file
    return path


@pytest.fixture(scope="session")
def postgresql_template() -> Iterator[URL]:
    """The same on the server: a database that each test gets a copy of."""
    if not _SERVER:
        pytest.skip("there is no PostgreSQL here: make test brings one")
    with served_database() as empty:
        url = empty.update_query_dict({"options": "-csearch_path=dashboard"})
        database = Database(_address(url))
        with database.engine.begin() as connection:
            connection.execute(text("CREATE SCHEMA dashboard"))
        upgrade(database)
        database.close()  # a database that somebody is connected to is no template
        yield url


@pytest.fixture(params=_DIALECTS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database for one test."""
    if request.param == "sqlite":
        path = tmp_path / "dashboard.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        template = request.getfixturevalue("postgresql_template")
        with served_database(f"TEMPLATE {template.database}") as copy:
            yield _address(copy.set(query=template.query))


@pytest.fixture
def open_database(database_url: str) -> Iterator[Callable[[], Database]]:
    """Opens the test's database once more, as another process would."""
    opened: list[Database] = []

    def another() -> Database:
        opened.append(Database(database_url))
        return opened[-1]

    yield another
    for database in opened:
        database.close()


@pytest.fixture
def database(open_database: Callable[[], Database]) -> Database:
    """A fresh database of the newest schema: SQLite, and PostgreSQL where there is a server."""
    return open_database()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The one browser of a file of tests: a process can drive only one at a time, and as long as
    it does it can run no loop of asyncio, which other tests need."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@contextmanager
def served_database(options: str = "") -> Iterator[URL]:
    """A database of its own on the server, dropped afterwards with whoever is still connected.

    Not a schema of its own: the lock that every writer takes is one for the whole database, so that
    tests that run side by side would wait for each other, and some give up after ten seconds.
    """
    name = f"test_{uuid.uuid4().hex}"
    server = Database(_SERVER)
    engine = server.engine.execution_options(isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} {options}"))
        yield make_url(_SERVER).set(database=name)
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        server.close()


def _address(url: URL) -> str:
    return url.render_as_string(hide_password=False)
