"""What becomes of messages of a broker: stored, kept in quarantine, left, or refused.

``sort`` decides, ``store`` makes it durable with as few reaches to the disk as there can be. It
knows no broker; ``mqtt_listener`` does, and acknowledges what is durable.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from api.feed_services import Ingest
from api.one_by_one import OneByOne
from domain.errors import StoreUnavailable
from domain.fixes import Rejection, Report
from formats.message import MqttMessage, Unreadable
from formats.owntracks_mqtt import LAST_WILL, Topics, decode, unreadable
from services.ports import DeviceRegister

SOURCE = "owntracks_mqtt"

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Arrival:
    """One message. No two arrivals of a listener have the same ``received_at``.

    ``connection`` counts the connections to the broker, ``mid`` is its number on that one, and
    both serve to acknowledge it; ``qos`` 0 needs none. ``again`` is 0 for what the broker sends for
    the first time; of what it says to send again, with the same bytes of the same device, it is on
    each connection the first, the second ...
    """

    message: MqttMessage
    qos: int
    mid: int
    connection: int
    received_at: datetime
    again: int = 0


@dataclass(slots=True)
class Batch:
    """Reports that are stored at once, with the bytes of each."""

    live: bool
    reports: list[Report] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    again: list[int] = field(default_factory=list)
    received_at: datetime | None = None

    def first(self) -> Batch:
        """One with the first report alone."""
        return replace(self, reports=self.reports[:1], raw=self.raw[:1], again=self.again[:1])


@dataclass(slots=True)
class Work:
    """What is left to be stored, in order, and what is known of the messages so far."""

    batches: list[Batch] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    strangers: set[str] = field(default_factory=set)


class Desk:
    """One a process. Its methods are called from one thread at a time."""

    def __init__(self, ingest: Ingest, roster: DeviceRegister, topics: Topics) -> None:
        self._ingest = ingest
        self._roster = roster
        self._topics = topics
        self._one_by_one = OneByOne(_LOG, "a message")

    def sort(self, arrivals: Sequence[Arrival]) -> Work:
        """Decide on each message; raises ``StoreUnavailable`` when nobody knows the devices."""
        work = Work()
        sorting = _Sorting(work)
        known: dict[str, bool] = {}
        for arrival in arrivals:
            topic = arrival.message.topic
            device = self._topics.device(topic)
            if device is None or not self._is_known(device, known):
                work.counts["unknown"] += 1
                work.strangers.add(device or topic)
                continue
            kind, report = _read(device, arrival.message)
            work.counts[kind] += 1
            if report is not None:
                sorting.add(arrival, report, kind)
        return work

    def store(self, work: Work) -> None:
        """Everything of ``work`` that is to be kept is durable when this returns.

        Raises ``StoreUnavailable``: then call it again with the same; it goes on where it was.
        """
        self._one_by_one.begin()
        while work.batches:
            batch = work.batches[0]
            try:
                self._accept(batch)
            except StoreUnavailable:
                raise
            except Exception:  # one message must not cost the others theirs
                _LOG.exception("%d messages are stored one by one", len(batch.reports))
                self._store_alone(batch, work)
            work.batches.pop(0)

    def _is_known(self, device: str, known: dict[str, bool]) -> bool:
        if device not in known:
            found = self._roster.find(device)
            known[device] = found is not None and found.enabled
        return known[device]

    def _accept(self, batch: Batch) -> None:
        assert batch.received_at is not None
        self._ingest.accept(
            SOURCE,
            batch.reports,
            batch.raw,
            batch.received_at,
            live=batch.live,
            again=batch.again,
        )

    def _store_alone(self, batch: Batch, work: Work) -> None:
        """One by one, and what cannot be stored so is kept as it came."""
        while batch.reports:
            one = batch.first()
            accept, keep = partial(self._accept, one), partial(self._keep, one)
            if not self._one_by_one.stored(accept) and not self._one_by_one.stored(keep):
                work.counts["failed"] += 1
            del batch.reports[0], batch.raw[0], batch.again[0]

    def _keep(self, one: Batch) -> None:
        """In quarantine, because this program fails at it."""
        assert one.received_at is not None
        rejection = Rejection("unreadable", "body", "the program cannot store what it says")
        device, raw, again = one.reports[0].device, one.raw[0], one.again[0]
        self._ingest.quarantine(SOURCE, device, raw, rejection, one.received_at, again)


def _read(device: str, message: MqttMessage) -> tuple[str, Report | None]:
    try:
        said = decode(message, device)
    except Unreadable as fault:
        return "unreadable", unreadable(device, fault)
    return said.kind, said.report


class _Sorting:
    """Puts reports into batches. One batch is received at one time, so what follows the last will
    of a device, or a second sign of life, comes into the next one."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._batches: dict[bool, Batch] = {}
        self._heard: set[str] = set()
        self._placeless: set[str] = set()

    def add(self, arrival: Arrival, report: Report, kind: str) -> None:
        if not report.faults:  # what is not believed has no time that could collide
            self._part(report, kind)
        live = not arrival.message.retained
        if live not in self._batches:
            self._batches[live] = Batch(live)
            self._work.batches.append(self._batches[live])
        batch = self._batches[live]
        batch.reports.append(report)
        batch.raw.append(arrival.message.payload)
        batch.again.append(arrival.again)
        batch.received_at = max(batch.received_at or arrival.received_at, arrival.received_at)

    def _part(self, report: Report, kind: str) -> None:
        """Begin anew where this report needs a later time than one before it."""
        device = report.device
        if device in self._placeless or (kind == LAST_WILL and device in self._heard):
            self._batches.clear()
            self._heard.clear()
            self._placeless.clear()
        self._heard.add(device)
        if report.latitude is None:
            self._placeless.add(device)
