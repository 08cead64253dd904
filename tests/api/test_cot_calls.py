"""Calls for help of TAK clients: whose they are, what is a repeat, and what is a new press."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from api.cot_desk import Arrival, Desk
from app import create_app
from domain.alerts import SAME_CALL, Alert
from domain.events import Actor
from domain.roster import Unit
from domain.time import to_rfc3339
from formats.cot import read
from services.container import Services, services_of
from settings import Settings

DUTY = Actor("duty", "FPU_DUTY", "session")


@pytest.fixture
def services(database_url: str) -> Iterator[Services]:
    services = services_of(create_app(Settings(database_url=database_url)).extensions)
    now = services.clock() - timedelta(hours=1)
    services.roster.ensure_live(now)
    services.roster.add(Unit("patrol", "SOKOL"))
    services.roster.assign_unit("patrol", "live", now)
    for name in ("gateway", "one", "two"):
        services.roster.add_device(name, "key", "knots", "")
        services.roster.assign_device(name, "patrol", now)
    yield services
    services.close()


@pytest.fixture
def say(services: Services) -> Iterator[Callable[..., None]]:
    desk = Desk(services.ingest, services.roster, services.spots)
    began = services.clock() - timedelta(minutes=30)

    def said(
        seconds: float, uid: str, kind: str = "b-a-o-tbl", by: str = "", speaker: str = "gateway"
    ) -> None:
        at = began + timedelta(seconds=seconds)
        event = _event(at, uid, kind, by)
        arrival = Arrival(speaker, None, speaker, read([event])[0], at)
        assert desk.write([arrival], (), at).counts["failed"] == 0

    yield said
    desk.close()


def _event(at: datetime, uid: str, kind: str, by: str) -> bytes:
    link = f'<link uid="{by}" relation="p-p"/>' if by else ""
    time = to_rfc3339(at)
    return (
        f'<event version="2.0" uid="{uid}" type="{kind}" how="m-g" time="{time}" start="{time}"'
        f' stale="{time}"><point lat="42.89" lon="20.87" hae="1" ce="5" le="5"/>'
        f'<detail>{link}<emergency type="{kind}"/></detail></event>'
    ).encode()


def _alerts(services: Services, only_open: bool = True) -> list[Alert]:
    return services.picture.alerts("live", only_open)


def _take(services: Services) -> None:
    for alert in _alerts(services):
        services.occurrences.acknowledge("live", alert.id, DUTY)


def test_a_beacon_counts_until_somebody_takes_it_and_is_quiet_then(
    services: Services, say: Callable[..., None]
) -> None:
    for seconds in range(0, 100, 10):
        say(seconds, "one-9-1-1")
    (alert,) = _alerts(services)
    assert (alert.times, alert.details["words"]) == (10, ["911"])
    assert "uid" not in alert.details
    _take(services)
    for seconds in range(100, 400, 10):
        say(seconds, "one-9-1-1")
    assert _alerts(services) == []


@pytest.mark.parametrize("between", ["cancelled", "in other words", "long after"])
def test_a_new_press_after_it_was_taken_rings(
    services: Services, say: Callable[..., None], between: str
) -> None:
    say(0, "one-9-1-1")
    _take(services)
    if between == "cancelled":
        say(5, "one-9-1-1", "b-a-o-can")
    kind = "b-a-o-opn" if between == "in other words" else "b-a-o-tbl"
    say(10 if between != "long after" else 11 + SAME_CALL.total_seconds(), "one-9-1-1", kind)
    (alert,) = _alerts(services)
    assert alert.times == 1
    assert len(_alerts(services, only_open=False)) == 2


def test_two_people_behind_one_gateway_are_two(
    services: Services, say: Callable[..., None]
) -> None:
    say(0, "one-9-1-1")
    say(1, "two-9-1-1")
    assert sorted(one.details["device"] for one in _alerts(services)) == ["one", "two"]
    _take(services)
    # and where the gateway is the device, which links to itself
    say(10, "ANDROID-1-9-1-1", by="gateway")
    say(11, "ANDROID-2", by="gateway")
    say(20, "ANDROID-1-9-1-1", by="gateway")
    found = {one.details["uid"]: one.times for one in _alerts(services)}
    assert found == {"ANDROID-1": 2, "ANDROID-2": 1}


def test_two_that_claim_one_name_are_two(services: Services, say: Callable[..., None]) -> None:
    say(0, "ANDROID-1", by="one")
    say(1, "ANDROID-1", by="two")
    assert {(one.details["device"], one.details["uid"]) for one in _alerts(services)} == {
        ("one", "ANDROID-1"),
        ("two", "ANDROID-1"),
    }


def test_one_press_on_several_ways_is_one(services: Services, say: Callable[..., None]) -> None:
    for seconds in (0, 0.1, 0.2, 2.9):
        say(seconds, "one-9-1-1")
    say(4, "one-9-1-1")
    assert [one.times for one in _alerts(services)] == [2]


def test_an_unknown_uid_opens_nothing_and_invented_ones_are_forgotten(
    services: Services, say: Callable[..., None]
) -> None:
    for number in range(20):
        say(number, f"stranger-{number}")
    assert _alerts(services, only_open=False) == []
