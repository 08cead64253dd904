"""Track files and the quarantine as a person meets them: a real server, a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from domain.time import to_rfc3339
from tests.browser.demonstration import demonstration
from tests.conftest import PATIENCE_MS
from tests.serving import Running, serving

pytestmark = pytest.mark.browser

UNIT, ANOTHER = "LYRA-1", "ORION-1"
"""To the first other tests add what may not be believed when it comes back."""

FAULTY = (51, 52, 53)
"""Points of ``walk``: abroad, with latitude and longitude exchanged, without a time."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server over the demonstration."""
    path = tmp_path_factory.mktemp("files") / "dashboard.db"
    with demonstration(path):
        pass
    with serving(path) as started:
        yield started


@pytest.fixture
def page(chromium: Browser, running: Running) -> Iterator[Page]:
    """The shift commander at the screen of the track files; no script may fail."""
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, accept_downloads=True)
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    opened.on("pageerror", lambda fault: faults.append(str(fault)))
    home = f"http://127.0.0.1:{running.port}"
    opened.goto(f"{home}/sign-in")
    opened.locator("form:has(input[value='duty']) button.account").first.click()
    opened.wait_for_url(re.compile(f"{re.escape(home)}/(?!sign-in)"))
    opened.goto(f"{home}/tracks?operation=demo")
    opened.locator("#upload-form input[type=file]").wait_for()
    opened.wait_for_function("() => window.fpu?.map?.isReady()")
    yield opened
    context.close()
    assert faults == []


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    """A hundred points of an hour ago; three of them cannot be believed."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    points = []
    for number in range(1, 101):
        place = [42.6 + number / 1000, 20.9]
        if number == FAULTY[0]:
            place = [52.2, 21.0]
        elif number == FAULTY[1]:
            place.reverse()
        moment = f"<time>{to_rfc3339(start + timedelta(seconds=number))}</time>"
        time = "" if number == FAULTY[2] else moment
        points.append(f'<trkpt lat="{place[0]:.6f}" lon="{place[1]}">{time}</trkpt>')
    path = tmp_path / f"walk {start:%H%M%S%f}.gpx"
    track = f"<trk><trkseg>{''.join(points)}</trkseg></trk>"
    path.write_text(f'<gpx version="1.1"><wpt lat="42" lon="20"/>{track}</gpx>')
    return path


def choose(page: Page, path: Path, unit: str = UNIT) -> None:
    page.locator("#upload-form select").select_option(label=unit)
    page.locator("#upload-form input[type=file]").set_input_files(path)
    expect(page.locator(".file-report h3")).to_have_text(path.name)


def facts(page: Page) -> dict[str, str]:
    names = page.locator(".file-report dt").all_inner_texts()
    return dict(zip(names, page.locator(".file-report dd").all_inner_texts(), strict=True))


def drawn(page: Page) -> int:
    found: int = page.evaluate("() => fpu.map.contents('trails')?.features.length || 0")
    return found


def test_a_file_is_looked_at_stored_and_undone(page: Page, walk: Path) -> None:
    choose(page, walk)
    said = facts(page)
    assert (said["New"], said["Points"], said["To quarantine"]) == ("97", "100", "3")
    assert said["Waypoints"].startswith("1,")
    assert drawn(page) > 0
    row = page.locator("#imports-list tr", has_text=walk.name)
    expect(row).to_contain_text("nothing stored")

    page.get_by_role("button", name="Import 97").click()
    expect(page.locator(".file-done")).to_contain_text("New: 97, already there: 0, quarantined: 3")
    expect(row).to_contain_text("new 97")
    expect(row).to_contain_text("No time: 1")

    choose(page, walk)
    assert facts(page)["Already there"] == "100"
    page.get_by_role("button", name="Do not import").click()
    expect(page.locator(".file-report h3")).to_have_count(0)

    row = page.locator("#imports-list tr", has_text=walk.name).filter(has_text="stored").first
    row.get_by_role("button", name="Undo").click()
    window = page.locator("dialog")
    window.get_by_role("button", name="Undo").click()
    expect(window.locator(".file-notice")).to_contain_text("reason")
    window.locator("textarea").fill("belongs to another patrol")
    window.get_by_role("button", name="Undo").click()
    undone = page.locator("#imports-list tr", has_text="belongs to another patrol")
    expect(undone).to_contain_text("97 positions taken away")
    expect(undone).to_contain_text("duty")
    assert drawn(page) == 0


def test_what_no_unit_can_be_told_for_is_refused_in_words(page: Page, walk: Path) -> None:
    page.locator("#upload-form input[type=file]").set_input_files(walk)
    expect(page.locator("#upload-form .file-notice")).to_contain_text("choose the unit")


@pytest.mark.parametrize("ending", ["GPX", "GeoJSON", "CSV", "GeoPackage"])
def test_what_is_saved_comes_back_as_the_same_positions(
    page: Page, tmp_path: Path, ending: str
) -> None:
    form, now = page.locator("#export-form"), datetime.now(UTC)
    form.locator("select").nth(0).select_option(label=ANOTHER)
    form.locator("select").nth(1).select_option(label=ending)
    # not what the form begins with, the day until now: right after midnight that is nothing
    for at, moment in enumerate((now - timedelta(hours=6), now)):
        form.locator("input").nth(at).fill(f"{moment:%Y-%m-%d %H:%M}")
    with page.expect_download() as waiting:
        form.get_by_role("button", name="Save file").click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    choose(page, path, "as the file says")
    said = facts(page)
    assert int(said["Points"]) > 100
    assert (said["New"], said["Already there"], said["To quarantine"]) == ("0", said["Points"], "0")


def test_the_quarantine_is_decided_entry_by_entry_or_all_that_is_shown(
    page: Page, walk: Path
) -> None:
    choose(page, walk)
    page.get_by_role("button", name="Import 97").click()
    expect(page.locator(".file-done")).to_contain_text("quarantined: 3")
    page.locator("nav a", has_text="Quarantine").click()
    tables = page.locator("#quarantine-tables")

    def entry(reason: str) -> Page:
        tables.locator(".chips a", has_text=reason).click()
        expect(tables.locator(".chips a[aria-current]")).to_contain_text(reason)
        tables.locator("tr", has_text=reason).get_by_role("button", name="Decide").first.click()
        return page

    entry("exchanged")
    window = page.locator("dialog")
    latitude, longitude = window.locator("input").nth(0), window.locator("input").nth(1)
    swapped = latitude.input_value(), longitude.input_value()
    latitude.fill(swapped[1])
    longitude.fill(swapped[0])
    window.locator("textarea").fill("exchanged by the receiver")
    window.get_by_role("button", name="Correct").click()
    expect(tables.locator("tr", has_text="exchanged by the receiver")).to_contain_text("Corrected")

    entry("Outside")
    window.locator("textarea").fill("a course abroad")
    window.get_by_role("button", name="Accept as it is").click()
    expect(tables.locator("tr", has_text="a course abroad")).to_contain_text("Accepted")

    tables.locator(".chips a", has_text="No time").click()
    tables.get_by_role("button", name="Discard the").click()
    window.locator("textarea").fill("no clock")
    window.get_by_role("button", name="Discard").click()
    expect(tables.locator("tr", has_text="no clock").first).to_contain_text("Discarded")
    expect(tables.locator(".chips a", has_text="All")).to_contain_text("0")
