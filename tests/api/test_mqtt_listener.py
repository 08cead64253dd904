"""Phones at a real Mosquitto: paho as the OwnTracks app, on every database."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import api.mqtt_connection
import api.mqtt_listener
from api.mqtt_connection import Broker as Address
from api.mqtt_desk import Desk
from api.mqtt_listener import MqttListener
from app import create_app
from data.database import Database
from data.fix_store import FixStore
from data.journal import Journal
from data.quarantine_store import QuarantineStore
from data.schema import heartbeats
from domain.errors import StoreUnavailable
from domain.roster import Operation, Unit
from formats.owntracks_mqtt import Topics
from services.container import Services, services_of
from settings import Settings
from tests.mosquitto import PATIENCE_S, Broker, Phone, position

DEVICES = ("sokol-1", "sokol-2", "drill-1")
NOW = int(time.time())


@pytest.fixture
def services(database_url: str) -> Iterator[Services]:
    """Two patrols in the live operation, one in an exercise, and a phone that was taken away."""
    services = services_of(create_app(Settings(database_url=database_url)).extensions)
    now = services.clock()
    long_ago = now - timedelta(days=365)
    services.roster.ensure_live(long_ago)
    services.roster.add(Operation("drill", "exercise", "Drill", long_ago))
    for name in DEVICES:
        services.roster.add(Unit(name, name.upper()))
        services.roster.add_device(name, "key", "knots", "")
        services.roster.assign_unit(name, "drill" if name == "drill-1" else "live", long_ago)
        services.roster.assign_device(name, name, long_ago)
    services.roster.add_device("taken", "key", "knots", "")
    services.roster.enable_device("taken", enabled=False)
    yield services
    services.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with Broker(folder) as running:
        yield running


class Stage:
    """A listener that runs, phones, and what is in the database."""

    def __init__(self, services: Services, listener: MqttListener, broker: Broker) -> None:
        self.services, self.listener, self.broker = services, listener, broker
        self.phones: list[Phone] = []

    async def phone(self, device: str, user: str = "fpu") -> Phone:
        phone = await asyncio.to_thread(Phone, user, device, self.broker.port)
        assert phone.topic not in {one.topic for one in self.phones}, "there may be one of each"
        self.phones.append(phone)
        return phone

    async def until(self, met: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not met():
                await asyncio.sleep(0.02)

    async def heard(self, kind: str, times: int = 1) -> None:
        await self.until(lambda: self.listener.counts[kind] >= times)

    def latest(self, unit: str = "sokol-1", operation: str = "live") -> dict[str, Any]:
        found = self.services.tracks.latest_positions(operation, self.services.clock())
        told = [one["properties"] for one in found["features"]]
        return next((one for one in told if one["unit"] == unit), {})


Play = Callable[[Stage], Awaitable[None]]


def on_stage(
    services: Services, broker: Broker, play: Play, desk: Desk | None = None,
    topics: Topics | None = None, **options: Any,
) -> MqttListener:  # fmt: skip
    """Play while a listener runs that is connected; it is stopped in good order."""

    async def run() -> MqttListener:
        where = topics or Topics()
        made = desk or Desk(services.ingest, services.roster, where)
        address = Address("127.0.0.1", broker.port, "fpu-test")
        listener = MqttListener(
            made, services.clock, address, where, **{"retry_s": (0.1,), **options}
        )
        stage = Stage(services, listener, broker)
        running = asyncio.create_task(listener.run())
        try:
            await stage.until(lambda: listener.connected)
            await play(stage)
        finally:
            listener.stop()
            await asyncio.wait_for(running, PATIENCE_S)
            for phone in stage.phones:
                await asyncio.to_thread(phone.leave)
        return listener

    return asyncio.run(run())


def stored(database: Database, unit: str = "sokol-1") -> Counter[int]:
    """How often each second of a unit is there."""
    columns = FixStore(database).between("live", unit, at(0), at(2 * NOW))
    return Counter((columns.fix_time // 1_000_000).tolist())


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def told(database: Database, kind: str) -> list[dict[str, Any]]:
    changes = Journal(database).since(0, 10_000)
    return [json.loads(change.payload) for change in changes if change.kind == kind]


def test_a_position_is_stored_under_the_device_of_its_topic(
    services: Services, broker: Broker, open_database: Callable[[], Database]
) -> None:
    async def play(stage: Stage) -> None:
        phone = await stage.phone("sokol-1")
        await asyncio.to_thread(phone.tell, NOW, topic="owntracks/fpu/sokol-2")
        await stage.heard("location")
        drill = await stage.phone("drill-1")
        await asyncio.to_thread(drill.tell, NOW, 42.61)
        await stage.heard("location", 2)

    on_stage(services, broker, play)
    (fix,) = FixStore(open_database()).latest("live")
    assert (fix.unit, fix.fix.device, fix.fix.latitude) == ("sokol-1", "sokol-1", 42.89)
    assert (fix.fix.speed, fix.fix.accuracy, fix.fix.battery) == (10.0, 9.0, 78.0)
    assert fix.fix.attributes["topic"] == "owntracks/fpu/sokol-2"
    (fix,) = FixStore(open_database()).latest("drill")
    assert (fix.unit, fix.fix.latitude) == ("drill-1", 42.61)


def test_the_user_may_be_the_device(
    services: Services, broker: Broker, open_database: Callable[[], Database]
) -> None:
    async def play(stage: Stage) -> None:
        phone = await stage.phone("android", user="sokol-2")
        await asyncio.to_thread(phone.tell, NOW)
        await stage.heard("location")

    on_stage(services, broker, play, topics=Topics(named_by_user=True))
    assert [one.unit for one in FixStore(open_database()).latest("live")] == ["sokol-2"]


def test_strangers_are_counted_named_twice_a_minute_at_most_and_nothing_of_them_is_kept(
    services: Services, broker: Broker, open_database: Callable[[], Database],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    async def play(stage: Stage) -> None:
        phones = [await stage.phone(name) for name in ("taken", "ghost")]
        for number in range(20):
            strange = [position(NOW), b"\x00\xff", b"{}"]
            await asyncio.to_thread(phones[number % 2].say_all, strange)
            await stage.heard("unknown", 3 * (number + 1))

    with caplog.at_level(logging.WARNING, logger=api.mqtt_listener.__name__):
        listener = on_stage(services, broker, play)
    assert listener.counts["unknown"] == 60
    warnings = [one.getMessage() for one in caplog.records if "refused" in one.getMessage()]
    assert len(warnings) == 1
    assert "unknown" in warnings[0]
    assert "taken" in warnings[0]
    database = open_database()
    assert FixStore(database).latest("live") == []
    assert QuarantineStore(database).listing(None) == []


def test_poison_goes_to_quarantine_with_its_bytes_and_is_acknowledged(
    services: Services, broker: Broker, open_database: Callable[[], Database]
) -> None:
    poison = [
        b"\x00\x01\xff",
        b"[" * 20_000,
        b'{"_type":"location","lat":"x","lon":20.87,"tst":%d}' % NOW,
        b'{"_type":"location","lat":51.5,"lon":0.1,"tst":%d}' % NOW,
        b'{"_type":"location","lat":42.8,"lon":20.8}',
        b'{"_type":"encrypted","data":"abc"}',
    ]

    async def play(stage: Stage) -> None:
        phone = await stage.phone("sokol-1")
        await asyncio.to_thread(phone.say_all, [*poison, position(NOW)])
        await stage.until(lambda: stored(database)[NOW] == 1)
        await stage.until(lambda: not stage.listener._open)

    database = open_database()
    on_stage(services, broker, play)
    again = on_stage(services, broker, _nothing)  # everything was acknowledged
    assert again.counts["unreadable"] == 0
    kept = QuarantineStore(database).listing("live")
    assert {one.entry.raw for one in kept} == set(poison)
    assert {one.entry.source for one in kept} == {"owntracks_mqtt"}
    reasons = Counter(one.entry.rejection.reason for one in kept)
    assert reasons == {"unreadable": 3, "not_a_number": 1, "outside_area": 1, "no_time": 1}
    (encrypted,) = [one for one in kept if b"encrypted" in one.entry.raw]
    assert "encryption key" in encrypted.entry.rejection.detail


@pytest.mark.parametrize("times", [1, 2, 3])
def test_what_is_delivered_again_on_another_connection_is_in_quarantine_once(
    services: Services, broker: Broker, open_database: Callable[[], Database],
    monkeypatch: pytest.MonkeyPatch, times: int,
) -> None:  # fmt: skip
    """The connection breaks between the storing and the acknowledgement, ``times`` times."""
    sent = [b"[]", b"\xff", b"[]"]
    database = open_database()

    async def play(stage: Stage) -> None:
        connection = stage.listener._connection
        with monkeypatch.context() as unheard:
            unheard.setattr(connection, "acknowledge", lambda _: None)
            phone = await stage.phone("sokol-1")
            await asyncio.to_thread(phone.say_all, sent)
            await stage.heard("unreadable", 3)
            for turn in range(1, times):
                connection.drop("the network is gone")
                await stage.heard("unreadable", 3 * (turn + 1))
        connection.drop("the network is gone")
        await stage.heard("unreadable", 3 * (times + 1))
        await asyncio.to_thread(phone.say, sent[0])
        await stage.heard("unreadable", 3 * (times + 1) + 1)

    on_stage(services, broker, play)
    kept = Counter(one.entry.raw for one in QuarantineStore(database).listing("live"))
    assert kept == {b"[]": 3, b"\xff": 1}
    assert on_stage(services, broker, _nothing).counts["unreadable"] == 0


def test_of_what_was_sent_twice_and_stored_once_the_second_is_not_left_out(
    services: Services, broker: Broker, open_database: Callable[[], Database],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    database, stubborn = open_database(), Stubborn(services)

    def kept() -> int:
        return len(QuarantineStore(database).listing("live"))

    async def play(stage: Stage) -> None:
        monkeypatch.setattr(stage.listener._connection, "acknowledge", lambda _: None)
        phone = await stage.phone("sokol-1")
        other = await stage.phone("sokol-2")
        await asyncio.to_thread(phone.say, b"[]")
        await stage.until(lambda: kept() == 1)
        stubborn.away = True
        await asyncio.to_thread(phone.say, b"[]")
        await asyncio.to_thread(other.say, b"[]")
        await stage.until(lambda: len(stage.listener._open) == 2)
        # it ends here with nothing acknowledged and the first alone stored

    on_stage(services, broker, play, Desk(stubborn, services.roster, Topics()))
    assert kept() == 1
    again = on_stage(services, broker, _nothing)
    assert again.counts["unreadable"] == 3
    devices = Counter(one.entry.device for one in QuarantineStore(database).listing("live"))
    assert devices == {"sokol-1": 2, "sokol-2": 1}


async def _nothing(_: Stage) -> None:
    """Nobody says anything."""


def test_what_is_no_position_is_counted_and_left(
    services: Services, broker: Broker, open_database: Callable[[], Database]
) -> None:
    below = ("info", "waypoint", "waypoints", "cmd", "step", "status", "beacon", "hologram")
    kinds = dict(zip(("card", *below[1:4], "steps", *below[5:]), below, strict=True))

    async def play(stage: Stage) -> None:
        phone = await stage.phone("sokol-1")
        for kind, part in kinds.items():
            said = {"_type": kind, "lat": 42.8, "lon": 20.8}
            await asyncio.to_thread(phone.say, said, f"/{part}")
        await asyncio.to_thread(phone.say, b"")
        await stage.heard("empty")

    counts = on_stage(services, broker, play).counts
    assert {kind: counts[kind] for kind in (*kinds, "another type")} == {
        **dict.fromkeys(kinds, 1),
        "hologram": 0,
        "another type": 1,
    }
    database = open_database()
    assert FixStore(database).latest("live") == []
    assert QuarantineStore(database).listing("live") == []


def test_a_transition_is_a_position_that_keeps_its_region(
    services: Services, broker: Broker, open_database: Callable[[], Database]
) -> None:
    def transition(event: str, moment: int, **where: float) -> dict[str, Any]:
        said = {"_type": "transition", "desc": "Gate 1", "event": event, "acc": 9, "t": "c"}
        return {**said, "lat": 43.1829, "lon": 20.6932, "wtst": 1, "tst": moment, **where}

    async def play(stage: Stage) -> None:
        phone = await stage.phone("sokol-1")
        await asyncio.to_thread(phone.say, transition("enter", NOW - 60), "/event")
        # the app says location and transition of one second, in words of their own
        await asyncio.to_thread(phone.tell, NOW, 43.1829, lon=20.6932, t="c")
        await asyncio.to_thread(phone.say, transition("leave", NOW), "/event")
        await asyncio.to_thread(phone.say, transition("enter", NOW, lat=43.0), "/event")
        await stage.heard("transition", 3)

    on_stage(services, broker, play)
    database = open_database()
    first = FixStore(database).latest("live", at(NOW - 30))[0].fix
    assert (first.attributes["event"], first.attributes["desc"]) == ("enter", "Gate 1")
    assert stored(database) == {NOW - 60: 1, NOW: 1}
    with database.reading() as connection:
        (beat,) = connection.execute(heartbeats.select()).mappings()
    kept = json.loads(beat["attributes"])
    assert (kept["event"], kept["desc"], kept["lat"]) == ("leave", "Gate 1", 43.1829)
    # what contradicts is kept as well, for a person to look at
    (odd,) = QuarantineStore(database).listing("live")
    assert odd.entry.rejection.reason == "conflicting_duplicate"


@pytest.mark.parametrize("first", ["location", "transition"])
def test_right_after_a_start_a_pair_is_a_pair(
    services: Services, broker: Broker, open_database: Callable[[], Database], first: str
) -> None:
    """One of the two was stored and acknowledged before the process ended, the other was not."""
    place = {"lat": 43.1829, "lon": 20.6932}
    region = {"_type": "transition", "desc": "Gate 1", "event": "enter", "acc": 9, "t": "c"}
    pair = {
        "location": position(NOW, 43.1829, lon=20.6932, t="c"),
        "transition": {**region, **place, "tst": NOW, "wtst": 1},
    }
    second = pair.keys() - {first}

    async def before(stage: Stage) -> None:
        phone = await stage.phone("sokol-1")
        await asyncio.to_thread(phone.say, pair[first])
        await stage.heard(first)

    async def after(stage: Stage) -> None:
        phone = await stage.phone("sokol-1")
        await asyncio.to_thread(phone.say, pair[next(iter(second))], "/event")
        await stage.heard(next(iter(second)))

    on_stage(services, broker, before)
    on_stage(services, broker, after)
    database = open_database()
    assert QuarantineStore(database).listing("live") == []
    (fix,) = FixStore(database).latest("live")
    with database.reading() as connection:
        (beat,) = connection.execute(heartbeats.select()).mappings()
    told = {fix.fix.attributes["_type"]: fix.fix.attributes}
    told[json.loads(beat["attributes"])["_type"]] = json.loads(beat["attributes"])
    assert told.keys() == pair.keys()
    assert (told["transition"]["event"], told["transition"]["desc"]) == ("enter", "Gate 1")
    speed = fix.fix.speed if first == "location" else told["location"]["speed"]
    assert (speed, fix.fix.latitude) == (10.0, 43.1829)


def test_a_last_will_makes_the_unit_silent_until_a_newer_position(
    services: Services, broker: Broker, open_database: Callable[[], Database]
) -> None:
    seen: dict[str, dict[str, Any]] = {}
    now = int(time.time())  # a fix of when this file was read is silent by itself

    async def play(stage: Stage) -> None:
        phone = await stage.phone("sokol-1")
        other = await stage.phone("sokol-2")
        await asyncio.to_thread(phone.tell, now)
        await asyncio.to_thread(other.tell, now)
        await stage.heard("location", 2)
        seen["before"] = stage.latest()
        phone.vanish()
        stage.phones.remove(phone)
        await stage.heard("lwt")
        seen["lost"], seen["other"] = stage.latest(), stage.latest("sokol-2")
        again = await stage.phone("sokol-1")
        await asyncio.to_thread(again.tell, now + 1)
        await stage.heard("location", 3)
        seen["back"] = stage.latest()

    on_stage(services, broker, play)
    before, lost, back = seen["before"], seen["lost"], seen["back"]
    assert "silent" not in (before["status"], seen["other"]["status"], back["status"])
    assert "contact_lost" not in {**before, **back, **seen["other"]}
    assert lost["status"] == "silent"
    assert before["received_at"] < lost["contact_lost"] < back["received_at"]
    assert lost["fix_time"] == before["fix_time"]  # nothing was invented
    database = open_database()
    assert stored(database) == {now: 1, now + 1: 1}
    (message,) = told(database, "contact")
    assert message == {
        "unit": "sokol-1",
        "callsign": "SOKOL-1",
        "device": "sokol-1",
        "lost_at": lost["contact_lost"],
    }


def test_a_phone_that_came_back_while_nobody_listened_is_not_lost(
    services: Services, broker: Broker
) -> None:
    """What the broker kept comes all at once, in its order: the order must survive that."""
    seen: dict[str, dict[str, Any]] = {}
    now = int(time.time())  # a fix of when this file was read is silent by itself

    async def first(stage: Stage) -> None:
        phone = await stage.phone("sokol-1")
        other = await stage.phone("sokol-2")
        for one in (phone, other):
            await asyncio.to_thread(one.tell, now - 2)
        await stage.heard("location", 2)
        stage.phones.clear()
        absent.extend((phone, other))

    async def second(stage: Stage) -> None:
        await stage.heard("lwt", 2)
        await stage.heard("location", 2)
        seen.update({name: stage.latest(name) for name in ("sokol-1", "sokol-2")})

    absent: list[Phone] = []
    on_stage(services, broker, first)
    absent[1].tell(now - 1)
    absent[0].vanish()
    back = Phone("fpu", "sokol-1", broker.port)
    back.tell(now - 1)
    absent[1].vanish()
    on_stage(services, broker, second)
    back.leave()
    assert seen["sokol-1"]["status"] != "silent"
    assert seen["sokol-2"]["status"] == "silent"


def test_what_the_broker_had_kept_is_history(
    services: Services, broker: Broker, open_database: Callable[[], Database]
) -> None:
    """A retained position is stored with its own time; to the screens it is no new one."""
    phone = Phone("fpu", "sokol-1", broker.port)
    phone.tell(NOW - 3600)
    phone.leave()

    async def play(stage: Stage) -> None:
        await stage.heard("location")
        position_then = stage.latest()
        assert position_then["status"] == "silent"
        assert position_then["age"] >= 3600

    on_stage(services, broker, play)
    on_stage(services, broker, _nothing)  # a session that goes on is not told again
    database = open_database()
    assert stored(database) == {NOW - 3600: 1}
    assert told(database, "fix") == told(database, "fixes") == []
    (message,) = told(database, "tracks")
    assert (message["unit"], message["stored"]) == ("sokol-1", 1)


class Stubborn:
    """An ingest whose store is away as long as it is told."""

    def __init__(self, services: Services) -> None:
        self._ingest, self.away, self.asked, self.broken = services.ingest, False, 0, 0
        self.quarantine = services.ingest.quarantine

    def accept(self, *said: Any, **options: Any) -> object:
        self.asked += 1
        if self.away:
            raise StoreUnavailable("the database refused: database or disk is full")
        if self.broken:
            self.broken -= 1
            raise RuntimeError("a fault of the program")
        return self._ingest.accept(*said, **options)


def test_while_nothing_can_be_stored_the_broker_keeps_it_and_all_comes_later(
    services: Services, broker: Broker, open_database: Callable[[], Database],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    most = 40
    monkeypatch.setattr(api.mqtt_connection, "UNACKNOWLEDGED", most)
    stubborn = Stubborn(services)
    desk = Desk(stubborn, services.roster, Topics())
    total = 10 * most
    database = open_database()

    async def play(stage: Stage) -> None:
        phone = await stage.phone("sokol-1")
        stubborn.away = True
        said = [position(NOW - total + number) for number in range(total)]
        await asyncio.to_thread(phone.say_all, said)
        await stage.until(lambda: len(stage.listener._open) == most)
        asked = stubborn.asked
        await stage.until(lambda: stubborn.asked >= asked + 2)
        assert stored(database) == {}
        assert len(stage.listener._open) == most
        stubborn.away = False
        await stage.until(lambda: sum(stored(database).values()) == total)

    on_stage(services, broker, play, desk)
    assert stored(database) == dict.fromkeys(range(NOW - total, NOW), 1)


def test_told_to_stop_while_nothing_can_be_stored_it_leaves_it_to_the_broker(
    services: Services, broker: Broker, open_database: Callable[[], Database]
) -> None:
    stubborn = Stubborn(services)
    stubborn.away = True

    async def play(stage: Stage) -> None:
        phone = await stage.phone("sokol-1")
        await asyncio.to_thread(phone.tell, NOW, retain=False)
        await stage.until(lambda: stubborn.asked >= 1)

    async def later(stage: Stage) -> None:
        await stage.heard("location")

    on_stage(services, broker, play, Desk(stubborn, services.roster, Topics()))
    assert stored(open_database()) == {}
    on_stage(services, broker, later)
    assert stored(open_database()) == {NOW: 1}


def test_a_connection_that_breaks_while_nothing_can_be_stored_doubles_nothing(
    services: Services, broker: Broker, open_database: Callable[[], Database]
) -> None:
    stubborn = Stubborn(services)
    desk = Desk(stubborn, services.roster, Topics())
    database = open_database()
    total = 50

    async def play(stage: Stage) -> None:
        phone = await stage.phone("sokol-1")
        stubborn.away = True
        said = [position(NOW - total + number) for number in range(total)]
        await asyncio.to_thread(phone.say_all, said)
        await stage.until(lambda: len(stage.listener._open) == total)
        for turn in (2, 3, 4):
            stage.listener._connection.drop("the network is gone")
            await stage.until(lambda turn=turn: stage.listener.counts["connections"] == turn)
            await stage.heard("sent again", total * (turn - 1))
        stubborn.away = False
        await stage.until(lambda: not stage.listener._open)

    listener = on_stage(services, broker, play, desk)
    assert stored(database) == dict.fromkeys(range(NOW - total, NOW), 1)
    assert listener.counts["location"] == total
    assert on_stage(services, broker, _nothing).counts["location"] == 0


def test_beyond_its_room_it_reads_nothing_more(
    services: Services, broker: Broker, open_database: Callable[[], Database],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(api.mqtt_listener, "ROOM", 20)
    stubborn = Stubborn(services)
    database = open_database()
    total = 90

    async def play(stage: Stage) -> None:
        phone = await stage.phone("sokol-1")
        stubborn.away = True
        said = [position(NOW - total + number) for number in range(total)]
        for qos in (1, 0):
            await asyncio.to_thread(phone.say_all, said[1 - qos :: 2], qos=qos)
        await stage.until(lambda: not stage.listener._connection._reading)
        assert len(stage.listener._waiting) == 20
        stubborn.away = False
        await stage.until(lambda: sum(stored(database).values()) == total)

    on_stage(services, broker, play, Desk(stubborn, services.roster, Topics()))
    assert stored(database) == dict.fromkeys(range(NOW - total, NOW), 1)


def test_what_comes_again_before_the_subscription_is_confirmed_is_acknowledged(
    services: Services, broker: Broker, open_database: Callable[[], Database],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A session that goes on begins with what is left of it; nothing of that may get stuck."""
    monkeypatch.setattr(api.mqtt_connection, "UNACKNOWLEDGED", 40)
    on_stage(services, broker, _nothing)
    total = 400
    said = [position(NOW - total + number) for number in range(total)]
    phone = Phone("fpu", "sokol-1", broker.port)
    phone.say_all(said)
    database = open_database()

    async def play(stage: Stage) -> None:
        await stage.until(lambda: sum(stored(database).values()) == total)
        await stage.until(lambda: not stage.listener._open)

    on_stage(services, broker, play)
    phone.leave()
    assert on_stage(services, broker, _nothing).counts["location"] == 0
    assert stored(database) == dict.fromkeys(range(NOW - total, NOW), 1)


