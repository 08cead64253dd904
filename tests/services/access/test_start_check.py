"""Production is not served with what everybody can sign in with, and one command takes it away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from click.testing import Result
from flask import Flask

from app import create_app
from data.database import Database
from domain.errors import NotSignedIn
from services.access.demonstration_accounts import (
    DEMONSTRATION_ACCOUNTS,
    seed_demonstration_accounts,
)
from services.container import Services, services_of
from settings import Settings
from tests.conftest import ONLY_SQLITE

Run = Callable[..., Result]


@pytest.fixture
def production(database_url: str) -> Iterator[Flask]:
    """In production, on a database in which the demonstration was."""
    settings = Settings(database_url=database_url)
    before = services_of(create_app(settings).extensions)
    seed_demonstration_accounts(before.accounts)
    before.roster.add_device("fpu-test", "fpu-test")
    before.roster.add_device("sokol-1", "a random key of its own")
    before.accounts.add("anna", "FPU_DUTY", "a long enough password")
    before.close()
    made = create_app(replace(settings, profile="production", secret_key="s", trusted_proxy="::1"))
    yield made
    services_of(made.extensions).close()


@pytest.fixture
def services(production: Flask) -> Services:
    return services_of(production.extensions)


@pytest.fixture
def run(production: Flask) -> Run:
    runner = production.test_cli_runner()
    return lambda *words, input="": runner.invoke(args=[*words], input=input)


@ONLY_SQLITE
@pytest.mark.parametrize("words", [("serve",), ("feeds", "cot"), ("feeds", "mqtt")])
def test_no_way_of_serving_starts(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == 1
    for named in (*DEMONSTRATION_ACCOUNTS, "fpu-test", "remove-demonstration"):
        assert named in result.output
    assert "sokol-1" not in result.output
    assert "anna" not in result.output


@ONLY_SQLITE
def test_a_server_of_another_make_answers_nothing(production: Flask, services: Services) -> None:
    stranger = production.test_client()
    for path in ("/sign-in", "/", "/api/v1/operations"):
        answer = stranger.get(path, headers={"Authorization": "Bearer demo-duty"})
        assert answer.status_code == 503
        assert "duty" not in answer.text
    assert stranger.get("/healthz").status_code == 200
    services.demonstration_credentials.remove()
    assert stranger.get("/sign-in").status_code == 200


def test_the_command_takes_it_all_away_and_may_be_repeated(
    run: Run, services: Services, database: Database
) -> None:
    services.accounts.set_role("duty", "FPU_CMD")
    services.accounts.set_password("commander", "a password of its own")
    services.accounts.set_enabled("wall", False)
    session = services.accounts.sign_in("ops", "ops", "192.0.2.1").secret
    first = run("users", "remove-demonstration")
    assert first.exit_code == 0, first.output
    assert "commander: disabled" not in first.output
    assert "device fpu-test" in first.output
    for name in DEMONSTRATION_ACCOUNTS:
        assert services.accounts.by_token(f"demo-{name}") is None
        if name != "commander":
            services.accounts.set_enabled(name, True)
        with pytest.raises(NotSignedIn):
            services.accounts.sign_in(name, name, f"192.0.2.{len(name)}")
    assert services.accounts.by_session(session) is None
    assert services.accounts.sign_in("commander", "a password of its own", "192.0.2.1")
    device = services.roster.find("fpu-test")
    assert device is not None
    assert not device.enabled
    assert "nothing of the demonstration" in run("users", "remove-demonstration").output
    assert not services.start_check.look()
    assert run("log", "verify").exit_code == 0


@ONLY_SQLITE
def test_what_is_disabled_counts_since_it_can_be_enabled(services: Services) -> None:
    for name in DEMONSTRATION_ACCOUNTS:
        services.accounts.set_enabled(name, False)
    services.roster.enable_device("fpu-test", False)
    found = services.start_check.look()
    assert set(found.accounts) == set(DEMONSTRATION_ACCOUNTS)
    assert found.devices == ["fpu-test"]


@ONLY_SQLITE
def test_the_demonstration_itself_is_served_and_keeps_its_accounts(database_url: str) -> None:
    made = create_app(Settings(database_url=database_url))
    services = services_of(made.extensions)
    seed_demonstration_accounts(services.accounts)
    assert not services.start_check.look()
    assert made.test_client().get("/sign-in").status_code == 200
    refused = made.test_cli_runner().invoke(args=["users", "remove-demonstration"])
    assert refused.exit_code == 1
    assert services.accounts.by_token("demo-duty") is not None
    services.close()
