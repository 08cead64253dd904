"""Who gets what: every service with the stores and services it needs.

Part of the composition root beside ``app.py``; the only place that knows both sides of a port.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from datetime import timedelta
from functools import partial
from pathlib import Path

from flask import Flask

from data.access.account_store import SqlAccountStore
from data.access.common_passwords import CommonPasswords
from data.access.security_reading import SecurityRecords
from data.access.security_store import SqlSecurityStore
from data.cache import KeptCache
from data.database import Database
from data.event_store import EventStore
from data.file_reading.process import FileReader
from data.fix_chunks_packing import FixPacking
from data.fix_store import FixStore
from data.guarding_triggers import trigger_faults
from data.import_store import ImportStore
from data.journal import Journal
from data.kosovo.places import Gazetteer, crossing_points, place_words
from data.lease_store import SqlLeaseStore
from data.level_store import LevelStore
from data.migrate import is_current
from data.position_seals import PositionSeals
from data.quarantine_store import QuarantineStore
from data.roster_store import RosterStore
from data.scenarios.reader import ScenarioLibrary
from data.scenarios.roads import read_roads
from data.sealed_records import SealedRecords
from data.system_log import SystemLog
from data.visit_store import VisitStore
from domain.access.unit_words import words_of
from domain.errors import StoreUnavailable
from domain.policy import Policy
from formats.refused import read_entry
from formats.registry import FILE_FORMATS, file_format
from services.access.accounts import Accounts
from services.access.attempts import SignInAttempts
from services.access.credentials import Credentials
from services.access.limiting import IN_PROCESS, LateLimiter
from services.access.start_check import DemonstrationCredentials, StartCheck
from services.anchoring import Anchoring
from services.clock import Clock, utc_now
from services.clocks import Clocks
from services.container import Services
from services.coverage import Coverage
from services.demonstration import Demonstration
from services.demonstration_driver import DemonstrationDriver
from services.drawn_tracks import DrawnTracks
from services.duties import Duties, Duty
from services.incidents import Incidents
from services.ingest import Ingest
from services.late_entry import LateEntry
from services.leases import Leases
from services.live import LiveHub
from services.log_check import LogCheck
from services.occurrences import Occurrences
from services.packing import Packing
from services.picture import Picture
from services.quarantine import Quarantine
from services.quarantine_desk import QuarantineDesk
from services.quarantine_many import QuarantineOfMany
from services.quarantine_of_imports import QuarantineOfImports
from services.quarantine_truths import Truths
from services.reception import CHECK_EVERY, Reception
from services.roster import RosterService
from services.scenario_player import UseCases
from services.sealing import Sealing
from services.security.check import SecurityCheck
from services.security.keeping import SecurityKeeping
from services.security.log import SecurityLog
from services.security.persons import RecordedPersons
from services.security.process_record import ProcessRecord
from services.security.reading import SecurityReading
from services.spots import Spots
from services.timers import TimerBooks, Timers
from services.track_analysis import TrackAnalyses
from services.track_export import TrackExport
from services.track_files import TrackFiles
from services.tracks import Tracks
from services.turns import Turns
from services.watchers import Watchers
from settings import VERSION, Settings

JOURNAL_HOURS = 24.0
"""A screen that was away for longer loads its snapshot again."""

WRITE_EVERY = timedelta(seconds=1)
"""How long an entry of the security log that nobody waits for may wait."""

_PRUNE_EVERY = timedelta(minutes=10)
_WATCH_EVERY = timedelta(seconds=5)


class _Stores:
    """The database seen from each side, and the hub that every commit wakes."""

    def __init__(self, settings: Settings, policy: Policy) -> None:
        self.policy = policy
        self.database = Database(settings.database_url)
        self.journal = Journal(self.database)
        self.events = EventStore(self.database)
        self.fixes = FixStore(self.database)
        self.quarantine = QuarantineStore(self.database)
        self.gazetteer = Gazetteer()
        self.roster = RosterService(self.database, RosterStore())
        self.reception = Reception()
        self.hub = LiveHub(self.journal, trouble=self.reception.trouble)
        self.kept_accounts = SqlAccountStore(self.database)
        self.accounts = _accounts(self.kept_accounts, settings, self._words)
        self.security_store = SqlSecurityStore(self.database)
        self.security = SecurityLog(self.security_store, utc_now, self._names)
        self.persons = RecordedPersons(self.accounts, self.security, utc_now)

    def _names(self) -> list[str]:
        return [account.name for account in self.accounts.accounts()]

    def _words(self) -> frozenset[str]:
        return words_of(self.roster.roster()) | place_words()

    def use_cases(self, clock: Clock) -> UseCases:
        """What people and scenarios do to incidents and the occurrence log."""
        facts = (self.events, self.journal, self.roster, self.gazetteer)
        return UseCases(
            Incidents(*facts, self.persons, clock, self.hub.wake, policy=self.policy),
            Occurrences(*facts, clock, self.hub.wake, policy=self.policy),
        )

    def late_entry(self) -> LateEntry:
        """Whole sequences, and the drafts of what somebody else must enter."""
        facts = (self.events, self.journal, self.roster, self.gazetteer, self.persons)
        return LateEntry(*facts, utc_now, self.hub.wake, policy=self.policy)

    def timers(self, clocks: TimerBooks) -> Timers:
        """Who raises the alerts of clocks that ran out."""
        return Timers(clocks, self.events, self.journal, self.roster, utc_now, self.hub.wake)

    def sealing(self) -> Sealing:
        """Who puts digests of positions into the chains."""
        facts = (self.roster, self.events, SystemLog(self.database), utc_now)
        return Sealing(self.database, PositionSeals(), *facts)

    def coverage(self) -> Coverage:
        """Who watches for visits to crossing points."""
        return Coverage(self.database, VisitStore(), self.journal, crossing_points, utc_now)

    def drawn(self) -> DrawnTracks:
        """Who watches for what must be drawn anew."""
        return DrawnTracks(self.database, self.fixes, LevelStore(), utc_now, self.policy.tracks)

    def ingest(self, occurrences: Occurrences, visits: Watchers) -> Ingest:
        """The one writer of positions in this process."""
        return Ingest(
            self.database,
            fixes=self.fixes,
            quarantine=self.quarantine,
            journal=self.journal,
            roster=self.roster,
            alarms=occurrences,
            visits=visits,
            notify=self.hub.wake,
        )

    def decisions(self, ingest: Ingest) -> tuple[Quarantine, QuarantineOfMany]:
        """What is kept in quarantine, and what people decide about one entry and about many."""
        facts = (self.roster, self.database, ingest, self.journal, utc_now)
        desk = QuarantineDesk(self.quarantine, *facts)
        truths = Truths(self.roster, read_entry)
        one = Quarantine(self.quarantine, self.roster, desk, truths, utc_now)
        return one, QuarantineOfMany(desk, truths)


def log_check_of(database: Database) -> LogCheck:
    """Who tells whether the log of a database is whole."""
    facts = (EventStore(database), SystemLog(database), trigger_faults, SealedRecords())
    return LogCheck(*facts, SecurityCheck(SqlSecurityStore(database)))


def join(server: Flask, settings: Settings, policy: Policy) -> Services:
    """The services of one application. Opens no connection and starts no thread."""
    stores = _Stores(settings, policy)
    coverage = stores.coverage()
    acts = stores.use_cases(utc_now)
    drawn = stores.drawn()
    watchers = Watchers(coverage, drawn)
    ingest = stores.ingest(acts.occurrences, watchers)
    stores.reception.follow(ingest.trouble)
    scenarios, driver = _scenarios(stores, settings, watchers, ingest)
    leases = Leases(SqlLeaseStore(stores.database), utc_now)
    quarantine, quarantine_of_many = stores.decisions(ingest)
    cache = KeptCache(server, settings.cache_url)
    clocks = TimerBooks(stores.events, stores.roster, policy)
    timers = stores.timers(clocks)
    device_clocks = Clocks(stores.fixes, stores.quarantine, policy.tracks)
    log_check = log_check_of(stores.database)
    sealing = stores.sealing()
    everybodys = DemonstrationCredentials(stores.kept_accounts, stores.accounts, stores.roster)
    keeping = SecurityKeeping(stores.security_store, utc_now, settings.security_log_days)
    process = _process_record(stores, settings)
    duties = [
        Duty("prune the journal", _PRUNE_EVERY, partial(_prune, stores.journal)),
        Duty("watch the timers", _WATCH_EVERY, timers.watch),
        Packing(FixPacking(stores.database), utc_now).duty(),
        drawn.duty(),
        sealing.duty(),
        keeping.duty(),
        Duty("write the security log", WRITE_EVERY, process.tick, alone=False),
        Duty("try the store", CHECK_EVERY, ingest.check, alone=False),
    ]
    if settings.demonstration:
        duties.append(driver.duty())
    return Services(
        demonstration=settings.demonstration,
        clock=utc_now,
        policy=policy,
        cache=cache,
        ready=partial(_check_ready, stores.database, stores.reception),
        close=partial(_close, stores, ingest, cache, process),
        leases=leases,
        duties=Duties(duties, leases),
        scenarios=scenarios,
        accounts=stores.accounts,
        credentials=Credentials(stores.kept_accounts, utc_now),
        demonstration_credentials=everybodys,
        start_check=StartCheck(everybodys, needed=not settings.demonstration),
        security=stores.security,
        security_reading=SecurityReading(SecurityRecords(stores.database)),
        security_keeping=keeping,
        process_record=process,
        roster=stores.roster,
        live=stores.hub,
        ingest=ingest,
        heads=stores.journal,
        tracks=Tracks(stores.fixes, settings=policy.tracks, skews=device_clocks.skews),
        track_files=_track_files(stores, acts.occurrences, coverage, drawn, ingest, settings),
        file_reader=FileReader(),
        file_budget=settings.file_budget,
        track_export=TrackExport(
            stores.fixes, stores.roster, FILE_FORMATS, gap_s=policy.tracks.gap_s
        ),
        quarantine=quarantine,
        quarantine_of_many=quarantine_of_many,
        drawn=drawn,
        analyses=TrackAnalyses(stores.fixes, crossing_points, policy.tracks),
        device_clocks=device_clocks,
        log_check=log_check,
        anchoring=Anchoring(log_check, utc_now, partial(_seal_all, sealing, keeping)),
        coverage=coverage,
        incidents=acts.incidents,
        late_entry=stores.late_entry(),
        occurrences=acts.occurrences,
        spots=Spots(stores.events, stores.journal, utc_now, stores.hub.wake),
        picture=Picture(stores.events, stores.roster, clocks),
        timers=timers,
    )


def _scenarios(
    stores: _Stores, settings: Settings, visits: Watchers, ingest: Ingest
) -> tuple[Demonstration, DemonstrationDriver]:
    """What is loaded from scenario files, and what keeps it going."""
    library = ScenarioLibrary()
    scenarios = Demonstration(
        demonstration=settings.demonstration,
        source=library,
        roads=read_roads,
        roster=stores.roster,
        transactions=stores.database,
        log=stores.events,
        fixes=stores.fixes,
        visits=visits,
        journal=stores.journal,
        use_cases=stores.use_cases,
        clock=utc_now,
    )
    driver = DemonstrationDriver(
        demonstration=scenarios,
        source=library,
        roster=stores.roster,
        log=stores.events,
        ingest=ingest,
        fixes=stores.fixes,
        use_cases=stores.use_cases,
        clock=utc_now,
    )
    return scenarios, driver


def _track_files(
    stores: _Stores,
    occurrences: Occurrences,
    coverage: Coverage,
    drawn: DrawnTracks,
    ingest: Ingest,
    settings: Settings,
) -> TrackFiles:
    return TrackFiles(
        stores.database,
        reader=FileReader(),
        budget=settings.file_budget,
        turns=Turns(settings.file_readers),
        formats=FILE_FORMATS,
        format_of=file_format,
        imports=ImportStore(),
        fixes=stores.fixes,
        ingest=ingest,
        visits=coverage,
        drawn=drawn,
        quarantine=QuarantineOfImports(stores.quarantine, stores.database, stores.journal),
        journal=stores.journal,
        log=occurrences,
        roster=stores.roster,
        settings=stores.policy.tracks,
        clock=utc_now,
        wake=stores.hub.wake,
    )


def _accounts(
    store: SqlAccountStore, settings: Settings, words: Callable[[], Collection[str]]
) -> Accounts:
    attempts = SignInAttempts(LateLimiter(settings.cache_url or IN_PROCESS))
    return Accounts(store, attempts, utc_now, common=CommonPasswords(), words=words)


def _process_record(stores: _Stores, settings: Settings) -> ProcessRecord:
    told = settings.without_secrets()
    if settings.policy_file:
        told["policy"] = hashlib.sha256(Path(settings.policy_file).read_bytes()).hexdigest()
    facts = (settings.profile, told)
    return ProcessRecord(stores.security, stores.security_store, utc_now, VERSION, *facts)


def _prune(journal: Journal) -> None:
    journal.prune(utc_now(), JOURNAL_HOURS)


def _check_ready(database: Database, reception: Reception) -> None:
    trouble = reception.trouble()
    if trouble:
        raise StoreUnavailable(f"no position can be stored: {trouble}")
    if not is_current(database):
        raise StoreUnavailable("the database has another schema: run flask db upgrade")


def _seal_all(sealing: Sealing, keeping: SecurityKeeping) -> None:
    sealing.everything()
    keeping.note()


def _close(stores: _Stores, ingest: Ingest, cache: KeptCache, process: ProcessRecord) -> None:
    ingest.close()
    process.end()
    cache.close()
    stores.hub.close()
    stores.database.close()
