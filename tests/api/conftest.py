"""The whole application over a real database file, with the demonstration's accounts."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from domain.roster import Operation
from services.access.demonstration_accounts import seed_demonstration_accounts
from services.container import Services, services_of
from settings import Settings


@pytest.fixture(scope="session")
def seeded_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with accounts and the operation ``demo``, made once and copied for each test."""
    path = tmp_path_factory.mktemp("seeded") / "seeded.db"
    shutil.copyfile(sqlite_template, path)
    server = create_app(Settings(database_url=f"sqlite:///{path}"))
    services = services_of(server.extensions)
    seed_demonstration_accounts(services.accounts)
    services.roster.ensure_live(services.clock())
    services.roster.add(Operation("demo", "exercise", "Demonstration", services.clock()))
    services.close()
    return path


@pytest.fixture
def settings(seeded_template: Path, tmp_path: Path) -> Settings:
    """Settings of the demonstration over a database of this test's own."""
    path = tmp_path / "dashboard.db"
    shutil.copyfile(seeded_template, path)
    return Settings(database_url=f"sqlite:///{path}")


@pytest.fixture
def make_app(settings: Settings) -> Iterator[Callable[[Settings], Flask]]:
    """Makes applications that are closed after the test."""
    made: list[Flask] = []

    def make(wanted: Settings) -> Flask:
        made.append(create_app(wanted))
        return made[-1]

    yield make
    for server in made:
        services_of(server.extensions).close()


@pytest.fixture
def server(make_app: Callable[[Settings], Flask], settings: Settings) -> Flask:
    """The application."""
    return make_app(settings)


@pytest.fixture
def services(server: Flask) -> Services:
    """The joined services of ``server``."""
    return services_of(server.extensions)


@pytest.fixture
def stranger(server: Flask) -> FlaskClient:
    """A browser in which nobody is signed in."""
    return server.test_client()


@pytest.fixture
def sign_in(server: Flask) -> Callable[[str], FlaskClient]:
    """A browser in which the demonstration account of that name is signed in."""

    def signed_in(name: str) -> FlaskClient:
        browser = server.test_client()
        answer = browser.post("/sign-in", data={"name": name, "password": name})
        assert answer.status_code == 303
        return browser

    return signed_in


@pytest.fixture
def duty(sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    """The shift commander's browser."""
    return sign_in("duty")


BEARER = {"Authorization": "Bearer demo-duty"}
"""What a program of the shift commander sends."""
