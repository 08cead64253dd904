"""A track file that somebody brings in: looked at first, then stored, and undone as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

PREVIEW_KEPT = timedelta(hours=1)
"""How long a file waits for the word to store it."""

MOST_PREVIEWS = 3
"""Files of one person that wait at the same time; the oldest makes room."""

STALLED_AFTER = timedelta(seconds=30)
"""An import that has got no further for so long was left by the worker that stored it."""


class ImportStatus(StrEnum):
    """Where an import is: looked at, being stored, broken off, stored, or undone."""

    PREVIEWED = "previewed"
    STORING = "storing"
    INTERRUPTED = "interrupted"
    STORED = "stored"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class NewImport:
    """What a person sent. ``unit`` is an id, None where the file says itself whose positions they
    are; ``anywhere`` waives the area of operations, ``utc`` says that times without a zone are
    UTC. ``source`` is the name of the format."""

    operation: str
    file_name: str
    source: str
    device: str
    unit: str | None
    anywhere: bool
    utc: bool
    data: bytes
    uploaded_by: str
    uploaded_role: str
    uploaded_at: datetime


@dataclass(frozen=True, slots=True)
class TrackImport:
    """An import as it is kept. ``done`` points of the file are stored or refused; ``counts`` has
    accepted, duplicates, quarantined and the reasons; ``size`` is bytes. The bytes themselves are
    let go once everything is stored."""

    id: int
    operation: str
    file_name: str
    source: str
    device: str
    unit: str | None
    anywhere: bool
    utc: bool
    size: int
    sha256: str
    status: ImportStatus
    uploaded_by: str
    uploaded_role: str
    uploaded_at: datetime
    touched_at: datetime
    received_at: datetime | None
    done: int
    counts: Mapping[str, Any] = field(default_factory=dict)
    undone_by: str | None = None
    undone_at: datetime | None = None
    undone_reason: str | None = None
    removed: int | None = None

    def at_rest(self, now: datetime) -> bool:
        """Whether nobody is storing it at this moment."""
        return self.status != ImportStatus.STORING or now - self.touched_at > STALLED_AFTER
