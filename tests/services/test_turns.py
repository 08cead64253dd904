"""Turns: so many at once, one a person, few who wait, and nobody for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from domain.errors import NoRoom, TooManyRequests
from services.turns import Turns

PATIENCE_S = 60.0


@contextmanager
def waiting(turns: Turns, who: str) -> Iterator[threading.Event]:
    """Somebody who waits for a turn in a thread of its own; the event tells that it came."""
    came, done = threading.Event(), threading.Event()

    def wait() -> None:
        with turns.taken(who):
            came.set()
            done.wait(PATIENCE_S)

    thread = threading.Thread(target=wait)
    before = turns._here[who]
    thread.start()
    while turns._here[who] == before and thread.is_alive():
        came.wait(0.01)
    yield came
    done.set()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_two_have_their_turns_at_once_and_the_third_gets_the_next() -> None:
    turns = Turns(2, patience_s=PATIENCE_S)
    with ExitStack() as two:
        two.enter_context(turns.taken("a"))
        with turns.taken("b"), waiting(turns, "c") as came:
            assert not came.is_set()
            two.close()
            assert came.wait(PATIENCE_S)
    with turns.taken("a"):
        turns.check("b")


def test_of_one_person_one_has_its_turn_and_one_waits() -> None:
    turns = Turns(2, patience_s=PATIENCE_S)
    with ExitStack() as mine:
        mine.enter_context(turns.taken("a"))
        with waiting(turns, "a") as came:
            with turns.taken("b"):
                assert not came.is_set()
            with pytest.raises(TooManyRequests) as refusal, turns.taken("a"):
                pytest.fail("a third one")
            assert refusal.value.extra["retry_after"] > 0
            with pytest.raises(TooManyRequests):
                turns.check("a")
            turns.check("b")
            mine.close()
            assert came.wait(PATIENCE_S)


def test_who_would_wait_too_long_is_sent_away() -> None:
    turns = Turns(1, waiting=1, patience_s=0.0)
    with turns.taken("a"):
        with pytest.raises(NoRoom) as refusal, turns.taken("b"):
            pytest.fail("there were two")
        assert refusal.value.extra["retry_after"] > 0
        with pytest.raises(NoRoom), turns.taken("b", lambda: True):
            pytest.fail("there were two")
    with turns.taken("b"):
        turns.check("a")


def test_only_few_wait() -> None:
    turns = Turns(1, waiting=1, patience_s=PATIENCE_S)
    with ExitStack() as first:
        first.enter_context(turns.taken("a"))
        with waiting(turns, "b") as came:
            with pytest.raises(NoRoom):
                turns.check("c")
            first.close()
            assert came.wait(PATIENCE_S)


def test_a_turn_is_given_back_whatever_happens() -> None:
    turns = Turns(1, waiting=0)
    with pytest.raises(ZeroDivisionError), turns.taken("a"):
        raise ZeroDivisionError
    with turns.taken("a"):
        assert turns._here == {"a": 1}
    assert not turns._here
