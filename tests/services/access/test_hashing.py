"""Argon2 a few at once, in order, and the whole of a password."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from data.access.account_store import SqlAccountStore
from data.database import Database
from domain.errors import NoRoom, NotSignedIn
from services.access.accounts import Accounts
from services.access.attempts import SignInAttempts
from services.access.hashing import LONGEST_PROVED, Hashing
from services.access.limiting import LateLimiter
from services.access.turnstile import Turnstile
from tests.services.clocks import SettableClock

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
LONG = " ".join(f"heron {number} left the quay at dawn" for number in range(7))
PATIENT_S = 30


class Held(PasswordHasher):
    """Counts how many are at it at once, and holds each until it is let go."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.lock = threading.Lock()
        self.running = self.most = self.runs = 0
        self.go = threading.Event()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self._held():
            return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        with self._held():
            return super().verify(hash, password)

    def _held(self) -> Holding:
        return Holding(self)


class Holding:
    def __init__(self, hasher: Held) -> None:
        self.hasher = hasher

    def __enter__(self) -> None:
        with self.hasher.lock:
            self.hasher.runs += 1
            self.hasher.running += 1
            self.hasher.most = max(self.hasher.most, self.hasher.running)
        assert self.hasher.go.wait(PATIENT_S)

    def __exit__(self, *_: object) -> None:
        with self.hasher.lock:
            self.hasher.running -= 1


def until(condition: Callable[[], bool]) -> None:
    waited = threading.Event()
    for _ in range(PATIENT_S * 100):
        if condition():
            return
        waited.wait(0.01)
    raise AssertionError("it never came to that")


def _accounts(database: Database, hasher: PasswordHasher) -> Accounts:
    store = SqlAccountStore(database)
    return Accounts(store, SignInAttempts(LateLimiter()), SettableClock(), hasher)


def test_of_forty_at_once_two_are_hashed_a_few_wait_and_the_rest_is_told_so(
    database: Database,
) -> None:
    _accounts(database, QUICK).add("anna", "FPU_DUTY", LONG)
    held = Held()
    accounts = _accounts(database, held)

    def guess(number: int) -> str:
        try:
            accounts.sign_in(f"guess-{number}", "wrong", f"198.51.100.{number}")
        except NoRoom as refusal:
            return "busy" if refusal.extra["retry_after"] > 0 else "busy for ever"
        except NotSignedIn:
            return "refused"
        return "in"

    with ThreadPoolExecutor(42) as pool:
        guesses = [pool.submit(guess, number) for number in range(40)]
        until(lambda: sum(one.done() for one in guesses) == 32)
        known = pool.submit(accounts.sign_in, "anna", LONG, "192.0.2.1", "hers")
        until(lambda: len(accounts._hashing.turnstile._known) == 1)
        assert held.running == 2
        held.go.set()
        outcomes = [one.result() for one in guesses]
        assert known.result().user.name == "anna", "the line of strangers is not in the way"
    assert held.most == 2
    assert outcomes.count("busy") == 32
    assert outcomes.count("refused") == 8


def test_who_was_told_to_come_back_has_not_guessed(database: Database) -> None:
    held = Held()
    accounts = _accounts(database, held)
    with ThreadPoolExecutor(8) as pool:
        first = [pool.submit(accounts.sign_in, f"n{i}", "x", "198.51.100.1") for i in range(8)]
        until(lambda: len(accounts._hashing.turnstile._strangers) == 6)
        for _ in range(20):
            with pytest.raises(NoRoom):
                accounts.sign_in("anna", "x", "198.51.100.2")
        held.go.set()
        for one in first:
            with pytest.raises(NotSignedIn):
                one.result()
    with pytest.raises(NotSignedIn):
        accounts.sign_in("anna", "x", "198.51.100.2")


def test_new_passwords_wait_for_their_turn_too(database: Database) -> None:
    held = Held()
    accounts = _accounts(database, held)
    with ThreadPoolExecutor(6) as pool:
        added = [pool.submit(accounts.add, f"n{i}", "AUDITOR", LONG) for i in range(6)]
        until(lambda: len(accounts._hashing.turnstile._known) == 4)
        assert held.running == 2
        held.go.set()
        for one in added:
            one.result()
    assert held.most == 2


def test_a_place_is_handed_on_in_order_and_nobody_waits_for_ever() -> None:
    turnstile = Turnstile(most=1, room=9, patience_s=PATIENT_S)
    order: list[int] = []

    def come(number: int, known: bool) -> None:
        with turnstile.turn(known=known):
            order.append(number)

    with ThreadPoolExecutor(8) as pool, turnstile.turn(known=False):
        coming = []
        for number in range(8):
            coming.append(pool.submit(come, number, number >= 4))
            line = turnstile._known if number >= 4 else turnstile._strangers
            until(lambda line=line, n=number % 4 + 1: len(line) == n)  # type: ignore[misc]
        impatient = Turnstile(most=1, patience_s=0.01)
        with impatient.turn(known=True), pytest.raises(NoRoom), impatient.turn(known=True):
            pass
        with impatient.turn(known=True):
            pass
    for one in coming:
        one.result()
    assert order == [4, 5, 6, 7, 0, 1, 2, 3]
    assert turnstile._inside == 0


def test_the_whole_length_counts(database: Database) -> None:
    accounts = _accounts(database, QUICK)
    accounts.add("anna", "FPU_DUTY", LONG)
    assert accounts.sign_in("anna", LONG, "192.0.2.1", "hers")
    for wrong in (LONG + "x", LONG + LONG, LONG[:-1], LONG + "\0", LONG + "l" * 900, LONG * 900):
        with pytest.raises(NotSignedIn):
            accounts.sign_in("anna", wrong, f"192.0.2.{len(wrong) % 200}")
        accounts.sign_in("anna", LONG, "192.0.2.1", "hers")


@settings(deadline=None)
@given(password=st.text(st.characters(), max_size=40), more=st.text(st.characters(), min_size=1))
def test_a_password_is_itself_and_nothing_else(password: str, more: str) -> None:
    hashing = Hashing(QUICK)
    kept = hashing.hash(password)
    assert hashing.matches(kept, password)
    assert not hashing.matches(kept, password + more)
    assert not hashing.matches(None, password)


def test_too_long_is_wrong_and_is_tried_all_the_same() -> None:
    held = Held()
    held.go.set()
    hashing = Hashing(held)
    exactly = "x" * LONGEST_PROVED
    kept = hashing.hash(exactly)
    before = held.runs
    assert hashing.matches(kept, exactly)
    assert not hashing.matches(kept, exactly + "x")
    assert not hashing.matches(hashing.hash(""), "y" * 5000)
    assert not hashing.matches(None, "y" * 5000)
    assert held.runs - before == 5


def test_nobody_costs_what_somebody_costs() -> None:
    nobody = Hashing(PasswordHasher())._nobody
    somebody = PasswordHasher().hash("x")
    assert nobody.split("$")[1:4] == somebody.split("$")[1:4]
    assert len(nobody) == len(somebody)
