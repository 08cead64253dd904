"""Guessing at passwords: what strangers gain, and that nobody else pays for it."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st
from limits.strategies import MovingWindowRateLimiter

from data.access.account_store import SqlAccountStore
from data.database import Database
from domain.access.sources import Source, counted_as
from domain.errors import NotSignedIn, TooManyRequests
from services.access import attempts as limits
from services.access.accounts import Accounts
from services.access.attempts import SignInAttempts
from services.access.limiting import BoundedMemory, LateLimiter
from tests.services.clocks import SettableClock

PASSWORD = "a long enough password"
DESK = "192.0.2.1"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def accounts(database: Database) -> Accounts:
    made = Accounts(
        SqlAccountStore(database), SignInAttempts(LateLimiter()), SettableClock(), QUICK
    )
    for name in ("anna", "bert"):
        made.add(name, "FPU_DUTY", PASSWORD)
    return made


def _guess(accounts: Accounts, name: str, address: str, browser: str = "") -> str:
    try:
        accounts.sign_in(name, "wrong", address, browser)
    except TooManyRequests:
        return "wait"
    except NotSignedIn:
        return "guessed"
    return "in"


def _addresses(count: int) -> list[str]:
    return [f"198.51.{number // 250}.{number % 250 + 1}" for number in range(count)]


@pytest.mark.parametrize("count", [40, 400])
def test_many_addresses_share_the_few_guesses_at_one_account(
    accounts: Accounts, count: int
) -> None:
    guesses = [_guess(accounts, "anna", address) for address in _addresses(count)]
    assert guesses.count("guessed") == limits.STRANGERS.amount
    assert set(guesses[limits.STRANGERS.amount :]) == {"wait"}
    with pytest.raises(TooManyRequests) as refusal:
        accounts.sign_in("anna", PASSWORD, "203.0.113.9")
    assert 300 < refusal.value.extra["retry_after"] <= 3600
    assert accounts.sign_in("bert", PASSWORD, "203.0.113.9"), "another account is untouched"


def test_the_owner_gets_in_at_the_desk_whatever_strangers_do(accounts: Accounts) -> None:
    accounts.sign_in("anna", PASSWORD, DESK)
    for address in _addresses(60):
        _guess(accounts, "anna", address)
    assert accounts.sign_in("anna", PASSWORD, DESK), "an address where the account signs in"
    assert accounts.sign_in("anna", PASSWORD, "203.0.113.9", browser="hers"), "and a browser"


def test_a_stranger_at_the_owners_address_does_not_lock_out_the_owners_browser(
    accounts: Accounts,
) -> None:
    accounts.sign_in("anna", PASSWORD, DESK)
    while _guess(accounts, "anna", DESK) != "wait":
        pass
    assert accounts.sign_in("anna", PASSWORD, DESK, browser="hers")


def test_a_known_browser_has_guesses_of_its_own_and_few(accounts: Accounts) -> None:
    guesses = [_guess(accounts, "anna", address, "stolen") for address in _addresses(40)]
    assert guesses.count("guessed") == limits.PER_PLACE.amount
    assert accounts.sign_in("anna", PASSWORD, DESK, browser="hers")


@pytest.mark.parametrize("count", [60, 200])
def test_colleagues_behind_a_guessing_address_get_in(accounts: Accounts, count: int) -> None:
    for number in range(count):
        assert _guess(accounts, f"guess-{number}", DESK) == "guessed"
    assert accounts.sign_in("anna", PASSWORD, DESK), "even for the first time"
    assert accounts.sign_in("anna", PASSWORD, DESK)


def test_a_guessing_address_has_one_guess_at_each_account(accounts: Accounts) -> None:
    for number in range(60):
        _guess(accounts, f"guess-{number}", DESK)
    assert _guess(accounts, "anna", DESK) == "guessed"
    assert _guess(accounts, "anna", DESK) == "wait"
    assert _guess(accounts, "guess-1", DESK) == "wait", "an account that is none looks the same"
    assert accounts.sign_in("anna", PASSWORD, "203.0.113.9"), "elsewhere its owner has more"


def test_names_that_are_no_account_are_counted_as_accounts_are(accounts: Accounts) -> None:
    for name in ("nobody", "", "x" * 3000, "nul\0byte", "\ud800", "anna/5/5/minute", "ß"):
        guesses = [_guess(accounts, name, address) for address in _addresses(12)]
        assert guesses.count("guessed") == limits.STRANGERS.amount, ascii(name)[:40]
    for cut in ("anna" + "x" * 37, "anna\0", "anna "):
        assert _guess(accounts, cut, DESK) == "guessed"


def test_strangers_do_not_stop_a_second_person_or_the_command_line(accounts: Accounts) -> None:
    for address in _addresses(40):
        _guess(accounts, "anna", address)
    for inside in ("beside bert", "the command line"):
        assert accounts.confirm_password("anna", PASSWORD, inside)
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            accounts.confirm_password("anna", "wrong", "beside bert")
    with pytest.raises(TooManyRequests):
        accounts.confirm_password("anna", PASSWORD, "beside bert")
    assert accounts.confirm_password("anna", PASSWORD, "the command line")


def test_one_subscriber_of_ipv6_is_one_address(accounts: Accounts) -> None:
    guesses = [_guess(accounts, "anna", f"2001:db8:0:7::{host:x}") for host in range(1, 30)]
    assert guesses.count("guessed") == limits.PER_PLACE.amount
    assert _guess(accounts, "anna", "2001:db8:0:8::1") == "guessed"


@given(st.ip_addresses(v=4))
def test_an_address_that_wraps_another_is_that_one(address: object) -> None:
    assert counted_as(f"::ffff:{address}") == str(address) == counted_as(str(address))


@given(st.ip_addresses(v=6))
def test_every_address_of_a_network_counts_as_the_network(address: object) -> None:
    told = Source(str(address))
    assert not told.inside
    assert counted_as(told.counted_as) == told.counted_as


# --- memory -------------------------------------------------------------------------------------


def test_invented_names_take_no_memory_without_bound_and_hide_no_guesses() -> None:
    limiter = LateLimiter()
    limiter.__dict__["_own"] = window = limits_window(most=500)
    attempts = SignInAttempts(limiter)
    at_desk = Source(DESK)
    attempts.succeeded("bert", at_desk)
    for address in _addresses(limits.STRANGERS.amount):
        assert attempts.begin("anna", Source(address)) == 0
    for number in range(5_000):
        attempts.begin(f"invented-{number}", Source(f"203.0.{number // 250}.{number % 250}"))
    assert len(window.storage.events) <= 500
    assert attempts.begin("anna", Source("192.0.2.99")) > 0
    assert attempts.knows("bert", at_desk)


def limits_window(most: int) -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(BoundedMemory(most))
