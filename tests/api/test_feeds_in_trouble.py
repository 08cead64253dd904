"""The whole application over a store that does not take anything: 503, and ready says so."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import data.database
from data.database import Database
from data.fix_store import FixStore
from domain.errors import StoreUnavailable
from domain.roster import Unit
from services.container import Services
from settings import Settings


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock is given up after 50 ms instead of ten seconds."""
    monkeypatch.setattr(data.database, "BUSY_MILLISECONDS", 50)
    # one server may serve several tests at a time: these wait for no other's lock
    monkeypatch.setattr(data.database, "_WRITE_LOCK", secrets.randbits(31))


@pytest.fixture
def phone(server: Flask, services: Services) -> FlaskClient:
    since = services.clock() - timedelta(hours=1)
    services.roster.add(Unit("p1", "PAPA 1"))
    services.roster.add_device("phone", "key")
    services.roster.assign_unit("p1", "demo", services.clock())
    services.roster.assign_device("phone", "p1", since)
    return server.test_client()


@pytest.fixture
def other_process(settings: Settings) -> Iterator[Database]:
    with closing(Database(settings.database_url)) as database:
        yield database


def post(phone: FlaskClient, services: Services) -> Any:
    moment = round(services.clock().timestamp() * 1000)
    query = {"id": "phone", "key": "key", "lat": 42.9, "lon": 20.9, "timestamp": moment}
    return phone.get("/feeds/osmand", query_string=query)


def test_nothing_is_acknowledged_and_ready_says_so_until_the_lock_is_gone(
    phone: FlaskClient, services: Services, other_process: Database
) -> None:
    assert post(phone, services).status_code == 200
    with other_process.writing():
        refused = post(phone, services)
        ready = phone.get("/readyz")
        with pytest.raises(StoreUnavailable, match="no position can be stored"):
            services.ready()
    assert (refused.status_code, refused.mimetype) == (503, "application/problem+json")
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.headers["X-Content-Type-Options"] == "nosniff"
    assert refused.headers.getlist("Cache-Control") == ["no-store"]
    assert ready.status_code == 503
    assert ready.get_json(force=True)["detail"] == "not ready", "why is not for strangers"
    assert phone.get("/healthz").status_code == 200
    assert post(phone, services).status_code == 200
    assert phone.get("/readyz").status_code == 200
    hour = timedelta(hours=1)
    now = services.clock()
    assert len(FixStore(other_process).between("demo", "p1", now - hour, now + hour)) == 2


def test_an_open_screen_hears_of_it(
    duty: FlaskClient, phone: FlaskClient, services: Services, other_process: Database
) -> None:
    with duty.get("/live?operation=demo") as answer:
        events = answer.iter_encoded()
        with other_process.writing():
            assert post(phone, services).status_code == 503
            assert any(told.get("refusing") for told in _beats(events))
        assert post(phone, services).status_code == 200
        assert any("refusing" not in told for told in _beats(events))


def _beats(events: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    for block in events:
        lines = dict(line.split(": ", 1) for line in block.decode().splitlines() if line)
        if lines.get("event") == "beat":
            yield json.loads(lines["data"])
