"""Everything that the edges may use, joined once by ``joining.py``.

A new service is one field here and one line in ``joining.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.file_budget import FileBudget
from domain.policy import Policy
from services.access.accounts import Accounts
from services.access.credentials import Credentials
from services.access.start_check import DemonstrationCredentials, StartCheck
from services.anchoring import Anchoring
from services.cache import Cache
from services.clock import Clock
from services.clocks import Clocks
from services.coverage import Coverage
from services.demonstration import Demonstration
from services.drawn_tracks import DrawnTracks
from services.duties import Duties
from services.file_ports import FileReader
from services.incidents import Incidents
from services.ingest import Ingest
from services.late_entry import LateEntry
from services.leases import Leases
from services.live import LiveHub
from services.log_check import LogCheck
from services.occurrences import Occurrences
from services.picture import Picture
from services.ports import Heads
from services.quarantine import Quarantine
from services.quarantine_many import QuarantineOfMany
from services.roster import RosterService
from services.security.keeping import SecurityKeeping
from services.security.log import SecurityLog
from services.security.process_record import ProcessRecord
from services.security.reading import SecurityReading
from services.spots import Spots
from services.timers import Timers
from services.track_analysis import TrackAnalyses
from services.track_export import TrackExport
from services.track_files import TrackFiles
from services.tracks import Tracks

EXTENSION = "fpu"
"""Under this name ``flask.Flask.extensions`` holds the services of an application."""


@dataclass(frozen=True, slots=True)
class Services:
    """``demonstration`` tells whether this is the demonstration profile; ``ready`` raises
    ``StoreUnavailable`` while the store cannot serve; ``close`` stores what waits and gives every
    connection back.
    """

    demonstration: bool
    clock: Clock
    policy: Policy
    cache: Cache
    ready: Callable[[], None]
    close: Callable[[], None]
    leases: Leases
    duties: Duties
    scenarios: Demonstration
    accounts: Accounts
    credentials: Credentials
    demonstration_credentials: DemonstrationCredentials
    start_check: StartCheck
    security: SecurityLog
    security_reading: SecurityReading
    security_keeping: SecurityKeeping
    process_record: ProcessRecord
    roster: RosterService
    live: LiveHub
    ingest: Ingest
    heads: Heads
    tracks: Tracks
    file_reader: FileReader
    file_budget: FileBudget
    track_files: TrackFiles
    track_export: TrackExport
    drawn: DrawnTracks
    analyses: TrackAnalyses
    device_clocks: Clocks
    quarantine: Quarantine
    quarantine_of_many: QuarantineOfMany
    log_check: LogCheck
    anchoring: Anchoring
    coverage: Coverage
    incidents: Incidents
    late_entry: LateEntry
    occurrences: Occurrences
    spots: Spots
    picture: Picture
    timers: Timers


def services_of(extensions: Mapping[str, Any]) -> Services:
    """The services of a Flask application, from its ``extensions``."""
    services = extensions[EXTENSION]
    assert isinstance(services, Services)
    return services
