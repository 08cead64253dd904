"""TAK clients on the listener: pytak as the real one, over TCP and TLS, on every database."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

import api.cot_connection
import api.cot_listener
from api.cot_desk import Arrival, Desk
from api.cot_listener import CotListener
from api.feed_tls import tls_context
from app import create_app
from data.database import Database
from data.fix_store import FixStore
from data.quarantine_store import QuarantineStore
from domain.errors import StoreUnavailable
from domain.roster import Operation, Unit
from formats.cot import read
from services.container import Services, services_of
from settings import Settings
from tests.tak_client import PATIENCE_S, TakClient, make_certificates

pytestmark = pytest.mark.filterwarnings("ignore:ssl.OP_NO:DeprecationWarning")  # by pytak

DEVICES = ("sokol-1", "sokol-2", "drill-1")


@pytest.fixture
def services(database_url: str) -> Iterator[Services]:
    """Two patrols in the live operation, one in an exercise."""
    services = services_of(create_app(Settings(database_url=database_url)).extensions)
    now = services.clock()
    services.roster.ensure_live(now)
    services.roster.add(Operation("drill", "exercise", "Drill", now))
    for name in DEVICES:
        services.roster.add(Unit(name, name.upper()))
        services.roster.add_device(name, "key", "knots", "")
        services.roster.assign_unit(name, "drill" if name == "drill-1" else "live", now)
        services.roster.assign_device(name, name, now)
    services.roster.add_device("spare", "key", "knots", "")
    yield services
    services.close()


class Stage:
    """A listener that runs, and clients that are closed at the end."""

    def __init__(self, services: Services, listener: CotListener, port: int) -> None:
        self.services, self.listener, self.port = services, listener, port
        self.closing = AsyncExitStack()

    async def client(self, uid: str, port: int = 0, files: Path | None = None) -> TakClient:
        client = await TakClient(uid, port or self.port, files).connect()
        self.closing.push_async_callback(client.leave)
        return client

    async def present(self, uid: str, **where: Any) -> TakClient:
        """A client that the listener knows by now."""
        client = await self.client(uid, **where)
        await client.tell()
        await self.until(lambda: uid in self.listener.present())
        return client

    async def until(self, met: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not met():
                await asyncio.sleep(0.01)


Play = Callable[[Stage], Awaitable[None]]


def on_stage(
    services: Services, play: Play, desk: Desk | None = None, **options: Any
) -> CotListener:
    async def run() -> CotListener:
        made = desk or Desk(services.ingest, services.roster, services.spots)
        listener = CotListener(made, services.clock, **options)
        stage = Stage(services, listener, await listener.listen("127.0.0.1", 0))
        running = asyncio.create_task(listener.run())
        try:
            async with stage.closing:
                await play(stage)
        finally:
            listener.stop()
            await asyncio.wait_for(running, PATIENCE_S)
            made.close()
        return listener

    return asyncio.run(run())


def test_what_one_client_says_is_durable_before_another_sees_it(
    services: Services, open_database: Callable[[], Database]
) -> None:
    async def play(stage: Stage) -> None:
        other = await stage.present("sokol-2")
        client = await stage.client("sokol-1")
        await client.tell(42.71)
        heard = await other.hear('uid="sokol-1"', "42.71")
        (stored,) = [
            one for one in FixStore(open_database()).latest("live") if one.unit == "sokol-1"
        ]
        assert (stored.fix.latitude, stored.fix.accuracy, stored.fix.altitude) == (
            42.71,
            5.0,
            560.0,
        )
        assert stored.fix.attributes["callsign"] == "SOKOL-1"
        assert stored.fix.attributes["stale"].encode() in heard
        assert heard.startswith(b"<?xml")
        assert client.heard() == 0  # nobody hears oneself

    on_stage(services, play)


def test_a_client_that_connects_again_is_served_at_once(services: Services) -> None:
    async def play(stage: Stage) -> None:
        other = await stage.present("sokol-2")
        for turn in (0, 0.1, 0.2):
            client = await stage.client("sokol-1")
            await client.tell(42.51 + turn)
            await other.hear('uid="sokol-1"', f'lat="{42.51 + turn}"')
            await other.tell(42.61 + turn)
            await client.hear('uid="sokol-2"', f'lat="{42.61 + turn}"')
            if turn:  # the first is left open: the network forgot it, the server did not
                await client.leave()

    assert on_stage(services, play).counts["replaced"] >= 1


def test_an_unknown_client_is_refused_counted_and_hears_nothing(
    services: Services, open_database: Callable[[], Database]
) -> None:
    async def play(stage: Stage) -> None:
        known = await stage.present("sokol-2")
        stranger = await stage.client("ANDROID-unknown")
        for number in range(api.cot_listener.MOST_FAULTS + 5):
            await stranger.tell(42.5 + number / 1000)
        await stage.until(lambda: stage.listener.counts["unknown"] > api.cot_listener.MOST_FAULTS)
        await known.tell(42.61)
        client = await stage.client("sokol-1")
        await client.tell(42.62)
        heard = await known.hear("event")
        assert b"ANDROID-unknown" not in heard
        assert stranger.heard() == 0

    on_stage(services, play)
    database = open_database()
    assert {one.unit for one in FixStore(database).latest("live")} == {"sokol-1", "sokol-2"}
    assert QuarantineStore(database).listing(None) == []


def test_operations_do_not_see_each_other(services: Services) -> None:
    async def play(stage: Stage) -> None:
        drill = await stage.present("drill-1")
        live = await stage.present("sokol-1")
        third = await stage.present("sokol-2")
        await drill.tell(42.51)
        await third.tell(42.52)
        assert b"sokol-2" in await live.hear('lat="42.52"')
        assert live.heard() == drill.heard() == 0

    on_stage(services, play)


def test_what_cannot_be_is_kept_with_its_bytes_and_shown_to_nobody(
    services: Services, open_database: Callable[[], Database]
) -> None:
    async def play(stage: Stage) -> None:
        other = await stage.present("sokol-2")
        client = await stage.present("sokol-1")
        await client.tell(51.5)
        await client.send(b'<event uid="sokol-1" type="a-f-G"><point</event>')
        await client.tell(42.53)
        assert b"42.53" in await other.hear('lat="', "42.5")

    on_stage(services, play)
    kept = QuarantineStore(open_database()).listing("live")
    assert {one.entry.rejection.reason for one in kept} == {"outside_area", "unreadable"}
    assert all(b"sokol-1" in one.entry.raw for one in kept)


def test_who_contradicts_himself_is_shown_with_what_he_said_first(
    services: Services, open_database: Callable[[], Database]
) -> None:
    moment = services.clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def said(latitude: float) -> bytes:
        place = f'<point lat="{latitude}" lon="20.9" hae="0" ce="5" le="5"/>'
        return f'<event uid="sokol-1" type="a-f-G" time="{moment}">{place}</event>'.encode()

    async def play(stage: Stage) -> None:
        other = await stage.present("sokol-2")
        client = await stage.present("sokol-1")
        await client.send(said(42.51))
        await other.hear('lat="42.51"')
        await client.send(said(42.99) + said(42.51))  # a contradiction, and the first again
        assert b"42.99" not in await other.hear('lat="42.')

    on_stage(services, play)
    [kept] = QuarantineStore(open_database()).listing("live")
    assert kept.entry.rejection.reason == "conflicting_duplicate"
    assert kept.entry.raw == said(42.99)


def test_certificates_tell_who_is_who(
    services: Services, open_database: Callable[[], Database], tmp_path: Path
) -> None:
    make_certificates(tmp_path, "server", "sokol-1", "sokol-2", "ghost")
    names = [tmp_path / name for name in ("authority.pem", "server.pem", "server.key")]

    async def play(stage: Stage) -> None:
        port = await stage.listener.listen(
            "127.0.0.1", 0, tls_context(ssl.Purpose.CLIENT_AUTH, *names)
        )
        other = await stage.client("sokol-2", port, tmp_path)
        client = await stage.client("sokol-1", port, tmp_path)
        await stage.until(lambda: {"sokol-1", "sokol-2"} <= stage.listener.present())
        await client.send(client.position(42.9, uid="sokol-2"))  # another's name
        await client.tell(42.54)
        assert b'uid="sokol-1"' in await other.hear("event")
        assert stage.listener.counts["of another device"] == 1
        again = await stage.client("sokol-1", port, tmp_path)
        await stage.until(lambda: stage.listener.counts["replaced"] == 1)
        await other.tell(42.55)
        await again.hear('uid="sokol-2"')
        await stage.client("ghost", port, tmp_path)
        await stage.until(lambda: stage.listener.counts["unknown certificate"] == 1)
        await _is_refused(port, tmp_path)

    on_stage(services, play)
    units = {one.unit for one in FixStore(open_database()).latest("live")}
    assert units == {"sokol-1", "sokol-2"}


async def _is_refused(port: int, files: Path) -> None:
    """Without a certificate, and with one that another authority has signed."""
    make_certificates(files, "sokol-1", authority="stranger")
    for own in (None, files / "sokol-1.pem"):
        context = ssl.create_default_context(cafile=str(files / "authority.pem"))
        if own is not None:
            context.load_cert_chain(own, own.with_suffix(".key"))
        with pytest.raises((ssl.SSLError, ConnectionError)):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=context, server_hostname="localhost"
            )
            writer.write(b" ")
            assert not await asyncio.wait_for(reader.read(), PATIENCE_S)
            raise ConnectionError


def test_a_certificate_may_have_another_name_than_its_device(
    services: Services, tmp_path: Path
) -> None:
    make_certificates(tmp_path, "server", "kowalska")
    names = [tmp_path / name for name in ("authority.pem", "server.pem", "server.key")]

    async def play(stage: Stage) -> None:
        port = await stage.listener.listen(
            "127.0.0.1", 0, tls_context(ssl.Purpose.CLIENT_AUTH, *names)
        )
        await stage.client("kowalska", port, tmp_path)
        await stage.until(lambda: stage.listener.present() == {"sokol-1"})

    on_stage(services, play, names={"kowalska": "sokol-1"})


class Stubborn:
    """An ingest whose store is away as long as it is told."""

    def __init__(self, services: Services) -> None:
        self._ingest, self.away, self.asked = services.ingest, False, 0
        self.quarantine = services.ingest.quarantine

    def accept(self, *said: Any) -> object:
        self.asked += 1
        if self.away:
            raise StoreUnavailable("the database refused: database or disk is full")
        return self._ingest.accept(*said)


def test_while_nothing_can_be_stored_nothing_is_read_shown_or_lost(
    services: Services, open_database: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.cot_listener, "ROOM", 10)
    stubborn = Stubborn(services)
    desk = Desk(stubborn, services.roster, services.spots)
    total = 200

    async def play(stage: Stage) -> None:
        other = await stage.present("sokol-2")
        client = await stage.present("sokol-1")
        await other.hear('uid="sokol-1"')
        stubborn.asked, stubborn.away = 0, True
        for number in range(total):
            await client.tell(42.6 + number / 1000)
        await stage.until(lambda: stubborn.asked >= 2)
        assert other.heard() == 0
        stubborn.away = False
        for number in range(total):
            heard = await other.hear('uid="sokol-1"', 'lat="42.')
            assert f'lat="{42.6 + number / 1000:.6g}"'.encode() in heard

    on_stage(services, play, desk)
    now = services.clock()
    columns = FixStore(open_database()).between("live", "sokol-1", now.replace(year=2020), now)
    assert len(columns) == total + 1


def test_who_does_not_read_is_let_go(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.cot_connection, "LARGEST_BACKLOG", 20_000)

    async def play(stage: Stage) -> None:
        client = await stage.client("sokol-1")
        _, writer = await asyncio.open_connection("127.0.0.1", stage.port, limit=1000)
        writer.write(client.position(uid="sokol-2"))
        await stage.until(lambda: "sokol-2" in stage.listener.present())
        number = 0
        while not stage.listener.counts["too slow"]:
            number += 1
            await client.tell(42.6 + number / 1e5, callsign="x" * 50_000)
            await asyncio.sleep(0)
        await stage.until(lambda: "sokol-2" not in stage.listener.present())
        writer.close()

    on_stage(services, play)


def test_a_ping_is_answered(services: Services) -> None:
    async def play(stage: Stage) -> None:
        client = await stage.client("sokol-1")
        await client.tell(cot_type="t-x-c-t", uid="sokol-1-ping")
        assert b'type="t-x-c-t-r"' in await client.hear("event")

    on_stage(services, play)


def test_the_binary_form_is_refused_by_its_name(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    async def play(stage: Stage) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
        writer.write(b"\xbf\x05\x0a\x03abc")
        assert await asyncio.wait_for(reader.read(), PATIENCE_S) == b""  # it was closed
        writer.close()
        await stage.until(lambda: "set the client to XML" in caplog.text)

    on_stage(services, play)


def test_of_many_faults_of_the_program_one_is_written_down(
    services: Services, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of this program")

    desk = Desk(services.ingest, services.roster, services.spots)
    monkeypatch.setattr(services.ingest, "accept", fails)
    events = [f"sokol-{which}" for which in (1, 2)] * 20
    arrivals = [
        Arrival(number, None, None, one, services.clock())
        for number, one in enumerate(read([TakClient(uid, 0).position() for uid in events]))
    ]
    assert desk.write(arrivals, (), services.clock()).counts["failed"] == len(events)
    desk.close()
    assert caplog.text.count("an event could not be stored") == 1


def test_an_emergency_is_an_sos_and_taking_it_back_ends_nothing(services: Services) -> None:
    async def play(stage: Stage) -> None:
        other = await stage.present("sokol-2")
        client = await stage.present("sokol-1")
        for kind in ("b-a-o-tbl", "b-a-o-tbl", "b-a-o-can"):
            await client.tell(42.63, uid="sokol-1-9-1-1", cot_type=kind)
        await other.hear("b-a-o-can")

    on_stage(services, play)
    (alert,) = services.picture.alerts("live")
    assert (alert.kind, alert.details["alarm"], alert.times, alert.open) == ("sos", "911", 1, True)
    assert alert.details["position"] == {"lat": 42.63, "lon": 20.87}
    (line,) = services.picture.log("live")
    assert "taken back" in line["record"]["text"]


def test_a_spot_waits_for_a_person(services: Services) -> None:
    link = '<link uid="sokol-1" relation="p-p"/><remarks>two trucks</remarks></detail>'

    async def play(stage: Stage) -> None:
        other = await stage.present("sokol-2")
        client = await stage.present("sokol-1")
        spot = client.position(42.64, uid="marker-1", cot_type="b-m-p-s-m", callsign="Roadblock")
        for _ in range(3):
            await client.send(spot.replace(b"</detail>", link.encode()))
        await client.tell(42.65)
        await other.hear("42.65")

    listener = on_stage(services, play)
    assert listener.counts["spot"] == 3
    (alert,) = services.picture.alerts("live")
    told = alert.view()
    assert (told["kind"], told["title"], told["remarks"]) == ("spot", "Roadblock", "two trucks")
    assert told["position"] == {"lat": 42.64, "lon": 20.87}
