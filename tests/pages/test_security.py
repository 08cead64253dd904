"""The security log as its readers see it, and in words why others do not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from app import create_app
from domain.access.security import NewSecurityEvent
from pages.plain import plain
from pages.security import layout, table
from services.container import Services, services_of
from settings import Settings

ACCOUNTS = {"admin": "ADMIN", "review": "AUDITOR", "duty": "FPU_DUTY"}


@pytest.fixture
def server(database_url: str) -> Iterator[Flask]:
    made = create_app(Settings(database_url=database_url))
    services = services_of(made.extensions)
    for name, role in ACCOUNTS.items():
        services.accounts.add(name, role, name, minimum=1)
        services.accounts.issue_token(name, token=f"demo-{name}")
    services.roster.ensure_live(services.clock())
    yield made
    services.close()


def shown(server: Flask, name: str, language: str = "en", **asked: str) -> str:
    """What the table says to the account ``name``."""
    bearer = {"Authorization": f"Bearer demo-{name}"}
    with server.test_request_context("/security", headers=bearer):
        server.preprocess_request()
        said = plain(table(services_of(server.extensions), language, asked))
        server.do_teardown_request()
    return said


def _record(services: Services, **more: object) -> None:
    event = NewSecurityEvent("sign_in", "refused", services.clock(), **more)  # type: ignore[arg-type]
    services.security.record(event)


def test_what_repeats_has_its_number_and_scripts_are_text(server: Flask) -> None:
    services = services_of(server.extensions)
    _record(services, count=12_345, address="192.0.2.7", route="/<img onerror=alert(1)>")
    said = shown(server, "admin")
    assert "refused ×\u00a012,345" in said
    assert '"/<img onerror=alert(1)>"' in said  # a text node of JSON, never markup
    assert "account added" in said
    assert "odmówiono" in shown(server, "review", "pl", kind="sign_in")
    assert "192.0.2.7" not in shown(server, "review", address="192.0.2.8")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"from": "yesterday"}, "From: write a UTC time like 2026-12-01T00:00Z."),
        ({"address": "x"}, "Address: write an IPv4 or IPv6 address."),
        ({"kind": "x"}, "Clear the filters."),
        ({"account": "nobody"}, "Nothing that fits these filters."),
    ],
)
def test_a_filter_that_cannot_be_is_told(server: Flask, asked: dict[str, str], words: str) -> None:
    assert words in shown(server, "admin", **asked)


def test_other_roles_are_shown_nothing_of_it(server: Flask) -> None:
    name = "duty"
    services = services_of(server.extensions)
    bearer = {"Authorization": f"Bearer demo-{name}"}
    with server.test_request_context("/security", headers=bearer):
        server.preprocess_request()
        screen = repr(layout(services, {}))
        server.do_teardown_request()
    assert "account added" not in screen
    assert "is for ADMIN and AUDITOR" in shown(server, name)


def test_a_page_that_is_full_leads_on(server: Flask) -> None:
    services = services_of(server.extensions)
    for number in range(130):
        _record(services, address=f"10.0.0.{number % 100}")
    first = shown(server, "admin", kind="sign_in")
    assert "Lines: 130" in first
    place = first.split("place=")[1].split('"')[0]
    second = shown(server, "admin", kind="sign_in", place=place)
    assert "place=" not in second
    assert "Newest" in second
    assert second.count('["tr"') == 31
