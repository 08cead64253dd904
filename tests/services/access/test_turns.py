"""Turns: at most so many at once, in order, and one account never keeps the others waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from services.access.turns import TooBusy, Turns

LONG = 30.0  # only a hanging test waits that long


def test_who_waits_too_long_is_refused_and_leaves_nothing_behind() -> None:
    turns = Turns(at_once=1, patience_s=0.01)
    give_back = turns.take()
    with pytest.raises(TooBusy) as refused:
        turns.take()
    assert 2 <= refused.value.extra["retry_after"] <= 8
    give_back()
    turns.take()()
    assert turns.working() == 0


def test_one_account_leaves_a_turn_to_the_others() -> None:
    turns = Turns(at_once=2, patience_s=0.01, for_one=1)
    first = turns.take("loops")
    with pytest.raises(TooBusy):
        turns.take("loops")
    second = turns.take("another")
    with pytest.raises(TooBusy):
        turns.take("third")
    first()
    turns.take("third")()
    second()
    assert turns.working() == 0


def test_a_line_that_is_full_refuses_at_once_and_leaves_others_their_place() -> None:
    turns = Turns(at_once=1, patience_s=LONG, waiting=3, waiting_of_one=2)
    give_back = turns.take("loops")
    served: list[str] = []

    def wait(account: str) -> threading.Thread:
        def work() -> None:
            turns.take(account)()
            served.append(account)

        thread = threading.Thread(target=work)
        before = turns.waiting()
        thread.start()
        while turns.waiting() == before:
            pass
        return thread

    threads = [wait("loops"), wait("loops")]
    with pytest.raises(TooBusy):
        turns.take("loops")
    threads.append(wait("another"))
    with pytest.raises(TooBusy):
        turns.take("third")
    give_back()
    for thread in threads:
        thread.join(LONG)
    assert served == ["loops", "loops", "another"]
    assert turns.working() == turns.waiting() == 0


def test_many_threads_are_served_in_the_order_in_which_they_came() -> None:
    turns, served, most = Turns(at_once=1, patience_s=LONG), [], []
    give_back = turns.take()

    def one(number: int) -> None:
        done = turns.take(str(number))
        served.append(number)
        most.append(turns.working())
        done()

    threads = []
    for number in range(20):
        threads.append(threading.Thread(target=one, args=(number,)))
        threads[-1].start()
        _until(lambda number=number: len(turns._waiting) > number)  # type: ignore[misc]
    give_back()
    for thread in threads:
        thread.join(LONG)
    assert served == list(range(20))
    assert set(most) == {1}
    assert turns.working() == 0


def _until(is_so: Callable[[], bool]) -> None:
    waited = threading.Event()
    for _ in range(3000):
        if is_so():
            return
        waited.wait(0.01)
    pytest.fail("it did not come to that")
