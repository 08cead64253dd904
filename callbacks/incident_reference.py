"""Which incident a screen shows, as its store tells the callbacks, and what the user sees of it."""

from __future__ import annotations

from pages.incident_view import IncidentView, incident_view
from pages.session import current_user
from services.container import Services

Reference = dict[str, str]
"""``operation`` and ``incident``, the ids of both."""


def view_of(services: Services, reference: Reference) -> IncidentView:
    """The incident as the signed-in user sees it; raises ``NotFound``."""
    return incident_view(services, reference["operation"], reference["incident"], current_user())
