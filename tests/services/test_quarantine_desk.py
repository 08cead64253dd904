"""Decisions about many entries on every database: what stands in the way of one stops no other."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from data.database import Database
from data.fix_store import FixStore
from data.journal import Journal
from data.quarantine_store import QuarantineStore
from data.roster_store import RosterStore
from domain.errors import GuardRefused, VersionConflict
from domain.events import Actor
from domain.quarantine import ACCEPTED
from domain.roster import Operation
from services.ports import Filing
from services.quarantine_desk import Act, QuarantineDesk, Settled
from services.roster import RosterService
from tests.services.positions import NOON, P11, P12, at, make_ingest, report

DUTY, COMMANDER = Actor("duty", "FPU_DUTY", "1"), Actor("commander", "FPU_CMD", "2")


@pytest.fixture
def desk(database: Database) -> Iterator[QuarantineDesk]:
    roster = RosterService(database, RosterStore())
    roster.add(Operation("demo", "exercise", "Demonstration", NOON))
    with closing(make_ingest(database)) as ingest:
        store = QuarantineStore(database)
        yield QuarantineDesk(store, roster, database, ingest, Journal(database), lambda: at(60))


def act_of(actor: Actor) -> Act:
    return Act("demo", actor, at(60), "a course abroad", str(uuid.uuid4()))


def settled(desk: QuarantineDesk, act: Act, *seconds: float, filing: Filing = P11) -> list[Settled]:
    """Entries of positions abroad, and the decisions that accept them."""
    device = "phone-1" if filing is P11 else "phone-2"
    reports = [report(one, 52.0, 21.0, device=device) for one in seconds]
    raw = [str(one).encode() for one in seconds]
    desk._ingest.accept("osmand", reports, raw, at(60))
    newest = desk._store.listing("demo", limit=len(seconds))
    return [
        Settled(act.about(kept.id, ACCEPTED), kept.entry, one, filing)
        for kept, one in zip(newest[::-1], reports, strict=True)
    ]


def stored(database: Database) -> set[tuple[str, float]]:
    columns = FixStore(database).between("demo", None, NOON, at(60))
    units = columns.unit.tolist()
    times = [(fix.fix_time - NOON) / timedelta(seconds=1) for fix in columns.fixes()]
    return set(zip(units, times, strict=True))


def decided(desk: QuarantineDesk) -> dict[int, str]:
    found = desk._store.listing("demo", decided=True)
    return {kept.id: kept.decision.decided_by for kept in found if kept.decision is not None}


def test_an_entry_that_somebody_was_quicker_with_costs_no_other_one(
    database: Database, desk: QuarantineDesk
) -> None:
    act = act_of(DUTY)
    first, late, last = settled(desk, act, 1, 2, 3)
    desk.discard(
        act_of(COMMANDER), [desk.find("demo", late.made.entry, COMMANDER.role)], "discarded"
    )
    refused = desk.keep([first, late, last], anywhere=True)
    assert list(refused) == [late.made.entry]
    assert isinstance(refused[late.made.entry], VersionConflict)
    assert stored(database) == {("p11", 1.0), ("p11", 3.0)}
    assert decided(desk) == {
        first.made.entry: "duty", late.made.entry: "commander", last.made.entry: "duty",
    }  # fmt: skip


def test_twins_and_those_too_late_are_told_apart(database: Database, desk: QuarantineDesk) -> None:
    """Of two entries about one moment the second counts, once the first is decided otherwise."""
    act = act_of(DUTY)
    late, twin, third = settled(desk, act, 1, 1, 1)
    desk.discard(
        act_of(COMMANDER), [desk.find("demo", late.made.entry, COMMANDER.role)], "discarded"
    )
    refused = desk.keep([late, twin, third], anywhere=True)
    assert {number: type(why) for number, why in refused.items()} == {
        late.made.entry: VersionConflict, third.made.entry: GuardRefused,
    }  # fmt: skip
    assert stored(database) == {("p11", 1.0)}
    assert decided(desk)[twin.made.entry] == "duty"
    assert third.made.entry not in decided(desk)


def test_nothing_of_what_was_tried_in_vain_stays(database: Database, desk: QuarantineDesk) -> None:
    act = act_of(DUTY)
    first, twin = settled(desk, act, 1, 1)
    before = len(desk._store.listing("demo"))
    assert list(desk.keep([first, twin], anywhere=True)) == [twin.made.entry]
    assert len(desk._store.listing("demo")) == before
    assert decided(desk) == {first.made.entry: "duty"}


def test_each_unit_has_its_own(database: Database, desk: QuarantineDesk) -> None:
    act = act_of(DUTY)
    mine, others = settled(desk, act, 1, 2), settled(desk, act, 1, 2, 2, filing=P12)
    refused = desk.keep([*others, *mine], anywhere=True)
    assert list(refused) == [others[2].made.entry]
    assert stored(database) == {("p11", 1.0), ("p11", 2.0), ("p12", 1.0), ("p12", 2.0)}
    assert len(decided(desk)) == 4