def test_a_fault_of_the_program_costs_only_the_message_it_is_about(
    services: Services, broker: Broker, open_database: Callable[[], Database]
) -> None:
    stubborn = Stubborn(services)
    stubborn.broken = 2  # the group, and the first of it alone

    async def play(stage: Stage) -> None:
        phone = await stage.phone("sokol-1")
        await asyncio.to_thread(phone.tell, NOW - 1, retain=False)
        await stage.heard("location")
        await asyncio.to_thread(phone.tell, NOW, retain=False)
        await stage.heard("location", 2)
        await stage.until(lambda: not stage.listener._open)

    on_stage(services, broker, play, Desk(stubborn, services.roster, Topics()))
    database = open_database()
    assert stored(database) == {NOW: 1}
    (kept,) = QuarantineStore(database).listing("live")
    assert str(NOW - 1).encode() in kept.entry.raw


@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "killed"])
def test_a_broker_that_comes_back_has_kept_everything(
    services: Services, broker: Broker, open_database: Callable[[], Database], kill: bool
) -> None:
    database = open_database()
    half = 100

    async def play(stage: Stage) -> None:
        phone = await stage.phone("sokol-1")
        said = [position(NOW - 2 * half + number) for number in range(2 * half)]
        await asyncio.to_thread(phone.say_all, said[:half])
        await stage.heard("location", half)
        await asyncio.to_thread(broker.stop, kill=kill)
        await stage.until(lambda: not stage.listener.connected)
        await asyncio.to_thread(broker.start)
        await asyncio.to_thread(phone.say_all, said[half:])
        await stage.until(lambda: sum(stored(database).values()) == 2 * half)

    listener = on_stage(services, broker, play)
    assert stored(database) == dict.fromkeys(range(NOW - 2 * half, NOW), 1)
    assert listener.counts["connections"] == 2


def test_a_broker_that_is_not_there_yet_is_waited_for(
    services: Services, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        address = Address("127.0.0.1", broker.port, "fpu-test")
        desk = Desk(services.ingest, services.roster, Topics())
        listener = MqttListener(desk, services.clock, address, Topics(), (0.05,))
        stage = Stage(services, listener, broker)
        running = asyncio.create_task(listener.run())
        await stage.until(lambda: "refused" in caplog.text)
        await asyncio.to_thread(broker.start)
        await stage.until(lambda: listener.connected)
        listener.stop()
        await asyncio.wait_for(running, PATIENCE_S)

    broker.stop()
    asyncio.run(run())
