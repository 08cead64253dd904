"""A location and the transitions beside it, of one phone and one second: in every order, over HTTP
and MQTT, across restarts. Both keep their meaning, and two places at one time stay a conflict."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count, permutations, product
from typing import Any

import pytest
from flask import Flask
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api import feeds
from api.mqtt_desk import Arrival, Desk
from data.database import Database
from data.fix_chunks_packing import FixPacking
from data.fix_store import FixStore
from data.quarantine_store import QuarantineStore
from data.schema import heartbeats
from domain.fixes import SAME_PLACE
from formats.message import MqttMessage
from formats.owntracks_mqtt import Topics
from tests.api.test_feeds_store import OneDevice
from tests.services.positions import NOON, make_ingest

PLACE = {"lat": 43.1829, "lon": 20.6932, "acc": 9}
LOCATION = {**PLACE, "_type": "location", "vel": 36, "cog": 90, "alt": 560, "batt": 78, "t": "c"}
ENTERED = {**PLACE, "_type": "transition", "event": "enter", "desc": "Gate 1", "t": "c"}
LEFT = {**PLACE, "_type": "transition", "event": "leave", "desc": "Road", "t": "c"}
ELSEWHERE = {**LOCATION, "lat": 43.1839}
CREDENTIALS = {"Authorization": "Basic " + b64encode(b"phone-1:k").decode()}

Said = dict[str, Any]
WAYS = ("http", "mqtt")


class Phone:
    """Says messages of seconds that no other has used, to a server that may be started anew."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seconds = count(1)
        self._received = count(1)
        self.start()

    def start(self) -> None:
        """The server forgets everything that is not stored."""
        self._ingest = make_ingest(self._database)
        self._desk = Desk(self._ingest, OneDevice(), Topics())
        limiter = MovingWindowRateLimiter(MemoryStorage())
        server = Flask(__name__)
        door = feeds.FeedDoor(server.wsgi_app, self._ingest, OneDevice(), limiter, self._now)
        server.wsgi_app = door  # type: ignore[method-assign]
        self._client = server.test_client()

    def stop(self) -> None:
        self._ingest.close()

    def moment(self) -> datetime:
        return NOON - timedelta(hours=1) + timedelta(seconds=next(self._seconds))

    def say(self, way: str, messages: Sequence[Said], moment: datetime) -> None:
        """Together: as one request, or as messages of a broker that came while it stored."""
        told = [{**one, "tst": int(moment.timestamp())} for one in messages]
        if way == "http":
            data = json.dumps(told[0] if len(told) == 1 else told)
            answer = self._client.post("/feeds/owntracks", data=data, headers=CREDENTIALS)
            assert (answer.status_code, answer.data) == (200, b"[]")
            return
        topic = "owntracks/fpu/phone-1"
        arrivals = [
            Arrival(MqttMessage(topic, json.dumps(one).encode()), 1, number, 1, self._now())
            for number, one in enumerate(told)
        ]
        self._desk.store(self._desk.sort(arrivals))

    def _now(self) -> datetime:
        # every microsecond is used, so that nothing is kept only because there was room
        return NOON - timedelta(minutes=1) + timedelta(microseconds=next(self._received))


@pytest.fixture
def phone(database: Database) -> Iterator[Phone]:
    phone = Phone(database)
    yield phone
    phone.stop()


def kept(database: Database, moment: datetime) -> tuple[list[Said], int]:
    """What is there of a moment: first the fix, then the signs of life, and how many conflicts."""
    fixes = FixStore(database).whole("demo", "p11", moment, moment, 9)
    said = [
        {
            **one.fix.attributes,
            **{"lat": one.fix.latitude, "lon": one.fix.longitude, "battery": one.fix.battery},
            **{"speed": one.fix.speed, "course": one.fix.course, "altitude": one.fix.altitude},
            **{"accuracy": one.fix.accuracy, "device_time": one.fix.fix_time.isoformat()},
        }
        for one in fixes
    ]
    with database.reading() as connection:
        rows = connection.execute(heartbeats.select()).mappings().all()
    beats = [{**json.loads(row["attributes"]), "battery": row["battery"]} for row in rows]
    said += [beat for beat in beats if beat["device_time"] == moment.isoformat()]
    seconds = f'"tst": {int(moment.timestamp())}'.encode()
    entries = [one.entry for one in QuarantineStore(database).listing("demo", limit=10_000)]
    conflicts = [one for one in entries if seconds in one.raw]
    assert {one.rejection.reason for one in conflicts} <= {"conflicting_duplicate"}
    return [{name: one for name, one in each.items() if one is not None} for each in said], len(
        conflicts
    )


def meaning(message: Said, moment: datetime) -> Said:
    """What must be kept of a message, in the units of the store."""
    known = {
        **{name: message[name] for name in ("_type", "t", "lat", "lon")},
        **{"accuracy": 9.0, "device_time": moment.isoformat()},
    }
    if message["_type"] == "location":
        return known | {"speed": 10.0, "course": 90.0, "altitude": 560.0, "battery": 78.0}
    return known | {"event": message["event"], "desc": message["desc"]}


