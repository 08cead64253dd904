"""In a small window and on a telephone nothing is cut, and nothing lies over anything else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app import create_app
from domain.roster import Operation
from services.access.demonstration_accounts import seed_demonstration_accounts
from services.container import services_of
from settings import Settings
from tests.conftest import PATIENCE_MS
from tests.serving import serving

pytestmark = pytest.mark.browser

TABLET, PHONE = (1024, 768), (390, 844)
Look = Callable[[str, str, tuple[int, int], str], Page]

FAULTS = """() => {
  const box = (one) => one.getBoundingClientRect(), found = [];
  const shown = (one) => box(one).width > 0;
  for (const one of document.querySelectorAll(".shell-head > *, .shell-head :is(a, button)"))
    if (shown(one) && !one.closest(".operations ul") &&
        (box(one).left < 0 || box(one).right > innerWidth)) found.push(`cut: ${one.textContent}`);
  const parts = [...document.querySelectorAll(
    ".place .where, .place .title, .place .shift, .links a, .clock, .vital, .person > *",
  )].filter(shown);
  for (const [at, one] of parts.entries()) for (const other of parts.slice(at + 1)) {
    const a = box(one), b = box(other);
    const beside = a.right - 1 <= b.left || b.right - 1 <= a.left;
    if (!beside && a.top < b.bottom - 1 && b.top < a.bottom - 1)
      found.push(`over each other: ${one.textContent} / ${other.textContent}`);
  }
  const title = document.querySelector(".place .title");
  if (title.scrollWidth > title.clientWidth + 1) found.push("the operation's name is cut");
  if (document.documentElement.scrollWidth > innerWidth) found.push("scrolls sideways");
  return found;
}"""


@pytest.fixture(scope="module")
def home(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with accounts and an operation."""
    path = tmp_path_factory.mktemp("narrow") / "dashboard.db"
    path.write_bytes(sqlite_template.read_bytes())
    services = services_of(create_app(Settings(database_url=f"sqlite:///{path}")).extensions)
    seed_demonstration_accounts(services.accounts)
    services.roster.ensure_live(services.clock())
    services.roster.add(Operation("demo", "exercise", "Demonstration", services.clock()))
    services.close()
    with serving(path, FPU_THREADS="48") as running:
        yield f"http://127.0.0.1:{running.port}"


@pytest.fixture
def look(chromium: Browser, home: str) -> Iterator[Look]:
    """Opens a screen as an account, in a window of that size and in that language."""
    opened: list[BrowserContext] = []

    def at(account: str, path: str, size: tuple[int, int], language: str) -> Page:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]})
        opened.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.add_cookies([{"name": "fpu_language", "value": language, "url": home}])
        page = context.new_page()
        page.goto(f"{home}/sign-in")
        page.locator(f"form:has(input[value='{account}']) button.account").first.click()
        page.wait_for_url(re.compile(f"{re.escape(home)}/(?!sign-in)"))
        page.goto(f"{home}{path}?operation=demo")
        page.wait_for_function("() => window.fpu?.live?.isConnected()")
        expect(page.locator("#local-clock b")).not_to_be_empty()
        return page

    yield at
    for context in opened:
        context.close()


@pytest.mark.parametrize(
    ("account", "size", "language"),
    [("admin", TABLET, "pl"), ("review", TABLET, "en"), ("duty", PHONE, "pl")],
)
def test_the_header_has_room_for_every_role(
    look: Look, account: str, size: tuple[int, int], language: str
) -> None:
    assert look(account, "/quarantine", size, language).evaluate(FAULTS) == []


def test_track_files_stand_one_below_the_other_on_a_telephone(look: Look) -> None:
    page = look("duty", "/tracks", PHONE, "pl")
    page.locator("#upload-form input[type=file]").wait_for()
    boxes = [
        page.locator(part).bounding_box()
        for part in ("#upload-form", "#export-form", "#files-map-panel", "#imports-list")
    ]
    assert None not in boxes
    tops = [box["y"] for box in boxes if box]
    assert tops == sorted(tops)
    assert min(box["width"] for box in boxes if box) > 330
    assert page.evaluate("() => document.documentElement.scrollHeight > innerHeight")
    assert page.evaluate(FAULTS) == []


def test_the_security_log_has_the_telephone_to_itself(look: Look) -> None:
    page = look("review", "/security", PHONE, "en")
    filters = page.locator(".security-filters")
    expect(filters).to_be_hidden()
    page.locator(".security-fold summary").click()
    expect(filters).to_be_visible()
    page.mouse.wheel(0, 4000)
    page.wait_for_function("() => scrollY > 200")
    assert page.locator(".shell-head").bounding_box()["y"] < 0  # type: ignore[index]
    assert page.evaluate(FAULTS) == []


def test_the_labels_of_the_filters_stand_on_one_line(look: Look) -> None:
    page = look("review", "/security", (1366, 768), "en")
    tops = page.locator(".security-filters label").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect())"
    )
    rows: dict[int, set[float]] = {}
    for box in tops:
        rows.setdefault(round(box["y"] / 20), set()).add(round(box["y"], 1))
    assert len(tops) == 6
    assert {len(row) for row in rows.values()} == {1}
