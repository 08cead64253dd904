"""Whether the log is whole: every chain, what it must say for itself, and what there must be.

Held against anchors that were kept elsewhere, a chain also shows that its end was cut off or that
all of it was made anew. Without them it is only *consistent*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from domain.anchors import AnchorFile, anchored_up_to, went_back, without_anchor
from domain.chain import GENESIS, Anchor, broken_links, lost_from
from domain.chain_contents import doubtful_contents
from domain.errors import InvalidField
from domain.events import Event
from domain.seals import Span, Stored, coverage, held_against, read_seals
from domain.system_contents import (
    SystemFacts,
    changed_behind,
    lost_notes,
    operations_behind,
    recorded_facts,
    roster_behind,
)
from domain.system_log import SYSTEM, NewSystemEvent, SystemEvent, broken_system_links
from domain.time import to_microseconds, to_rfc3339
from services.ports import Transaction

DATABASE = "(database)"
ANCHORS = "(anchors)"
SECURITY = "(security)"


class CheckedLog(Protocol):
    """The chains of the operations; ``data/event_store.py``."""

    def view(self) -> AbstractContextManager[Transaction]:
        """One consistent view."""

    def since(self, connection: Transaction, operation: str, chain_seq: int) -> Sequence[Event]:
        """The events of an operation after ``chain_seq``, in order of recording."""

    def end(self, connection: Transaction, operation: str) -> tuple[int, str] | None:
        """Number and hash of the newest event, None where there is none."""

    def operations(self, connection: Transaction) -> Sequence[str]:
        """The operations that have any event, also where nothing else of them is there."""


class SealedRecords(Protocol):
    """What the chains hold digests of; ``data/sealed_records.py``."""

    def decisions(self, connection: Transaction, operation: str) -> Mapping[int, str]:
        """The digest of each decision about the quarantine, by entry."""

    def imports(self, connection: Transaction, operation: str) -> Mapping[int, tuple[str, str]]:
        """State and digest of each import, by number."""

    def positions(self, connection: Transaction, operation: str, spans: Sequence[Span]) -> Stored:
        """The positions that there are, by the spans of the chain."""


class SystemChain(Protocol):
    """The chain of the system; ``data/system_log.py``."""

    def chain(self, connection: Transaction) -> Sequence[SystemEvent]:
        """All of it, in order."""

    def there(self, connection: Transaction, recorded: SystemFacts) -> SystemFacts:
        """What there is of what the chain tells of."""

    def append(self, connection: Transaction, new: Sequence[NewSystemEvent]) -> None:
        """Record ``new`` behind what is there."""


class SecurityFaults(Protocol):
    """The security log beside the chain of the system; ``services/security/check.py``."""

    def check(
        self, connection: Transaction, system: Sequence[SystemEvent]
    ) -> tuple[Sequence[str], Sequence[str]]:
        """Faults and remarks."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found in one chain; ``head`` is None where there is none to be anchored.

    ``events`` is None for what is no chain: the database itself, and the file of anchors.
    ``anchored``: up to which event anchors hold it, None where there are none that fit.
    """

    operation: str
    events: int | None
    head: Anchor | None
    faults: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    anchored: int | None = None

    @property
    def state(self) -> str:
        """One word or a few: *broken*, or how much of it is certain."""
        if self.faults:
            return "broken"
        if self.events is None:
            return "as it must be"
        if self.anchored is None:
            return "consistent, not anchored"
        return f"consistent, anchored up to event {self.anchored} of {self.events}"


class LogCheck:
    """Reads whole chains; ``triggers`` tells what is wrong with those of the database."""

    def __init__(
        self,
        log: CheckedLog,
        system: SystemChain,
        triggers: Callable[[Transaction], Sequence[str]],
        sealed: SealedRecords,
        security: SecurityFaults,
    ) -> None:
        self._log = log
        self._sealed = sealed
        self._security = security
        self._system = system
        self._triggers = triggers

    def verify(self, file: AnchorFile | None = None, *, only_chains: bool = False) -> list[Verdict]:
        """The database, the file where one was given, the chain of the system, then each
        operation that is there, was there or was anchored, by name. Raises ``StoreUnavailable``.

        ``only_chains`` leaves out what the chains hold digests of: positions take their time.
        """
        anchors = _by_chain(file.anchors if file else ())
        with self._log.view() as connection:
            triggers = tuple(self._triggers(connection))
            system, recorded, there = self._verify_system(connection, anchors.get(SYSTEM, []))
            chain = self._system.chain(connection)
            broken, remarks = self._security.check(connection, chain)
            names = {*recorded.opened, *there.opened, *self._log.operations(connection), *anchors}
            others = [
                self._verify(connection, name, anchors.get(name, []), recorded, file, only_chains)
                for name in sorted(names - {SYSTEM})
            ]
        chains = [system, *others]
        found = [Verdict(DATABASE, None, None, triggers)]
        if file is not None:
            found.append(_of_file(file, chains, recorded))
        security = Verdict(SECURITY, None, None, tuple(broken), tuple(remarks))
        return [*found, security, *chains]

    def heads(self) -> list[Anchor]:
        """The end of every chain as it is now, unchecked; that of the system last."""
        with self._log.view() as connection:
            system = self._system.chain(connection)
            found = [
                self._head(connection, name) for name in sorted(recorded_facts(system)[0].opened)
            ]
        last = system[-1] if system else None
        return [*found, Anchor(SYSTEM, last.seq if last else 0, last.hash if last else GENESIS)]

    def _head(self, connection: Transaction, operation: str) -> Anchor:
        return Anchor(operation, *(self._log.end(connection, operation) or (0, GENESIS)))

    def _verify_system(
        self, connection: Transaction, anchors: Sequence[Anchor]
    ) -> tuple[Verdict, SystemFacts, SystemFacts]:
        chain = self._system.chain(connection)
        recorded, faults = recorded_facts(chain)
        there = self._system.there(connection, recorded)
        faults = [
            *broken_system_links(chain),
            *faults,
            *changed_behind(recorded.accounts, there.accounts),
            *operations_behind(recorded.opened, there.opened),
            *roster_behind(recorded.roster, there.roster),
        ]
        hashes = {event.seq: event.hash for event in chain}
        return _verdict(SYSTEM, hashes, anchors, faults, ()), recorded, there

    def _verify(
        self,
        connection: Transaction,
        operation: str,
        anchors: Sequence[Anchor],
        recorded: SystemFacts,
        file: AnchorFile | None,
        only_chains: bool,
    ) -> Verdict:
        events = self._log.since(connection, operation, 0)
        hashes = {event.chain_seq: event.hash for event in events}
        faults = [
            *broken_links(events),
            *doubtful_contents(events),
            *lost_notes(hashes, recorded.noted.get(operation, {})),
        ]
        remarks = []
        newest = file.newest if file else None
        if newest and events and not anchors and events[0].recorded_us < to_microseconds(newest):
            remarks.append(f"has events from before {to_rfc3339(newest)} and no anchor")
        if not only_chains:
            about, said = self._verify_records(connection, operation, events)
            faults, remarks = [*faults, *about], [*remarks, *said]
        return _verdict(operation, hashes, anchors, faults, remarks)

    def _verify_records(
        self, connection: Transaction, operation: str, events: Sequence[Event]
    ) -> tuple[list[str], list[str]]:
        """Faults and remarks about what the chain holds digests of."""
        seals = read_seals(events)
        try:
            there = self._sealed.positions(connection, operation, seals.spans)
        except InvalidField as damaged:
            return [damaged.detail], []
        there.decisions = dict(self._sealed.decisions(connection, operation))
        there.imports = dict(self._sealed.imports(connection, operation))
        return held_against(seals, there), coverage(seals, there)


def _verdict(
    name: str,
    hashes: Mapping[int, str],
    anchors: Sequence[Anchor],
    faults: Sequence[str],
    remarks: Sequence[str],
) -> Verdict:
    """What is known of one chain, and what the anchors add."""
    last = max(hashes, default=0)
    return Verdict(
        name,
        len(hashes),
        Anchor(name, last, hashes.get(last, GENESIS)),
        (*faults, *lost_from(hashes, anchors), *went_back(anchors)),
        tuple(remarks),
        anchored_up_to(hashes, anchors),
    )


def _of_file(file: AnchorFile, chains: Sequence[Verdict], recorded: SystemFacts) -> Verdict:
    """What is wrong with the file itself."""
    faults = list(file.faults)
    if not file.anchors:
        faults.append("the file holds no anchor: nothing is held against it")
    elif all(one.anchored is None for one in chains):
        faults.append("no anchor fits anything here: is it the file of another database?")
    system = next(one for one in chains if one.operation == SYSTEM)
    if file.newest is not None and system.anchored is None and not file.only_begun:
        faults.append("the file has no anchor of the chain of the system that fits")
    then = [name for name, seq in recorded.opened.items() if seq <= (system.anchored or 0)]
    faults += [
        f"operation {name} was there when these anchors were written and has none: the file is "
        "not whole"
        for name in without_anchor(then, file.anchors)
    ]
    remarks = list(file.remarks)
    if file.unfinished:
        remarks.append("the last anchors were broken off while they were written")
    if file.newest is not None:
        remarks.append(f"the newest anchor is of {to_rfc3339(file.newest)}")
    return Verdict(ANCHORS, None, None, tuple(faults), tuple(remarks))


def _by_chain(anchors: Iterable[Anchor]) -> dict[str, list[Anchor]]:
    found: dict[str, list[Anchor]] = {}
    for anchor in anchors:
        found.setdefault(anchor.operation, []).append(anchor)
    return found
