"""The names of the streams of an operation: one an incident, one a platoon, one for its log, one
for the seals of what is kept beside the log."""

from __future__ import annotations

PLATOON = "platoon:"
"""What the stream of a platoon begins with; its id follows."""

LOG_STREAM = "log"
"""The occurrence log and the alerts."""

SEAL_STREAM = "seals"
"""Digests of positions, decisions and imports; ``domain.seals`` reads them, and nobody else."""


def is_incident(stream: str) -> bool:
    """Whether the stream is that of an incident."""
    return stream not in (LOG_STREAM, SEAL_STREAM) and not stream.startswith(PLATOON)
