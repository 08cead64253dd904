"""Calls for help of TAK clients over HTTP and TCP: what rings, what is counted, and where."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from api.cot_desk import Arrival, Desk
from app import create_app
from domain.alerts import SAME_CALL, Alert
from domain.events import Actor
from domain.roster import Unit
from domain.time import to_rfc3339
from formats.cot import read
from services.container import Services, services_of
from settings import Settings

KEY = "a key of this test"
DUTY = Actor("duty", "FPU_DUTY", "session")
Say = Callable[..., None]


@pytest.fixture
def server(database_url: str) -> Flask:
    return create_app(Settings(database_url=database_url))


@pytest.fixture
def services(server: Flask) -> Services:
    services = services_of(server.extensions)
    start = services.clock() - timedelta(days=1)
    services.roster.ensure_live(start)
    services.roster.add(Unit("patrol", "SOKOL"))
    services.roster.assign_unit("patrol", "live", start)
    services.roster.add_device("gw-1", KEY)
    services.roster.assign_device("gw-1", "patrol", start)
    return services


@pytest.fixture(params=["http", "tcp"])
def say(request: pytest.FixtureRequest, server: Flask, services: Services) -> Say:
    """Say an event ``seconds`` before now; ``kind`` empty for a plain position."""
    now = services.clock()

    def told(seconds: float, uid: str, kind: str = "b-a-o-tbl") -> None:
        event = _event(now - timedelta(seconds=seconds), uid, kind)
        if request.param == "http":
            known = base64.b64encode(f"gw-1:{KEY}".encode()).decode()
            sent = {"Authorization": f"Basic {known}"}
            answer = server.test_client().post("/feeds/cot", data=event, headers=sent)
            assert answer.status_code == 200
            return
        desk = Desk(services.ingest, services.roster, services.spots)  # as after a restart
        arrival = Arrival("x", None, "gw-1", read([event])[0], services.clock())
        assert desk.write([arrival], (), services.clock()).counts["failed"] == 0
        desk.close()

    return told


def _event(at: datetime, uid: str, kind: str) -> bytes:
    time = to_rfc3339(at)
    kind = kind or "a-f-G"
    link = '<link uid="gw-1" relation="p-p"/>' if uid != "gw-1" else ""
    emergency = f'<emergency type="{kind}"/>' if kind.startswith("b") else ""
    return (
        f'<event version="2.0" uid="{uid}" type="{kind}" how="m-g" time="{time}" start="{time}"'
        f' stale="{time}"><point lat="42.89" lon="20.87" hae="1" ce="5" le="5"/>'
        f"<detail>{link}{emergency}</detail></event>"
    ).encode()


def _alerts(services: Services, only_open: bool = True) -> list[Alert]:
    return services.picture.alerts("live", only_open)


def _take(services: Services) -> None:
    for alert in _alerts(services):
        services.occurrences.acknowledge("live", alert.id, DUTY)


def test_a_second_person_of_the_same_moment_and_place_rings(services: Services, say: Say) -> None:
    say(50, "X1")
    say(50, "X4")
    assert {one.details["uid"] for one in _alerts(services)} == {"X1", "X4"}
    _take(services)
    for uid in ("X1", "X4"):
        say(50, uid)
    assert [one.times for one in _alerts(services, only_open=False)] == [1, 1]
    say(50, "X5")
    assert [one.details["uid"] for one in _alerts(services)] == ["X5"]


def test_what_a_client_repeats_after_it_was_taken_is_counted_and_rings_no_more(
    services: Services, say: Say
) -> None:
    for seconds in (300, 290, 280):
        say(seconds, "X1")
    _take(services)
    for seconds in range(270, 0, -30):
        say(seconds, "X1")
    assert _alerts(services) == []
    (taken,) = _alerts(services, only_open=False)
    assert (taken.times, taken.acknowledged_by) == (12, "duty")
    first, last = (datetime.fromisoformat(one or "") for one in (taken.occurred_at, taken.last_at))
    assert last - first == timedelta(seconds=270)


@pytest.mark.parametrize("between", ["cancelled", "in other words", "long after"])
def test_a_new_press_after_it_was_taken_rings(services: Services, say: Say, between: str) -> None:
    begin = SAME_CALL.total_seconds() + 60
    say(begin, "X1")
    _take(services)
    if between == "cancelled":
        say(begin - 5, "X1", "b-a-o-can")
        assert "taken back" in str(services.picture.log("live")[0])
    kind = "b-a-o-opn" if between == "in other words" else "b-a-o-tbl"
    say(10 if between == "long after" else begin - 10, "X1", kind)
    assert len(_alerts(services)) == 1


@pytest.mark.parametrize("open_before", [True, False])
def test_one_that_comes_late_is_counted_where_one_is_open(
    services: Services, say: Say, open_before: bool
) -> None:
    say(60, "gw-1", "b-a-o-tbl" if open_before else "")
    for seconds in (300, 1200, 1200):  # overtaken by the newer position; too old; and again
        say(seconds, "gw-1")
    lines = [one for one in services.picture.log("live") if "came late" in str(one)]
    assert [one.times for one in _alerts(services)] == ([4] if open_before else [])
    assert len(lines) == (0 if open_before else 2)