def in_any_order(found: Sequence[Said]) -> list[str]:
    return sorted(json.dumps(one, sort_keys=True) for one in found)


def cut(messages: Sequence[Said]) -> Iterator[list[Sequence[Said]]]:
    """Every way to say them in one go or in several."""
    for cuts in product((False, True), repeat=len(messages) - 1):
        ends = [place + 1 for place, here in enumerate(cuts) if here] + [len(messages)]
        yield [messages[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@pytest.mark.parametrize("restart", [False, True], ids=["", "with restarts"])
@pytest.mark.parametrize("messages", [(LOCATION, ENTERED), (LOCATION, ENTERED, LEFT)])
def test_both_keep_their_meaning_in_every_order(
    database: Database, phone: Phone, messages: tuple[Said, ...], restart: bool
) -> None:
    told = 0
    for order in permutations(messages):
        for parts in cut(order):
            for ways in product(WAYS, repeat=len(parts)):
                moment = phone.moment()
                for part, way in zip(parts, ways, strict=True):
                    phone.say(way, part, moment)
                    if restart:
                        phone.stop()
                        phone.start()
                said, conflicts = kept(database, moment)
                wanted = [meaning(one, moment) for one in order]
                assert said[0] == wanted[0]  # what came first is the position
                assert in_any_order(said) == in_any_order(wanted)
                assert conflicts == 0
                told += 1
    assert told == {2: 2 * (2 + 4), 3: 6 * (2 + 2 * 4 + 8)}[len(messages)]


def test_two_places_at_one_time_are_a_conflict_in_every_order(
    database: Database, phone: Phone
) -> None:
    for order in permutations((LOCATION, ENTERED, ELSEWHERE)):
        for parts in cut(order):
            for way in WAYS:
                moment = phone.moment()
                for part in parts:
                    phone.say(way, part, moment)
                said, conflicts = kept(database, moment)
                there = [one for one in order if one["lat"] == order[0]["lat"]]
                wanted = [meaning(one, moment) for one in there]
                assert in_any_order(said) == in_any_order(wanted)
                assert conflicts == len(order) - len(there)


@pytest.mark.parametrize(("name", "way"), [*product(("lat", "lon"), WAYS)])
def test_a_place_rounded_to_the_sixth_decimal_is_the_same_and_a_metre_is_not(
    database: Database, phone: Phone, name: str, way: str
) -> None:
    for apart, conflicts in ((4.9e-7, 0), (-4.9e-7, 0), (2 * SAME_PLACE, 1), (1e-5, 1)):
        moment = phone.moment()
        phone.say(way, [{**ENTERED, name: PLACE[name] + apart}], moment)
        phone.say(way, [LOCATION], moment)
        assert kept(database, moment)[1] == conflicts


@pytest.mark.parametrize("way", WAYS)
def test_what_comes_again_after_a_restart_contradicts_nothing(
    database: Database, phone: Phone, way: str
) -> None:
    """An answer was lost: the message comes once more, alone, after others and a restart."""
    earlier, moment = phone.moment(), phone.moment()
    for second in (earlier, moment):
        phone.say(way, [LOCATION, ENTERED], second)
    phone.stop()
    phone.start()
    for second in (moment, earlier):
        for message in (ENTERED, LOCATION):
            phone.say(way, [message], second)
    for second in (earlier, moment):
        said, conflicts = kept(database, second)
        assert said[0] == meaning(LOCATION, second)
        assert {one["event"] for one in said[1:]} == {"enter"}
        assert conflicts == 0


def test_it_is_told_apart_from_what_has_long_settled(database: Database, phone: Phone) -> None:
    moment = phone.moment()
    phone.say("mqtt", [ENTERED], moment)
    packing = FixPacking(database)
    (due,) = packing.due(NOON + timedelta(days=2))
    assert packing.step(due) == 1
    phone.say("http", [LOCATION], moment)
    phone.say("http", [ELSEWHERE], moment)
    said, conflicts = kept(database, moment)
    assert said == [meaning(ENTERED, moment), meaning(LOCATION, moment)]
    assert conflicts == 1


def test_of_other_formats_another_word_is_a_conflict_still(
    database: Database, phone: Phone
) -> None:
    moment = phone.moment()
    phone.say("http", [LOCATION], moment)
    there = FixStore(database).whole("demo", "p11", moment, moment, 9)[0]
    query = {"id": "phone-1", "key": "k", "lat": PLACE["lat"], "lon": PLACE["lon"], "speed": 3}
    query["timestamp"] = int(moment.timestamp())
    assert phone._client.get("/feeds/osmand", query_string=query).status_code == 200
    (entry,) = [one.entry for one in QuarantineStore(database).listing("demo")]
    assert (entry.source, entry.rejection.reason) == ("osmand", "conflicting_duplicate")
    assert FixStore(database).whole("demo", "p11", moment, moment, 9) == [there]
