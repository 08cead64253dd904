"""The application with one patrol and its phone, and what asks it about the quarantine."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from domain.roster import Unit
from services.container import Services
from tests.api.v1.asking import Ask, asking


@pytest.fixture
def now(services: Services) -> datetime:
    return services.clock().replace(microsecond=0)


@pytest.fixture
def ask(services: Services, server: Flask, now: datetime) -> Ask:
    """Asks about the quarantine of one patrol."""
    services.roster.add(Unit("p1", "ORION-1"))
    services.roster.add_device("phone", "key")
    services.roster.assign_unit("p1", "demo", now - timedelta(days=1))
    services.roster.assign_device("phone", "p1", now - timedelta(days=1))
    return asking(server)
