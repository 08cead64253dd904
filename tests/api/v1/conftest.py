"""The application with one patrol and its phone, and what asks it about the quarantine."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from domain.roster import Unit
from services.container import Services
from tests.api.v1.quarantine_parts import ROOT, Ask


@pytest.fixture
def now(services: Services) -> datetime:
    return services.clock().replace(microsecond=0)


@pytest.fixture
def ask(services: Services, server: Flask, now: datetime) -> Ask:
    """Gets, or posts what is ``sent``; ``who`` is an account of the demonstration."""
    services.roster.add(Unit("p1", "ORION-1"))
    services.roster.add_device("phone", "key")
    services.roster.assign_unit("p1", "demo", now - timedelta(days=1))
    services.roster.assign_device("phone", "p1", now - timedelta(days=1))
    browser = server.test_client()

    def send(path: str, sent: Any = None, who: str = "duty", **query: str) -> Any:
        headers = {"Authorization": f"Bearer demo-{who}"}
        options: dict[str, Any] = {"headers": headers, "query_string": query}
        if sent is None:
            return browser.get(ROOT + path, **options)
        return browser.post(ROOT + path, json=sent, **options)

    return send
