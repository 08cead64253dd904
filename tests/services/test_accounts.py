"""Accounts over a real database: who gets in, and how fast somebody is put out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from data.account_store import SqlAccountStore
from data.database import Database
from data.schema import sessions, tokens, users
from domain.errors import InvalidField, NotFound, NotSignedIn, TooManyRequests
from services.accounts import SESSION_LENGTH, WALL_SESSION_LENGTH, Accounts
from services.attempts import LateLimiter, SignInAttempts
from services.demonstration_accounts import DEMONSTRATION_ACCOUNTS, seed_demonstration_accounts
from tests.services.clocks import SettableClock

PASSWORD = "a long enough password"
HERE, THERE = "192.0.2.1", "192.0.2.2"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def accounts(database: Database, clock: SettableClock) -> Accounts:
    made = Accounts(SqlAccountStore(database), SignInAttempts(LateLimiter()), clock, QUICK)
    made.add("anna", "FPU_DUTY", PASSWORD)
    return made


def test_the_right_password_opens_a_session(accounts: Accounts) -> None:
    opened = accounts.sign_in("anna", PASSWORD, HERE)
    user = accounts.by_session(opened.secret)
    assert user == opened.user
    assert (user.name, user.role) == ("anna", "FPU_DUTY")


@pytest.mark.parametrize(
    ("name", "password"),
    [("anna", "wrong"), ("anna", ""), ("nobody", PASSWORD), ("", ""), ("anna", PASSWORD + " ")],
)
def test_anything_else_opens_none_and_says_the_same(
    accounts: Accounts, name: str, password: str
) -> None:
    with pytest.raises(NotSignedIn) as refusal:
        accounts.sign_in(name, password, HERE)
    assert "anna" not in refusal.value.detail
    assert "disabled" in refusal.value.detail


def test_neither_password_nor_secret_is_stored(accounts: Accounts, database: Database) -> None:
    opened = accounts.sign_in("anna", PASSWORD, HERE)
    token = accounts.issue_token("anna", "a program")
    with database.reading() as connection:
        kept = [
            str(row)
            for table in (users, sessions, tokens)
            for row in connection.execute(select(table))
        ]
    for secret in (PASSWORD, opened.secret, token):
        assert not any(secret in row for row in kept)
    assert any("$argon2id$" in row for row in kept)
    assert opened.user.session not in opened.secret


def test_a_session_ends_after_half_a_day(accounts: Accounts, clock: SettableClock) -> None:
    secret = accounts.sign_in("anna", PASSWORD, HERE).secret
    clock.now += SESSION_LENGTH - timedelta(seconds=1)
    assert accounts.by_session(secret) is not None
    clock.now += timedelta(seconds=1)
    assert accounts.by_session(secret) is None


def test_a_wall_screen_stays_for_a_month(accounts: Accounts, clock: SettableClock) -> None:
    accounts.add("wall", "WALL", PASSWORD)
    secret = accounts.sign_in("wall", PASSWORD, HERE).secret
    clock.now += WALL_SESSION_LENGTH - timedelta(seconds=1)
    assert accounts.by_session(secret) is not None
    clock.now += timedelta(seconds=1)
    assert accounts.by_session(secret) is None


def test_signing_out_ends_that_session_only(accounts: Accounts) -> None:
    first = accounts.sign_in("anna", PASSWORD, HERE).secret
    second = accounts.sign_in("anna", PASSWORD, HERE).secret
    accounts.sign_out(first)
    assert accounts.by_session(first) is None
    assert accounts.by_session(second) is not None


def test_disabling_ends_sessions_and_tokens_at_once(accounts: Accounts) -> None:
    secret = accounts.sign_in("anna", PASSWORD, HERE).secret
    token = accounts.issue_token("anna")
    accounts.set_enabled("anna", False)
    assert accounts.by_session(secret) is None
    assert accounts.by_token(token) is None
    with pytest.raises(NotSignedIn):
        accounts.sign_in("anna", PASSWORD, HERE)
    accounts.set_enabled("anna", True)
    assert accounts.by_session(secret) is None, "an ended session never comes back"
    assert accounts.by_token(token) is not None


def test_another_role_counts_in_the_open_session(accounts: Accounts) -> None:
    secret = accounts.sign_in("anna", PASSWORD, HERE).secret
    accounts.set_role("anna", "AUDITOR")
    user = accounts.by_session(secret)
    assert user is not None
    assert user.role == "AUDITOR"


def test_another_password_ends_every_session(accounts: Accounts) -> None:
    secret = accounts.sign_in("anna", PASSWORD, HERE).secret
    accounts.set_password("anna", "quite another password")
    assert accounts.by_session(secret) is None
    assert accounts.sign_in("anna", "quite another password", HERE)
    with pytest.raises(NotSignedIn):
        accounts.sign_in("anna", PASSWORD, HERE)


def test_revoked_tokens_open_nothing(accounts: Accounts) -> None:
    token = accounts.issue_token("anna")
    assert accounts.by_token(token) is not None
    assert accounts.revoke_tokens("anna") == 1
    assert accounts.by_token(token) is None


def test_five_failures_make_an_account_wait_at_that_address_only(accounts: Accounts) -> None:
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            accounts.sign_in("anna", "wrong", HERE)
    with pytest.raises(TooManyRequests) as refusal:
        accounts.sign_in("anna", PASSWORD, HERE)
    assert 0 < refusal.value.extra["retry_after"] <= 300
    assert accounts.sign_in("anna", PASSWORD, THERE)


def test_many_names_from_one_address_make_the_address_wait(accounts: Accounts) -> None:
    for number in range(60):
        with pytest.raises(NotSignedIn):
            accounts.sign_in(f"guess-{number}", "wrong", HERE)
    with pytest.raises(TooManyRequests):
        accounts.sign_in("anna", PASSWORD, HERE)


def test_success_forgets_the_failures_before_it(accounts: Accounts) -> None:
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(NotSignedIn):
                accounts.sign_in("anna", "wrong", HERE)
        accounts.sign_in("anna", PASSWORD, HERE)


@pytest.mark.parametrize("name", ["", "a b", "ä", "x" * 41, "a/b", "<b>"])
def test_names_are_plain(accounts: Accounts, name: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        accounts.add(name, "AUDITOR", PASSWORD)
    assert refusal.value.field == "name"


@pytest.mark.parametrize("role", ["", "SYSTEM", "KP_REQ", "admin"])
def test_only_roles_of_people_who_sign_in(accounts: Accounts, role: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        accounts.add("bert", role, PASSWORD)
    assert refusal.value.field == "role"


def test_short_passwords_and_second_accounts_are_refused(accounts: Accounts) -> None:
    with pytest.raises(InvalidField) as short:
        accounts.add("bert", "AUDITOR", "too short")
    assert short.value.field == "password"
    with pytest.raises(InvalidField) as taken:
        accounts.add("anna", "AUDITOR", PASSWORD)
    assert taken.value.field == "name"
    with pytest.raises(NotFound):
        accounts.set_role("nobody", "AUDITOR")


def test_an_old_hash_is_renewed_at_sign_in(accounts: Accounts, database: Database) -> None:
    store = SqlAccountStore(database)
    before = store.account("anna")
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    other = Accounts(store, SignInAttempts(LateLimiter()), SettableClock(), stronger)
    other.sign_in("anna", PASSWORD, HERE)
    after = store.account("anna")
    assert before is not None
    assert after is not None
    assert before.password_hash != after.password_hash
    assert accounts.sign_in("anna", PASSWORD, HERE)


def test_the_demonstration_is_seeded_once(accounts: Accounts) -> None:
    seed_demonstration_accounts(accounts)
    hashes = [account.password_hash for account in accounts.accounts()]
    seed_demonstration_accounts(accounts)
    assert hashes == [account.password_hash for account in accounts.accounts()]
    for name, role in DEMONSTRATION_ACCOUNTS.items():
        assert accounts.sign_in(name, name, HERE).user.role == role
        user = accounts.by_token(f"demo-{name}")
        assert user is not None
        assert user.name == name


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(guess=st.text(max_size=60))
def test_guesses_of_any_shape_open_nothing(accounts: Accounts, guess: str) -> None:
    assert accounts.by_session(guess) is None
    assert accounts.by_token(guess) is None
