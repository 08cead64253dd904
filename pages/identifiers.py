"""The id of everything that a callback or a script refers to, so that a typo is an import error.

The scripts under ``assets/`` use the same texts; a test holds the two together.
"""

from __future__ import annotations

# --- the shell: on every screen ----------------------------------------------------------------

SHELL = "shell"
ZULU_CLOCK = "zulu-clock"
LOCAL_CLOCK = "local-clock"
DATA_AGE = "data-age"
ALERT_COUNT = "alert-count"
THEME_SWITCH = "theme-switch"
BANNERS = "banners"
"""Silence of the server and the end of the session; filled by the script."""

SOS_BANNERS = "sos-banners"
"""Alarms that nobody has acknowledged; filled by the script."""

NOTICE = "notice"
"""``children``: one sentence that a callback tells the person, such as why it was refused."""

# --- stores of the shell: counters that the stream raises, for callbacks to listen to -----------

INCIDENT_CHANGES = "incident-changes"
"""``data`` grows when an incident or a platoon has changed."""

LOG_CHANGES = "log-changes"
ALERT_CHANGES = "alert-changes"
CROSSING_CHANGES = "crossing-changes"
QUARANTINE_CHANGES = "quarantine-changes"
TRACK_CHANGES = "track-changes"

OPERATION = "operation"
"""``data``: the id of the operation that this screen shows."""

# --- the monitor -------------------------------------------------------------------------------

MONITOR = "monitor"
MAP = "map"
MAP_PANEL = "map-panel"
MAP_TOOLS = "map-tools"
PATROL_PANEL = "patrol-panel"
NO_POSITIONS = "no-positions"
PATROL_LIST = "patrol-list"
COVERAGE_PANEL = "coverage-panel"
COVERAGE_COMMON = "coverage-common"
COVERAGE_OTHERS = "coverage-others"
ALERT_PANEL = "alert-panel"
ALERT_LIST = "alert-list"
INCIDENT_PANEL = "incident-panel"
INCIDENT_LIST = "incident-list"
"""Container at the right; ``pages/incident_list.py`` says what is in it."""

LOG_PANEL = "log-panel"
INCIDENT_DRAWER = "incident-drawer"
"""Container beside the map for one incident; takes no room while it is empty."""

MAP_CLICK = "map-click"
"""Store; ``data``: ``{"lat": degrees, "lon": degrees, "n": counter}`` of a click on empty map."""

SPOT_REPORT = "spot-report"
"""Store; ``data``: ``{"alert": id, "n": counter}`` of a spot to be reported as an incident."""

MAP_PICK = "map-pick"
"""Store; ``data``: ``{"layer": id, …properties of the feature, "n": counter}`` of a click on it."""

SELECTED_INCIDENT = "selected-incident"
"""Store; ``data``: the id of the incident that is open, or None. The map marks and shows it."""

SELECTED_INCIDENT_SHOWN = "selected-incident-shown"
"""Store that only receives: what the map marks now."""

# --- the quarantine ----------------------------------------------------------------------------

QUARANTINE_TABLES = "quarantine-tables"
"""Container of what is in quarantine."""

QUARANTINE_SHOWN = "quarantine-shown"
"""Store; ``data``: ``reason`` and ``before``, as the address has them."""

QUARANTINE_TOLD = "quarantine-told"
"""What became of many entries; filled by the script."""

# --- the security log --------------------------------------------------------------------------

SECURITY_TABLE = "security-table"
"""Container of the entries."""

SECURITY_SHOWN = "security-shown"
"""Store; ``data``: the filters and the place, as the address has them."""

SECURITY_REFRESH = "security-refresh"

# --- track files -------------------------------------------------------------------------------

FILES = "files"
FILES_MAP = "files-map"
FILES_MAP_PANEL = "files-map-panel"
UPLOAD_PANEL = "upload-panel"
UPLOAD_FORM = "upload-form"
"""Filled by the script: what is sent, and what an import would do."""

EXPORT_PANEL = "export-panel"
EXPORT_FORM = "export-form"
IMPORTS_PANEL = "imports-panel"
IMPORTS_LIST = "imports-list"
