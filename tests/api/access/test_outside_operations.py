"""Refused messages that belong to no operation: for those who have rights outside exercises."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import dash
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from domain.access.rights import Act, Data, may
from domain.fixes import Report
from pages.strings import text
from services.container import services_of
from settings import Settings
from tests.api.access.rights_world import EXCON_ROOM, ROLES, addresses, callback_bodies, fill

DEMO = f"/api/v1/operations/{EXCON_ROOM}/quarantine"
PLACE = (42.612345, 20.812345)
RAW = "of-a-patrol-before-its-shift"
TABLES = "quarantine-tables"


@pytest.fixture
def server(seeded_template: Path, tmp_path: Path) -> Any:
    path = tmp_path / "outside.db"
    path.write_bytes(seeded_template.read_bytes())
    made = create_app(Settings(database_url=f"sqlite:///{path}"))
    made.test_client().get("/healthz")
    yield made
    services_of(made.extensions).close()


@pytest.fixture
def entries(server: Flask) -> list[int]:
    """Three entries of a device that is assigned to ``live`` only later."""
    services = services_of(server.extensions)
    now = services.clock().replace(microsecond=0)
    services.roster.add_device("early", "key")
    for minutes in (1, 2, 3):
        at = now - timedelta(minutes=minutes)
        report = Report("early", at, *PLACE, None, None, None, None, None, None, {})
        services.ingest.accept("osmand", [report], RAW.encode(), now)
    listed = services.quarantine.listing(EXCON_ROOM, "FPU_DUTY", unassigned=True)
    return [one["id"] for one in listed["items"]]


def _client(server: Flask, role: str) -> FlaskClient:
    client = server.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer demo-{ROLES[role]}"
    return client


@pytest.mark.parametrize("role", ROLES)
def test_who_sees_and_decides_what_is_of_no_operation(
    server: Flask, entries: list[int], role: str
) -> None:
    client, (first, second, third) = _client(server, role), entries
    outside = role != "EXCON"
    sees = may(role, Act.SEE, Data.QUARANTINE) and outside
    listed = client.get(f"{DEMO}?unassigned=1")
    assert (listed.status_code == 200) is sees
    assert (RAW in listed.text) is (sees and may(role, Act.SEE, Data.RAW))
    looked = client.get(f"{DEMO}/{first}")
    assert (looked.status_code == 200) is (outside and may(role, Act.SEE, Data.RAW))
    decides = may(role, Act.CHANGE, Data.QUARANTINE) and outside
    one = client.post(f"{DEMO}/{first}/discard", json={"reason": "try"})
    assert (one.status_code == 200) is decides
    many = client.post(f"{DEMO}/discard", json={"entries": [second], "reason": "try"})
    assert (many.status_code == 200) is decides
    for what in ("shift", "shift/preview", "accept"):
        sent = {"entries": [third], "offset_s": 60, "reason": "try"}
        told = client.post(f"{DEMO}/{what}", json=sent)
        if told.status_code == 200 and not outside:
            assert [one["why"] for one in told.json["entries"]] == ["unknown"]
            assert "early" not in told.text
    for what in ("accept", "correct"):
        sent = {"reason": "try", "unit": "demo-p1", "latitude": 42.6, "longitude": 20.9}
        assert client.post(f"{DEMO}/{third}/{what}", json=sent).status_code >= 400
    still = services_of(server.extensions).quarantine
    opened = still.listing(EXCON_ROOM, "FPU_DUTY", unassigned=True, decided=False)["items"]
    assert len(opened) == (1 if decides else 3)


def test_the_screen_of_exercise_control_has_no_place_for_it(
    server: Flask, entries: list[int]
) -> None:
    world = fill(services_of(server.extensions))
    heading = text("quarantine.unassigned")
    for role, there in (("EXCON", False), ("FPU_DUTY", True)):
        told = ""
        for output, body in callback_bodies(dash.get_app(), world, EXCON_ROOM):
            if "_pages_content" in output:
                body["inputs"][0]["value"] = "/quarantine"
            elif TABLES not in output:
                continue
            told += _client(server, role).post("/_dash-update-component", json=body).text
        assert told
        assert (heading in told) is there, role
        assert (RAW in told) is there, role


def test_exercise_control_is_told_nothing_of_it_anywhere(server: Flask, entries: list[int]) -> None:
    """By no address that reads, and under no number."""
    world = fill(services_of(server.extensions))
    client = _client(server, "EXCON")
    paths = {path for _, method, path in addresses(server, world, EXCON_ROOM) if method == "GET"}
    paths |= {f"{DEMO}/{number}" for number in entries}
    tried = 0
    for path in sorted(paths):
        if path == "/live" or path.startswith(("/map/", "/assets/", "/sign-out")):
            continue
        with client.get(path) as answer:
            told = answer.get_data()
        assert RAW.encode() not in told, path
        assert b"42.612" not in told, path
        tried += 1
    assert tried > 20
