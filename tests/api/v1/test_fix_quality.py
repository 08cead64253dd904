"""What comes late, twice or from nowhere, from the phone's request to what the interface tells."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from data.journal import Journal
from domain.roster import Unit
from domain.time import to_rfc3339
from services.container import Services
from tests.api.conftest import BEARER
from tests.services.told import pieces

ROOT = "/api/v1/operations/demo"
EAST = 20.9


class Phone:
    """A patrol's phone and an officer's eyes: ``send`` says where it was so many seconds ago."""

    def __init__(self, client: FlaskClient, now: datetime) -> None:
        self._client = client
        self.now = now

    def send(self, ago: float, latitude: float, **said: str) -> None:
        moment = int((self.now - timedelta(seconds=ago)).timestamp())
        query = {"id": "phone", "key": "key", "timestamp": str(moment), "lat": f"{latitude:.6f}",
                 "lon": str(EAST), **said}  # fmt: skip
        assert self._client.get("/feeds/osmand", query_string=query).status_code == 200

    def drive(self, *ago: float) -> None:
        """North at 10 m/s; fixes arrive in the order given."""
        for one in ago:
            self.send(one, self.latitude(one))

    def latitude(self, ago: float) -> float:
        return 42.7 - ago * 0.00009

    def ask(self, path: str, **query: str) -> Any:
        answer = self._client.get(ROOT + path, query_string=query, headers=BEARER)
        assert answer.status_code == 200, answer.text
        return answer.json

    def line(self, **query: str) -> tuple[dict[str, Any], list[float]]:
        """Properties and latitudes of the one line of the last hour with every point."""
        [found] = self.ask("/tracks", tolerance="0", **query)["features"]
        return found["properties"], [latitude for _, latitude in found["geometry"]["coordinates"]]

    def moment(self, ago: float) -> str:
        return to_rfc3339(self.now - timedelta(seconds=ago))


@pytest.fixture
def phone(services: Services, stranger: FlaskClient) -> Phone:
    now = services.clock().replace(microsecond=0)
    services.roster.add(Unit("p1", "ORION-1"))
    services.roster.add_device("phone", "key")
    services.roster.assign_unit("p1", "demo", now - timedelta(days=1))
    services.roster.assign_device("phone", "p1", now - timedelta(days=1))
    return Phone(stranger, now)


def test_fixes_out_of_order_are_placed_by_when_they_were_measured(phone: Phone) -> None:
    phone.drive(0, 60, 30, 90, 45, 15, 75)
    told, latitudes = phone.line()
    assert (told["fixes"], told["outliers"]) == (7, 0)
    assert (told["start"], told["end"]) == (phone.moment(90), phone.moment(0))
    assert latitudes == sorted(latitudes)
    [drawn] = pieces(phone.ask("/tracks", zoom="14", times="1"))
    assert drawn["fixes"] == 7
    assert drawn["t"].tolist() == sorted(drawn["t"].tolist())
    [latest] = phone.ask("/positions/latest")["features"]
    assert latest["properties"]["fix_time"] == phone.moment(0)
    [then] = phone.ask("/positions", at=phone.moment(40))["features"]
    assert then["properties"]["fix_time"] == phone.moment(45)


def test_a_late_fix_is_told_as_late_and_moves_nothing(phone: Phone, services: Services) -> None:
    phone.drive(30)
    head = services.heads.head_of("demo")
    phone.drive(90)
    journal = services.heads
    assert isinstance(journal, Journal)
    [told] = [one for one in journal.since(head, 10) if one.kind == "fix"]
    assert json.loads(told.payload)["properties"]["late"] is True
    [latest] = phone.ask("/positions/latest")["features"]
    assert latest["properties"]["fix_time"] == phone.moment(30)


def test_a_late_fix_of_long_ago_rings_no_alarm(phone: Phone) -> None:
    phone.drive(30)
    phone.send(1200, phone.latitude(1200), alarm="sos")
    assert phone.ask("/alerts")["items"] == []
    [line] = phone.ask("/log")["items"]
    assert "said sos" in line["record"]["text"]  # it is read, though it does not ring
    found = phone.ask("/positions", at=phone.moment(1200))["features"]
    assert found[0]["properties"]["fix_time"] == phone.moment(1200)


def test_an_alarm_that_its_own_device_has_overtaken_is_read_and_rings_nothing(
    phone: Phone,
) -> None:
    phone.drive(30)
    phone.send(150, phone.latitude(150), alarm="sos")
    assert phone.ask("/alerts")["items"] == []
    [line] = phone.ask("/log")["items"]
    assert line["occurred_at"] == phone.moment(150)
    assert line["record"]["significant"] is True


def test_a_call_for_help_that_was_overtaken_by_a_minute_is_heard(phone: Phone) -> None:
    """A person may be waiting: messages that overtake each other must not silence an SOS."""
    phone.drive(30)
    phone.send(90, phone.latitude(90), alarm="sos")
    [alert] = phone.ask("/alerts")["items"]
    assert (alert["kind"], alert["occurred_at"]) == ("sos", phone.moment(90))


@pytest.mark.parametrize("order", [(60, 50, 40, 30, 20, 10), (40, 60, 10, 30, 50, 20)])
def test_a_teleport_is_marked_and_in_no_line_and_not_deleted(
    phone: Phone, order: tuple[float, ...]
) -> None:
    lie = phone.latitude(30) + 0.3  # 33 km north of where it was ten seconds before and after
    for ago in order:
        phone.send(ago, lie if ago == 30 else phone.latitude(ago))
    told, latitudes = phone.line()
    assert (told["fixes"], told["outliers"]) == (5, 1)
    assert max(latitudes) < 42.71
    [drawn] = pieces(phone.ask("/tracks", zoom="12"))
    assert (drawn["fixes"], drawn["outliers"]) == (5, 1)
    [device] = phone.ask("/units/p1/analysis")["devices"]
    assert (device["fixes"], device["outliers"]) == (6, 1)
    assert device["impossible"] == [
        {"at": phone.moment(30), "latitude": round(lie, 5), "longitude": EAST}
    ]
    assert device["distance_m"] < 1000
    [then] = phone.ask("/positions", at=phone.moment(30))["features"]
    assert then["geometry"]["coordinates"] == [EAST, round(lie, 5)]  # as evidence it stays
    assert phone.ask("/quarantine")["items"] == []


def test_an_impossible_speed_is_marked(phone: Phone) -> None:
    """Half a kilometre aside within a second, and back: 1,800 km/h."""
    for ago in range(20, 0, -1):
        phone.send(ago, phone.latitude(ago) + (0.0045 if ago == 10 else 0))
    told, _ = phone.line()
    assert (told["fixes"], told["outliers"]) == (19, 1)
    [device] = phone.ask("/units/p1/analysis")["devices"]
    assert [one["at"] for one in device["impossible"]] == [phone.moment(10)]


def test_a_conflicting_duplicate_is_quarantined_and_the_first_stays(phone: Phone) -> None:
    phone.drive(60, 30)
    phone.drive(30)  # the same again says nothing new
    assert phone.ask("/quarantine")["items"] == []
    phone.send(30, 42.9)
    [kept] = phone.ask("/quarantine")["items"]
    assert (kept["reason"], kept["unit"], kept["field"]) == (
        "conflicting_duplicate", "p1", "fix_time",
    )  # fmt: skip
    assert "lat=42.9" in kept["raw"]
    told, latitudes = phone.line()
    assert told["fixes"] == 2
    assert latitudes[-1] == pytest.approx(phone.latitude(30), abs=1e-5)
