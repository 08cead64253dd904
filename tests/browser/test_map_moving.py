"""What moves on the map: by the stream, without a new figure, through a change of the style."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from domain.time import to_rfc3339
from tests.browser.conftest import MAP, crossing, incident, position
from tests.browser.stage import Stage

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
_HEAD = "(unit) => fpu.map.contents('patrols').features.find((f) => f.properties.unit === unit)"


def _head(page: Page, unit: str) -> list[float]:
    found: list[float] = page.evaluate(f"(u) => ({_HEAD})(u).geometry.coordinates", unit)
    return found


def _wait_for_head(page: Page, unit: str, lon: float) -> None:
    page.wait_for_function(
        f"([u, lon]) => ({_HEAD})(u)?.geometry.coordinates[0] === lon", arg=[unit, lon]
    )


def _wait_until_drawn(page: Page, source: str, drawn: bool = True) -> None:
    """Until something of a source is really on the canvas, or nothing is; the map stands still."""
    page.wait_for_function(
        f"([source, drawn]) => {MAP}.loaded() && !{MAP}.isMoving() && drawn ==="
        f" {MAP}.queryRenderedFeatures().some((feature) => feature.source === source)",
        arg=[source, drawn],
    )


def _click(page: Page, lon: float, lat: float) -> None:
    """Click where the map shows a position."""
    spot = page.evaluate(f"(at) => {MAP}.project(at)", [lon, lat])
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + spot["x"], box["y"] + spot["y"])


def test_a_position_moves_the_symbol_and_nothing_else(open_monitor: Open, stage: Stage) -> None:
    page = open_monitor()
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    started = page.evaluate("() => fpu.map.camera().zoom")
    page.mouse.wheel(0, -400)
    page.wait_for_function(
        f"(zoom) => {MAP}.getZoom() > zoom + 0.1 && !{MAP}.isMoving()", arg=started
    )
    page.evaluate(
        "() => { window.redrawn = 0; const figure = document.querySelector('.js-plotly-plot');"
        " for (const kind of ['plotly_afterplot', 'plotly_redraw', 'plotly_relayout'])"
        " figure.on(kind, () => { window.redrawn += 1; }); }"
    )
    camera = page.evaluate("() => fpu.map.camera()")
    stage.tell("fix", position("p1", "FP 11", 20.83, 42.61, datetime.now(UTC)))
    _wait_for_head(page, "p1", 20.83)
    page.wait_for_function(
        f"() => {MAP}.querySourceFeatures('patrols')"
        ".some((f) => Math.abs(f.geometry.coordinates[0] - 20.83) < 0.001)"
    )
    assert page.evaluate("() => window.redrawn") == 0
    assert page.evaluate("() => fpu.map.camera()") == camera


def test_a_new_style_keeps_the_data_and_the_camera(open_monitor: Open, stage: Stage) -> None:
    page = open_monitor()
    page.get_by_role("button", name="FP 11 ", exact=False).first.click()
    page.wait_for_function(f"() => {MAP}.getZoom() > 10 && !{MAP}.isMoving()")
    camera = page.evaluate("() => fpu.map.camera()")
    page.evaluate("() => fpu.map.setVisible('settlements', false)")
    for theme in ("day", "night"):
        page.locator("#theme-switch").click()
        page.wait_for_function(f"() => {MAP}.getStyle().name.endsWith('{theme}')")
        page.wait_for_function(f"() => {MAP}.hasImage('patrol-moving-{theme}')")
        _wait_until_drawn(page, "patrols")
        _wait_until_drawn(page, "trails")
        _wait_until_drawn(page, "settlements", drawn=False)
        kept = page.evaluate("() => fpu.map.camera()")
        assert kept["zoom"] == pytest.approx(camera["zoom"])
        assert kept["center"] == pytest.approx(camera["center"], abs=1e-6)
    stage.tell("fix", position("p1", "FP 11", 20.81, 42.60, datetime.now(UTC)))
    _wait_for_head(page, "p1", 20.81)


def test_positions_that_were_stored_together_are_all_drawn(
    open_monitor: Open, stage: Stage
) -> None:
    page = open_monitor()
    now = datetime.now(UTC).timestamp() * 1000
    columns = ["source", "fix_time", "received_at", "longitude", "latitude", "speed", "course"]
    told = {
        "sources": [["p1", "FP 11", "phone-1"], ["p2", "FP 12", "phone-2"]],
        "columns": columns,
        "rows": [
            [0, now - 1000, now, 20.84, 42.61, 9.0, 90.0],
            [1, now, now, 20.91, 42.62, None, None],
            [0, now, now, 20.85, 42.61, 9.0, 90.0],
        ],
    }
    stage.tell("fixes", told)
    _wait_for_head(page, "p1", 20.85)
    _wait_for_head(page, "p2", 20.91)


def test_a_gap_is_drawn_as_a_gap(open_monitor: Open) -> None:
    page = open_monitor()
    page.wait_for_function("() => fpu.map.contents('trails')?.features.length === 2")
    trails = page.evaluate("() => fpu.map.contents('trails').features")
    known = next(one for one in trails if not one["properties"]["gap"])
    unknown = next(one for one in trails if one["properties"]["gap"])
    assert len(known["geometry"]["coordinates"]) == 2
    [step] = unknown["geometry"]["coordinates"]
    assert step[0] == pytest.approx([20.74, 42.6], abs=1e-4)  # on the grid of the zoom
    assert step[1] == pytest.approx([20.78, 42.6], abs=1e-4)


def test_positions_out_of_order_and_absurd_ones(open_monitor: Open, stage: Stage) -> None:
    """A late one joins the trail and does not move the symbol; a leap is no known way."""
    page, now = open_monitor(), datetime.now(UTC)
    stage.tell("fix", position("p1", "FP 11", 20.803, 42.60, now))
    stage.tell("fix", position("p1", "FP 11", 20.801, 42.60, now - timedelta(seconds=2)))
    stage.tell("fix", position("p1", "FP 11", 21.30, 42.60, now + timedelta(seconds=1)))
    _wait_for_head(page, "p1", 21.30)
    trails = page.evaluate("() => fpu.map.contents('trails').features")
    lines = next(one for one in trails if not one["properties"]["gap"])["geometry"]["coordinates"]
    assert [20.801, 42.6] in lines[-1]
    assert lines[-1][-1] == [20.803, 42.6]
    gaps = next(one for one in trails if one["properties"]["gap"])["geometry"]["coordinates"]
    assert [[20.803, 42.6], [21.3, 42.6]] in gaps


def test_a_reset_loads_everything_again(open_monitor: Open, stage: Stage) -> None:
    page = open_monitor()
    stage.script.latest.append(position("p3", "FP 31", 20.6, 42.5, datetime.now(UTC)))
    stage.script.incidents.append(incident("demo-0002", 20.7, 42.5))
    stage.script.crossings.append(
        crossing("vermice", "Vërmicë/Vrbnica", "crossing_point", 20.5, 42)
    )
    stage.tell("reset", {})
    expect(page.locator(".patrol")).to_have_count(3)
    expect(page.locator(".crossing")).to_have_count(3)
    page.wait_for_function("() => fpu.map.contents('incidents').features.length === 2")
    page.wait_for_function(
        f"() => new Set({MAP}.queryRenderedFeatures().filter((f) => f.source === 'incidents')"
        ".map((f) => f.properties.id)).size === 2"
    )


def test_following_keeps_a_patrol_in_the_middle_until_the_map_is_dragged(
    open_monitor: Open, stage: Stage
) -> None:
    page = open_monitor()
    page.get_by_role("button", name="Follow FP 11").click()
    page.wait_for_function(f"() => {MAP}.getZoom() > 10 && !{MAP}.isMoving()")
    stage.tell("fix", position("p1", "FP 11", 20.86, 42.62, datetime.now(UTC)))
    page.wait_for_function(f"() => Math.abs({MAP}.getCenter().lng - 20.86) < 0.001")
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 250)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 200, steps=5)
    page.mouse.up()
    expect(page.locator(".following")).to_be_hidden()


def test_clicks_on_the_map_reach_dash(open_monitor: Open) -> None:
    page = open_monitor()
    page.evaluate(
        "() => { window.told = []; const set = dash_clientside.set_props;"
        " dash_clientside.set_props = (id, props) => {"
        " window.told.push([id, props.data]); set(id, props); }; }"
    )
    _click(page, 20.95, 42.75)
    page.wait_for_function(f"() => window.told.length === 2 && {MAP}.getZoom() > 9")
    # symbols are found where they were last placed: wait until they are placed after the flight
    page.wait_for_function(
        f"() => {{ const map = {MAP}; if (map.isMoving() || !map.loaded()) return false;"
        " const {x, y} = map.project([21.02, 42.80]);"
        " const near = map.queryRenderedFeatures([[x - 20, y - 20], [x + 20, y + 20]]);"
        " const moving = ['alarms', 'patrols', 'incidents', 'crossings'];"
        " return !near.some((one) => moving.includes(one.source)); }"
    )
    _click(page, 21.02, 42.80)
    page.wait_for_function("() => window.told.length === 3")
    told = page.evaluate("() => window.told")
    assert [name for name, _ in told] == ["map-pick", "selected-incident", "map-click"]
    assert told[0][1]["id"] == told[1][1] == "demo-0001"
    assert told[2][1]["lat"] == pytest.approx(42.80, abs=0.01)
    assert told[2][1]["lon"] == pytest.approx(21.02, abs=0.01)
    assert "incident=demo-0001" in page.url


def test_a_move_that_is_interrupted_still_arrives(open_monitor: Open) -> None:
    """The drawer that opens beside the map gives it another size while it moves."""
    page = open_monitor(query="?incident=demo-0001")
    page.evaluate(
        "() => { fpu.map.goTo([20.5, 42.9], 11);"
        " document.getElementById('incident-drawer').append(document.createElement('p'));"
        " dispatchEvent(new Event('resize')); }"
    )
    page.wait_for_function(
        f"() => Math.abs({MAP}.getCenter().lng - 20.5) < 0.001 && {MAP}.getZoom() > 10.9"
    )
    layout = page.evaluate("() => document.querySelector('.js-plotly-plot').layout.map.center")
    assert layout["lon"] == pytest.approx(20.5, abs=0.001)


def test_layers_are_switched_by_keyboard(open_monitor: Open) -> None:
    page = open_monitor()
    page.locator("#map-tools summary").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Crossing points", exact=True).focus()
    page.keyboard.press("Space")
    page.wait_for_function(
        f"() => {MAP}.getLayoutProperty('crossings-sign', 'visibility') === 'none'"
    )
    page.wait_for_function(
        f"() => !{MAP}.queryRenderedFeatures().some((f) => f.source === 'crossings')"
    )


def test_what_a_device_does_not_send_is_told_by_its_last_two_positions(open_monitor: Open) -> None:
    page = open_monitor()
    found = page.evaluate(
        """() => {
          const tracks = new fpu.Tracks({late: 60, silent: 600});
          const start = Date.parse("2026-11-21T20:00:00Z");
          const fix = (seconds, lat) => tracks.fix({
            properties: {unit: "a", device: "d", speed: null, course: null,
                         fix_time: new Date(start + seconds * 1000).toISOString()},
            geometry: {coordinates: [21, lat]},
          });
          const unit = () => tracks.units.get("a");
          const told = () => [tracks.motion(unit()), tracks.look(unit(), start)];
          fix(0, 42);
          const alone = told();
          fix(30, 42.01);
          const driven = told();
          fix(60, 42.01005);
          return {alone, driven, stood: told(), ahead: tracks.isAhead(unit(), start)};
        }"""
    )
    assert found["alone"] == [{"speed": None, "course": None}, "stopped"]
    assert found["driven"][0]["speed"] == pytest.approx(37.1, abs=0.1)
    assert found["driven"][0]["course"] == pytest.approx(0)
    assert found["driven"][1] == "moving"
    assert found["stood"] == [{"speed": 0, "course": None}, "stopped"]
    assert found["ahead"]


def test_whose_device_was_lost_is_silent_at_once_and_says_since_when(
    open_monitor: Open, stage: Stage
) -> None:
    page = open_monitor()
    row = page.locator("#patrol-list .patrol", has_text="FP 11")
    now = datetime.now(UTC)
    stage.tell("fix", position("p1", "FP 11", 20.83, 42.61, now))
    _wait_for_head(page, "p1", 20.83)
    expect(row).not_to_have_attribute("data-look", "silent")
    later = now + timedelta(seconds=1)
    lost = {"unit": "p1", "callsign": "FP 11", "lost_at": to_rfc3339(later)}
    stage.tell("contact", {**lost, "device": "another"})
    stage.tell("fix", position("p1", "FP 11", 20.835, 42.61, now))
    _wait_for_head(page, "p1", 20.835)
    expect(row).not_to_have_attribute("data-look", "silent")
    stage.tell("contact", {**lost, "device": "device-p1"})
    expect(row).to_have_attribute("data-look", "silent")
    expect(row).to_contain_text(f"contact lost {later:%d%H%MZ}")
    page.wait_for_function(f"() => ({_HEAD})('p1').properties.age.startsWith('contact lost')")
    stage.tell("fix", position("p1", "FP 11", 20.84, 42.61, now + timedelta(seconds=2)))
    _wait_for_head(page, "p1", 20.84)
    expect(row).not_to_have_attribute("data-look", "silent")
    expect(row).not_to_contain_text("contact lost")
