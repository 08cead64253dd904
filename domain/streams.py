"""The names of the streams of an operation: one an incident, one a platoon, one for its log."""

from __future__ import annotations

PLATOON = "platoon:"
"""What the stream of a platoon begins with; its id follows."""

LOG_STREAM = "log"
"""The occurrence log and the alerts."""
