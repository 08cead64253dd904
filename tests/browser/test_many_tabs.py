"""Six windows of one browser over plain HTTP: the last two are told why, and none hangs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from app import create_app
from domain.roster import Operation
from services.access.demonstration_accounts import seed_demonstration_accounts
from services.access.places import FOR_A_BROWSER
from services.container import services_of
from settings import Settings
from tests.conftest import PATIENCE_MS
from tests.serving import serving

pytestmark = pytest.mark.browser

CONNECTIONS = 6
"""What a browser opens to one host by HTTP/1.1."""


@pytest.fixture
def home(sqlite_template: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a server with accounts and an operation."""
    path = tmp_path / "dashboard.db"
    path.write_bytes(sqlite_template.read_bytes())
    services = services_of(create_app(Settings(database_url=f"sqlite:///{path}")).extensions)
    seed_demonstration_accounts(services.accounts)
    services.roster.ensure_live(services.clock())
    services.roster.add(Operation("demo", "exercise", "Demonstration", services.clock()))
    services.close()
    with serving(path, FPU_THREADS="48") as running:
        yield f"http://127.0.0.1:{running.port}"


def test_the_fifth_window_says_so_and_the_first_is_answered(chromium: Browser, home: str) -> None:
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE_MS)
    first = context.new_page()
    first.goto(f"{home}/sign-in")
    first.locator("form:has(input[value='duty']) button.account").first.click()
    first.wait_for_url(re.compile(f"{re.escape(home)}/(?!sign-in)"))
    screen = f"{home}/quarantine?operation=demo"
    first.goto(screen)
    first.wait_for_function("() => fpu.live.isConnected()")
    for number in range(1, CONNECTIONS + 1):
        if number > 1:
            page = context.new_page()
            page.goto(screen)
            if number <= FOR_A_BROWSER:
                page.wait_for_function("() => fpu.live.isConnected()")
            else:
                banner = page.locator("#banners")
                expect(banner).to_contain_text("Too many screens")
                expect(banner).to_contain_text("This browser has 4 of at most 4 screens")
    answered = first.evaluate("async () => (await fetch('/healthz', {cache: 'no-store'})).status")
    assert answered == 200
    context.close()
