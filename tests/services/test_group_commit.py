"""Many callers and one writer: who gets which answer, and what a failure costs whom."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from domain.errors import StoreUnavailable
from services.group_commit import GroupCommit

LONG = 30.0  # seconds; only a hanging test waits that long


class Ledger:
    """A writer that keeps the groups it wrote and can be held at the start of one."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.begun = threading.Semaphore(0)
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def write(self, group: Sequence[int]) -> list[int]:
        self.begun.release()
        assert self.may_go_on.wait(LONG)
        if any(number < 0 for number in group):
            raise ValueError("a negative number")
        if any(number > 1000 for number in group):
            raise StoreUnavailable("the disk is full")
        self.groups.append(list(group))
        return [number * 2 for number in group]


class Held:
    """A writer busy with the number 0 while others queue up behind it."""

    def __init__(self, others: Sequence[int], **options: Any) -> None:
        self.ledger = Ledger()
        self.ledger.may_go_on.clear()
        self.commits: GroupCommit[int, int] = GroupCommit(self.ledger.write, **options)
        self.pool = ThreadPoolExecutor(len(others) + 2)
        self.first = self.pool.submit(self.commits.submit, 0)
        assert self.ledger.begun.acquire(timeout=LONG)
        self.answers: dict[int, Future[int]] = {}
        for count, number in enumerate(others, start=1):
            self.answers[number] = self.pool.submit(self.commits.submit, number)
            self.wait_for_queue(count)

    def wait_for_queue(self, length: int) -> None:
        with self.commits._changed:
            assert self.commits._changed.wait_for(
                lambda: len(self.commits._waiting) == length, LONG
            )

    def release(self) -> None:
        self.ledger.may_go_on.set()

    def end(self) -> None:
        self.release()
        self.commits.close()
        self.pool.shutdown()


def test_what_came_while_the_writer_was_busy_is_one_group() -> None:
    held = Held([1, 2, 3, 4])
    held.release()
    assert [held.answers[number].result(LONG) for number in (1, 2, 3, 4)] == [2, 4, 6, 8]
    held.end()
    assert held.ledger.groups == [[0], [1, 2, 3, 4]]


def test_a_group_has_a_largest_size() -> None:
    held = Held([1, 2, 3], largest_group=2)
    held.end()
    assert held.ledger.groups == [[0], [1, 2], [3]]


def test_one_bad_submission_fails_alone() -> None:
    held = Held([1, -1, 2])
    held.release()
    with pytest.raises(ValueError, match="negative"):
        held.answers[-1].result(LONG)
    assert (held.answers[1].result(LONG), held.answers[2].result(LONG)) == (2, 4)
    held.end()
    assert held.ledger.groups == [[0], [1], [2]]


def test_a_store_that_cannot_write_is_told_to_the_whole_group() -> None:
    held = Held([1, 1001, 2])
    held.release()
    faults = [held.answers[number].exception(LONG) for number in (1, 1001, 2)]
    held.end()
    assert [type(fault) for fault in faults] == [StoreUnavailable] * 3
    assert len({id(fault) for fault in faults}) == 3
    assert held.ledger.groups == [[0]]


def test_a_full_waiting_room_keeps_the_next_one_outside_until_there_is_room() -> None:
    held = Held([1, 2], room=2)
    outside = held.pool.submit(held.commits.submit, 3)
    held.release()
    assert outside.result(LONG) == 6
    held.end()


def test_a_full_waiting_room_refuses_after_a_while() -> None:
    ledger = Ledger()
    ledger.may_go_on.clear()
    commits: GroupCommit[int, int] = GroupCommit(ledger.write, room=1, patience_s=0.05)
    for number in range(3):  # held by the writer, waiting, outside
        with pytest.raises(StoreUnavailable):
            commits.submit(number)
    ledger.may_go_on.set()
    commits.close()
    assert ledger.groups == [[0]]  # who was refused while waiting is not written afterwards


def test_closing_writes_what_waits_and_refuses_what_comes_later() -> None:
    held = Held([1, 2])
    held.end()
    assert held.answers[2].result() == 4
    with pytest.raises(StoreUnavailable):
        held.commits.submit(5)
    assert held.ledger.groups == [[0], [1, 2]]


def test_closing_before_the_first_submission() -> None:
    commits: GroupCommit[int, int] = GroupCommit(Ledger().write)
    commits.close()
    commits.close()


def test_while_the_store_does_not_answer_nobody_else_is_kept_waiting() -> None:
    held = Held([], slow_s=0.0)
    assert held.commits.trouble() == "the database does not answer"
    with pytest.raises(StoreUnavailable, match="does not answer"):
        held.commits.submit(1)
    held.end()
    assert held.first.result(LONG) == 0
    assert held.commits.trouble() == ""
    assert held.ledger.groups == [[0]]


def test_while_the_store_refuses_one_caller_at_a_time_tries_it() -> None:
    ledger = Ledger()
    commits: GroupCommit[int, int] = GroupCommit(ledger.write)
    with pytest.raises(StoreUnavailable, match="full"):
        commits.submit(1001)
    assert "full" in commits.trouble()
    assert ledger.begun.acquire(timeout=LONG)
    ledger.may_go_on.clear()
    with ThreadPoolExecutor(1) as pool:
        trying = pool.submit(commits.submit, 1)
        assert ledger.begun.acquire(timeout=LONG)
        with pytest.raises(StoreUnavailable, match="full"):
            commits.submit(2)
        ledger.may_go_on.set()
        assert trying.result(LONG) == 2
    assert commits.trouble() == ""
    assert commits.submit(3) == 6
    commits.close()


def test_the_room_is_counted_by_weight_and_the_largest_goes_alone() -> None:
    held = Held([3, 4, 30, 5], weigh=lambda number: number, room=50, largest_group=7)
    held.end()
    assert held.ledger.groups == [[0], [3, 4], [30], [5]]


def test_whoever_came_together_is_waited_for_and_nobody_else() -> None:
    """Three callers at a time, again and again: they share groups, and all get their answers."""
    ledger = Ledger()
    commits: GroupCommit[int, int] = GroupCommit(ledger.write, longest_gathering_s=LONG)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(commits.submit, range(300)))
    assert answers == [number * 2 for number in range(300)]
    assert sorted(number for group in ledger.groups for number in group) == list(range(300))
    assert commits.submit(7) == 14  # alone: not kept waiting for the others
    commits.close()
