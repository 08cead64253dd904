"""Every module of callbacks, once: ``register(app, services)`` of each is called by ``app.py``."""

from __future__ import annotations

from collections.abc import Callable

from dash import Dash

from callbacks import (
    incident,
    incident_list,
    late_entry,
    log,
    monitor,
    quarantine,
    report,
    security,
    track_files,
)
from services.container import Services

Register = Callable[[Dash, Services], None]

REGISTER: tuple[Register, ...] = (
    monitor.register,
    incident.register,
    incident_list.register,
    late_entry.register,
    report.register,
    log.register,
    quarantine.register,
    track_files.register,
    security.register,
)
