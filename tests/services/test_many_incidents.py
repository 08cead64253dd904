"""A decision asks the database for as much at hundreds of open incidents as at ten.

Counted are the steps of SQLite's virtual machine, not seconds, so a busy machine changes nothing.
``make bench`` measures the same in time, at 10,000.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from benchmarks import transitions_peer
from benchmarks.filled_log import fill
from benchmarks.incident_decision import WORKS, Desk, desk_of
from benchmarks.incident_rebuild import OPERATION, rebuild
from data.database import Database
from data.event_store import EventStore

FEW, MANY = 10, 600


class _Steps:
    """Counts in blocks of ten what every connection of this process does."""

    count = 0

    def __call__(self) -> int:
        self.count += 10
        return 0


@contextmanager
def _counted() -> Iterator[_Steps]:
    steps = _Steps()

    def watch(connection: sqlite3.Connection, *_: object) -> None:
        connection.set_progress_handler(steps, 10)

    event.listen(Engine, "checkout", watch)
    try:
        yield steps
    finally:
        event.remove(Engine, "checkout", watch)


@pytest.mark.parametrize(("name", "work", "after"), WORKS, ids=[name for name, *_ in WORKS])
def test_a_decision_asks_for_as_much_at_many_incidents_as_at_few(
    tmp_path: Path, name: str, work: Callable[[Desk], None], after: Callable[[Desk], None]
) -> None:
    taken = []
    for incidents in (FEW, MANY):
        with desk_of(tmp_path, incidents) as desk:
            work(desk)  # the first one reads what a process reads at its start
            after(desk)
            with _counted() as steps:
                work(desk)
            taken.append(steps.count)
    assert taken[0] > 0
    assert taken[1] <= taken[0] * 1.05, (name, taken)


def test_the_peer_of_the_benchmark_folds_to_the_same_states(database: Database) -> None:
    fill(database, OPERATION, 25)
    store = EventStore(database)
    with store.view() as connection:
        events = store.since(connection, OPERATION, 0)
    ours = rebuild(store)
    assert len(ours) == 25
    assert {state.t2 for state in ours.values()} == {"RELEASED"}
    for peer in (transitions_peer.fold(events), transitions_peer.fold_unregistered(events)):
        assert {name: transitions_peer.said(state) for name, state in peer.items()} == {
            name: transitions_peer.said(state) for name, state in ours.items()
        }
