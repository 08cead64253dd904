"""What asks the interface of the demonstration, as one of its accounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

ROOT = "/api/v1/operations/demo"
Ask = Callable[..., Any]


def asking(server: Flask) -> Ask:
    """Gets, or posts what is ``sent``: bytes as they are, all else as JSON. ``who`` is an account
    of the demonstration."""
    browser = server.test_client()

    def send(path: str, sent: Any = None, who: str = "duty", **query: str) -> Any:
        headers = {"Authorization": f"Bearer demo-{who}"}
        options: dict[str, Any] = {"headers": headers, "query_string": query}
        if sent is None:
            return browser.get(ROOT + path, **options)
        if isinstance(sent, bytes):
            options |= {"data": sent, "content_type": "application/octet-stream"}
        else:
            options["json"] = sent
        return browser.post(ROOT + path, **options)

    return send
