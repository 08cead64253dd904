"""A real browser on the stage; every request that leaves it is noted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from domain.time import to_rfc3339
from tests.browser.stage import Script, Stage
from tests.conftest import PATIENCE_MS

MAP = "document.querySelector('.js-plotly-plot')._fullLayout.map._subplot.map"


@pytest.fixture
def script() -> Script:
    """Two patrols, one of them with a gap in its trail; an incident; two crossing points."""
    now = datetime.now(UTC)
    return Script(
        units=[
            {"id": "p1", "callsign": "FP 11", "kind": "patrol", "on_shift": True, "task": "Gate 1"},
            {"id": "p2", "callsign": "FP 12", "kind": "patrol", "on_shift": True, "task": ""},
        ],
        latest=[
            position("p1", "FP 11", 20.80, 42.60, now - timedelta(seconds=5)),
            position("p2", "FP 12", 21.20, 42.40, now - timedelta(minutes=40), speed=0.0),
        ],
        tracks=[
            piece("p1", [[20.70, 42.60], [20.74, 42.60]], now - timedelta(minutes=30)),
            piece("p1", [[20.78, 42.60], [20.80, 42.60]], now - timedelta(minutes=5)),
        ],
        incidents=[incident("demo-0001", 20.95, 42.75)],
        crossings=[
            crossing("jarinje", "Jarinje/Jarinjë", "common_crossing_point", 20.6917, 43.2186),
            crossing("kulle", "Kullë/Kula", "crossing_point", 20.20, 42.72),
        ],
    )


@pytest.fixture
def stage(script: Script) -> Iterator[Stage]:
    """The running server."""
    running = Stage(script)
    yield running
    running.stop()


@pytest.fixture
def open_monitor(chromium: Browser, stage: Stage) -> Iterator[Callable[..., Page]]:
    """Opens the monitor in a window of its own and waits until it shows everything."""
    opened: list[Page] = []

    def another(width: int = 1366, height: int = 768, query: str = "", clock: bool = False) -> Page:
        page = chromium.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(PATIENCE_MS)
        opened.append(page)
        page.on("request", lambda asked: page_requests(page).append(asked.url))
        page.on("pageerror", lambda fault: page_faults(page).append(str(fault)))
        if clock:
            page.clock.install()
        page.goto(f"{stage.address}/{query}")
        page.wait_for_function("() => window.fpu?.map?.isReady()")
        page.wait_for_function("() => fpu.map.contents('patrols')?.features.length > 0")
        page.wait_for_function(f"() => {{ const map = {MAP}; return map.loaded(); }}")
        page.wait_for_function("() => fpu.live.isConnected()")
        return page

    _NOTES.clear()  # a new page may have the number of one that is gone
    yield another
    faults = [fault for page in opened for fault in page_faults(page)]
    foreign = [
        url
        for page in opened
        for url in page_requests(page)
        if not url.startswith((stage.address, "blob:", "data:"))
    ]
    for page in opened:
        page.close()
    assert faults == []
    assert foreign == []


def stop_the_clock(page: Page) -> None:
    """Later the page's time moves only as far as ``page.clock.fast_forward`` is told: how long the
    machine takes does not count. The page must have been opened with ``clock=True``."""
    page.clock.pause_at(page.evaluate("() => Date.now()") / 1000 + 600)  # surely not yet over


def fall_silent(stage: Stage, page: Page) -> None:
    """Of what the stage has said nothing is still on its way to the page."""
    page.evaluate("() => fpu.on('beat', ({last}) => { window.lastWord ||= last; })")
    stage.fall_silent()
    page.wait_for_function("() => window.lastWord")


_NOTES: dict[tuple[int, str], list[str]] = {}


def page_requests(page: Page) -> list[str]:
    """Every address that a page has asked for."""
    return _NOTES.setdefault((id(page), "requests"), [])


def page_faults(page: Page) -> list[str]:
    """Every fault of a page's scripts that nobody caught."""
    return _NOTES.setdefault((id(page), "faults"), [])


def position(
    unit: str, callsign: str, lon: float, lat: float, at: datetime, speed: float = 12.0
) -> dict[str, Any]:
    """A position as the interface and the stream give it."""
    properties = {
        "unit": unit,
        "callsign": callsign,
        "device": f"device-{unit}",
        "fix_time": to_rfc3339(at),
        "received_at": to_rfc3339(at),
        "speed": speed,
        "course": 90.0,
        "accuracy": 6.0,
        "altitude": 540.0,
        "battery": 80,
        "age": 0.0,
        "status": "fresh",
    }
    return _feature("Point", [lon, lat], properties)


def piece(unit: str, line: list[list[float]], start: datetime) -> dict[str, Any]:
    """An unbroken piece of a track, four minutes long."""
    properties = {
        "unit": unit,
        "callsign": unit,
        "device": f"device-{unit}",
        "start": to_rfc3339(start),
        "end": to_rfc3339(start + timedelta(minutes=4)),
    }
    return _feature("LineString", line, properties)


def incident(identifier: str, lon: float, lat: float) -> dict[str, Any]:
    """The summary of an open incident that Kosovo Police leads."""
    now = to_rfc3339(datetime.now(UTC))
    return {
        "id": identifier,
        "version": 2,
        "title": "Roadblock",
        "category": "roadblock",
        "severity": 4,
        "inc": "KP_LEAD",
        "t2": "NONE",
        "t3": "NONE",
        "line": "KP",
        "tier": 1,
        "waiting": [],
        "position": {"lat": lat, "lon": lon},
        "occurred_at": now,
        "updated_at": now,
    }


def crossing(identifier: str, name: str, kind: str, lon: float, lat: float) -> dict[str, Any]:
    """A crossing point that nobody has visited."""
    properties = {
        "id": identifier,
        "name": name,
        "kind": kind,
        "status": "active",
        "approximate": False,
        "last_visit": None,
        "age_s": None,
    }
    return _feature("Point", [lon, lat], properties)


def _feature(kind: str, coordinates: list[Any], properties: dict[str, Any]) -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "geometry": geometry, "properties": properties}
