"""The whole product as a newcomer meets it: the demonstration, a real server, real browsers."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app import create_app
from services.container import services_of
from settings import Settings
from tests.browser.windows import signed_in_windows
from tests.serving import BEARER, PATIENCE_S, Running, serving

pytestmark = pytest.mark.browser

FIRST_VIEW_BYTES = 400_000
ONE_POSITION_BYTES = 1_000
LIBRARIES = "/_dash-component-suites/"


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the whole demonstration; the server adds its accounts."""
    path = tmp_path_factory.mktemp("newcomer") / "dashboard.db"
    server = create_app(Settings(database_url=f"sqlite:///{path}"))
    services = services_of(server.extensions)
    assert server.test_cli_runner().invoke(args=["db", "upgrade"]).exit_code == 0
    assert server.test_cli_runner().invoke(args=["exercise", "load", "demo"]).exit_code == 0
    services.close()
    return path


@pytest.fixture(scope="module")
def running(demonstration: Path) -> Iterator[Running]:
    """The server over it."""
    with serving(demonstration) as server:
        yield server


@pytest.fixture
def window(chromium: Browser, running: Running) -> Iterator[Callable[[str], Page]]:
    """Opens a window of its own in which an account is signed in."""
    with signed_in_windows(chromium, running) as open_as:
        yield open_as


def _map_is_drawn(page: Page) -> None:
    page.wait_for_function("() => window.fpu?.map?.isReady()")
    page.wait_for_function("() => fpu.map.contents('patrols')?.features.length > 5")
    page.wait_for_function("() => fpu.live.isConnected()")


def _position_of(page: Page, callsign: str) -> list[float]:
    script = (
        "name => fpu.map.contents('patrols').features"
        ".find(one => one.properties.callsign === name)?.geometry.coordinates"
    )
    return [round(value, 4) for value in page.evaluate(script, callsign) or []]


def _send(running: Running, latitude: float, **more: object) -> int:
    query = f"&lat={latitude}&lon=20.87&timestamp={int(time.time() * 1000)}"
    query += "".join(f"&{name}={value}" for name, value in more.items())
    return running.ask(f"/feeds/osmand?id=fpu-test&key=fpu-test{query}")[0]


def test_the_first_view_is_small_and_shows_everything(window: Callable[[str], Page]) -> None:
    page = window("wall")
    page.goto("about:blank")
    moved: dict[str, float] = {}
    urls: dict[str, str] = {}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    session.on(
        "Network.requestWillBeSent", lambda e: urls.update({e["requestId"]: e["request"]["url"]})
    )
    session.on(
        "Network.loadingFinished",
        lambda e: moved.update({e["requestId"]: e["encodedDataLength"]}),
    )
    page.go_back()
    _map_is_drawn(page)
    expect(page.locator(".patrol").nth(6)).to_be_visible()
    expect(page.locator("#incident-rows > *").first).to_be_visible()
    page.wait_for_load_state("load")
    own = {urls[key]: size for key, size in moved.items() if LIBRARIES not in urls[key]}
    assert len(own) > 15
    assert sum(own.values()) < FIRST_VIEW_BYTES, sorted(own.items(), key=lambda one: -one[1])[:9]


def test_a_position_reaches_every_open_window(
    window: Callable[[str], Page], running: Running
) -> None:
    pages = [window("duty"), window("patrol")]
    for page in pages:
        _map_is_drawn(page)
    before = pages[1].evaluate("() => ({...fpu.map.camera?.() ?? {}})")
    assert _send(running, 42.8911) == 200
    for page in pages:
        page.wait_for_function(
            "() => fpu.map.contents('patrols').features.some(one =>"
            " one.properties.callsign === 'TEST-PHONE'"
            " && Math.abs(one.geometry.coordinates[1] - 42.8911) < 1e-4)"
        )
    assert pages[1].evaluate("() => ({...fpu.map.camera?.() ?? {}})") == before


def test_one_position_is_one_short_message(running: Running) -> None:
    stream = HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE_S)
    try:
        stream.request("GET", "/live?operation=demo", headers=BEARER)
        events = stream.getresponse()
        assert _send(running, 42.8921) == 200
        message = _message_with(events, b"42.8921")
    finally:
        stream.close()
    assert b"event: fix" in message
    assert b"TEST-PHONE" in message
    assert len(message) < ONE_POSITION_BYTES


def _message_with(events: HTTPResponse, words: bytes) -> bytes:
    """The whole message of a stream, number and kind included, that has ``words``."""
    lines: list[bytes] = []
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        line = events.readline()
        if line.strip():
            lines.append(line)
            continue
        if any(words in one for one in lines):
            return b"".join(lines)
        lines = []
    pytest.fail("the position never came")


def test_an_alarm_lights_every_window_until_a_person_takes_it(
    window: Callable[[str], Page], running: Running
) -> None:
    pages = [window("duty"), window("patrol")]
    for page in pages:
        _map_is_drawn(page)
    assert _send(running, 42.8931, alarm="sos") == 200
    for page in pages:
        expect(page.locator("#sos-banners")).to_contain_text("TEST-PHONE")
    pages[1].locator("#sos-banners").get_by_role("button", name=re.compile("Acknowledge")).click()
    for page in pages:
        expect(page.locator("#sos-banners")).not_to_contain_text("TEST-PHONE")
    expect(pages[0].locator("#alert-list")).to_contain_text("patrol")


def test_an_officer_records_an_event_and_another_sees_it(
    window: Callable[[str], Page], running: Running
) -> None:
    _, _, body = running.ask("/api/v1/operations/demo/incidents", **BEARER)
    reported = next(one for one in json.loads(body)["items"] if one["inc"] == "REPORTED")
    home = f"http://127.0.0.1:{running.port}"
    watching, acting = window("review"), window("duty")
    for page in (watching, acting):
        page.goto(f"{home}/incident/{reported['id']}")
        expect(page.locator("#incident-lanes")).to_contain_text("Kosovo Police")
    expect(watching.locator("#incident-actions .action-button")).to_have_count(0)
    acting.get_by_role("button", name="Note", exact=True).click()
    acting.locator("#act-fields textarea").first.fill("Loudspeaker heard at the bridge")
    acting.locator("#act-submit").click()
    for page in (acting, watching):
        expect(page.locator("#incident-timeline")).to_contain_text("Loudspeaker heard")


def test_what_was_acknowledged_is_there_after_a_kill(demonstration: Path, tmp_path: Path) -> None:
    database = tmp_path / "killed.db"
    with closing(sqlite3.connect(demonstration)) as one, closing(sqlite3.connect(database)) as copy:
        one.backup(copy)  # another server writes there meanwhile
    with serving(database) as server:
        assert _send(server, 42.8941) == 200
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait(PATIENCE_S)
    with serving(database) as server:
        _, _, body = server.ask("/api/v1/operations/demo/positions/latest", **BEARER)
    latest = {one["properties"]["callsign"]: one for one in json.loads(body)["features"]}
    assert latest["TEST-PHONE"]["geometry"]["coordinates"] == [20.87, 42.8941]
