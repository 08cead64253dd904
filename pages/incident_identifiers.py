"""Ids of everything about incidents; a typo is an import error. Shared ones are in identifiers."""

from __future__ import annotations

from typing import Any

from dash import ALL

# --- the incident screen --------------------------------------------------------------------------

INCIDENT_SCREEN = "incident-screen"
INCIDENT_REFERENCE = "incident-reference"
"""dcc.Store: {"operation", "incident"} of the screen."""
INCIDENT_HEAD = "incident-head"
INCIDENT_DISPUTE = "incident-dispute"
INCIDENT_TIMERS = "incident-timers"
INCIDENT_LANES = "incident-lanes"
INCIDENT_CAPACITY = "incident-capacity"
INCIDENT_ACTIONS = "incident-actions"
INCIDENT_DEBTS = "incident-debts"
INCIDENT_ASKED = "incident-asked"
INCIDENT_AFTERMATH = "incident-aftermath"
INCIDENT_PLATOONS = "incident-platoons"
INCIDENT_TIMELINE = "incident-timeline"
ACTIONS_HEADING = "incident-actions-heading"
INCIDENT_TOUCHED = "incident-touched"
INCIDENT_DRAWN = "incident-drawn"
"""dcc.Store: a counter that this screen raises after an event of its own."""

# --- the form of one event ------------------------------------------------------------------------

ACT_FRAME = "act-frame"
ACT_TITLE = "act-title"
ACT_FIELDS = "act-fields"
ACT_NOTICE = "act-notice"
ACT_META = "act-meta"
ACT_WANTED = "act-wanted"
"""dcc.Store: the parts of the button that was pressed, see ``action``. A script writes it, so that
a press is not lost when the buttons are drawn anew at the same moment."""
ACT_SUBMIT = "act-submit"
ACT_CANCEL = "act-cancel"
ACT_DONE = "act-done"
ACT_WAIT = "act-wait"

# --- on the monitor -------------------------------------------------------------------------------

LIST_SCOPE = "incident-list-scope"
LIST_TIER = "incident-list-tier"
LIST_SEVERITY = "incident-list-severity"
LIST_TEXT = "incident-list-text"
LIST_COUNT = "incident-list-count"
LIST_ROWS = "incident-rows"

REPORT_OPEN = "report-open"
REPORT_FRAME = "report-frame"
REPORT_TITLE = "report-title"
REPORT_FIELDS = "report-fields"
REPORT_NOTICE = "report-notice"
REPORT_WHERE = "report-where"
REPORT_META = "report-meta"
REPORT_SUBMIT = "report-submit"
REPORT_CANCEL = "report-cancel"

LOG_TEXT = "log-text"
LOG_ENTER = "log-enter"
LOG_LINES = "log-lines"
LOG_NOTICE = "log-notice"
LOG_META = "log-meta"

Id = dict[str, Any]


def field(form: str, path: Any) -> Id:
    """A field of the form ``act`` or ``report``."""
    return {"type": "form-field", "form": form, "path": path}


def field_of_any(path: str) -> Id:
    """A field of whichever form is open: an id that may be missing from the page."""
    return {"type": "form-field", "form": ALL, "path": path}


def field_fault(form: str, path: Any) -> Id:
    """What is wrong with a field."""
    return {"type": "form-fault", "form": form, "path": path}


def secret(form: str, path: Any) -> Id:
    """A password: apart from the other fields, because it is wiped whatever becomes of the form."""
    return {"type": "form-secret", "form": form, "path": path}


def wait(form: Any) -> Id:
    """The button by which a step is left to wait for its second person."""
    return {"type": ACT_WAIT, "form": form}


def action(region: Any, event: Any, platoon: Any = "", corrects: Any = "", ask: Any = "") -> Id:
    """The button that opens the form of an event; ``ask`` is what ``pages/asking.py`` reads."""
    return {
        "type": "incident-action",
        "region": region,
        "event": event,
        "platoon": platoon,
        "corrects": corrects,
        "ask": ask,
    }


def row(incident: Any) -> Id:
    """A row of the incident list."""
    return {"type": "incident-row", "incident": incident}


def close_drawer(incident: Any) -> Id:
    """The button that closes the drawer of an incident."""
    return {"type": "incident-close-drawer", "incident": incident}
