"""Leases and duties over a real database: of several workers one does the work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from data.database import Database
from data.lease_store import SqlLeaseStore
from services.duties import Duties, Duty
from services.leases import LENGTH, Leases
from tests.services.clocks import START, SettableClock


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def workers(open_database: Callable[[], Database], clock: SettableClock) -> list[Leases]:
    return [Leases(SqlLeaseStore(open_database()), clock) for _ in range(2)]


def test_one_holds_and_renews(workers: list[Leases], clock: SettableClock) -> None:
    first, second = workers
    assert first.hold("prune")
    assert second.hold("other")
    for _ in range(10):
        clock.now += LENGTH * 0.4
        assert first.hold("prune")
        assert not second.hold("prune")


def test_another_takes_over_from_one_that_died(workers: list[Leases], clock: SettableClock) -> None:
    first, second = workers
    assert first.hold("prune")
    clock.now += LENGTH
    assert second.hold("prune")
    assert not first.hold("prune")


def test_given_back_is_free_at_once(workers: list[Leases]) -> None:
    first, second = workers
    assert first.hold("prune")
    second.give_back("prune")
    assert not second.hold("prune")
    first.give_back("prune")
    assert second.hold("prune")


def test_many_at_once_and_one_wins(open_database: Callable[[], Database]) -> None:
    holders = [Leases(SqlLeaseStore(open_database()), lambda: START) for _ in range(8)]
    start, won = threading.Barrier(len(holders)), []

    def take(leases: Leases) -> None:
        start.wait()
        if leases.hold("prune"):
            won.append(leases)

    threads = [threading.Thread(target=take, args=(each,)) for each in holders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_a_duty_goes_on_after_a_failure_and_ends(workers: list[Leases]) -> None:
    done, enough = [], threading.Event()

    def work() -> None:
        done.append(1)
        if len(done) == 1:
            raise OSError("the disk is full")
        enough.set()

    duties = Duties([Duty("work", timedelta(milliseconds=1), work)], workers[0])
    duties.start()
    assert enough.wait(30)
    duties.stop()
    count = len(done)
    assert workers[1].hold("work"), "the lease was given back"
    assert len(done) == count


def test_a_duty_of_everyone_needs_no_lease(workers: list[Leases]) -> None:
    ran = [threading.Event(), threading.Event()]
    duties = [
        Duties([Duty("look", timedelta(milliseconds=1), event.set, alone=False)], leases)
        for event, leases in zip(ran, workers, strict=True)
    ]
    for each in duties:
        each.start()
    assert all(event.wait(30) for event in ran)
    for each in duties:
        each.stop()
