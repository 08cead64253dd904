"""Windows of a real browser, each with an account signed in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from tests.serving import Running

SIZE: ViewportSize = {"width": 1366, "height": 768}


@contextmanager
def signed_in_windows(chromium: Browser, running: Running) -> Iterator[Callable[[str], Page]]:
    """Opens a window of its own for an account. No script may fail, no request leave the server."""
    contexts: list[BrowserContext] = []
    foreign: list[str] = []
    faults: list[str] = []
    home = f"http://127.0.0.1:{running.port}"

    def watch(asked: str) -> None:
        if not asked.startswith((home, "blob:", "data:")):
            foreign.append(asked)

    def open_as(account: str) -> Page:
        contexts.append(chromium.new_context(viewport=SIZE))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("request", lambda asked: watch(asked.url))
        page.goto(f"{home}/sign-in")
        page.locator(f"form:has(input[value='{account}']) button.account").first.click()
        page.wait_for_url(re.compile(f"{re.escape(home)}/(?!sign-in)"))
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert foreign == []
    assert faults == []
