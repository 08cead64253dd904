"""Accounts over a real database: who gets in, and how fast somebody is put out."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from data.access.account_store import SqlAccountStore
from data.database import Database
from data.schema import sessions, tokens, users
from data.system_log import SystemLog
from domain.access.passwords import WeakPassword
from domain.access.sessions import LIMITS, Ending
from domain.errors import InvalidField, NotFound, NotPermitted, NotSignedIn, TooManyRequests
from domain.system_contents import changed_behind, recorded_facts
from domain.system_log import broken_system_links
from services.access.accounts import Accounts
from services.access.attempts import LateLimiter, SignInAttempts
from services.access.demonstration_accounts import (
    DEMONSTRATION_ACCOUNTS,
    seed_demonstration_accounts,
)
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


@pytest.mark.parametrize("role", LIMITS)
def test_a_session_that_nobody_uses_ends(
    accounts: Accounts, clock: SettableClock, role: str
) -> None:
    accounts.add("bert", role, PASSWORD)
    secret = accounts.sign_in("bert", PASSWORD, HERE).secret
    limits = LIMITS[role]
    over = (Ending.LONGEST, limits.longest) if limits.idle is None else (Ending.IDLE, limits.idle)
    clock.now += over[1] - timedelta(seconds=1)
    assert accounts.by_session(secret) is not None, "asking who it is is no use"
    assert accounts.why_ended(secret) is None
    clock.now += timedelta(seconds=1)
    assert accounts.by_session(secret) is None
    assert accounts.why_ended(secret) == (over[0], role)
    accounts.use(secret)
    assert accounts.by_session(secret) is None, "it is too late"


def test_a_session_in_use_lasts_for_its_longest(accounts: Accounts, clock: SettableClock) -> None:
    secret = accounts.sign_in("anna", PASSWORD, HERE).secret
    ends = clock.now + LIMITS["FPU_DUTY"].longest
    while clock.now + timedelta(hours=1) < ends:
        clock.now += timedelta(hours=1)
        accounts.use(secret)
        assert accounts.by_session(secret) is not None
    clock.now = ends
    assert accounts.by_session(secret) is None
    assert accounts.why_ended(secret) == (Ending.LONGEST, "FPU_DUTY")


def test_use_is_written_down_once_a_minute(
    accounts: Accounts, clock: SettableClock, database: Database
) -> None:
    secret = accounts.sign_in("anna", PASSWORD, HERE).secret
    token = accounts.issue_token("anna", "a program")
    noted = []
    for _ in range(5):
        clock.now += timedelta(seconds=25)
        accounts.use(secret)
        assert accounts.by_token(token) is not None
        with database.reading() as connection:
            its = connection.execute(select(sessions.c.used_at)).scalar_one()
            noted.append((its, connection.execute(select(tokens.c.used_at)).scalar_one()))
    assert len({its for its, _ in noted}) == 2  # at the beginning, and 75 seconds later
    assert len({its for _, its in noted}) == 2  # when it was used first, and 75 seconds later


def test_signing_out_ends_that_session_only(accounts: Accounts) -> None:
    first = accounts.sign_in("anna", PASSWORD, HERE).secret
    second = accounts.sign_in("anna", PASSWORD, HERE).secret
    accounts.sign_out(first)
    assert accounts.by_session(first) is None
    assert accounts.by_session(second) is not None


def test_disabling_ends_sessions_and_tokens_at_once(accounts: Accounts) -> None:
    secret = accounts.sign_in("anna", PASSWORD, HERE).secret
    token = accounts.issue_token("anna", "a program")
    accounts.set_enabled("anna", False)
    assert accounts.by_session(secret) is None
    assert accounts.by_token(token) is None
    with pytest.raises(NotSignedIn):
        accounts.sign_in("anna", PASSWORD, HERE)
    accounts.set_enabled("anna", True)
    assert accounts.by_session(secret) is None, "an ended session never comes back"
    assert accounts.by_token(token) is None, "nor does a token"


def test_another_role_ends_the_sessions_and_tokens_of_the_one_before(accounts: Accounts) -> None:
    accounts.add("wall", "WALL", PASSWORD)
    secret = accounts.sign_in("wall", PASSWORD, HERE).secret
    token = accounts.issue_token("wall", "a screen")
    accounts.set_role("wall", "FPU_CMD")
    assert accounts.by_session(secret) is None
    assert accounts.by_token(token) is None
    assert accounts.why_ended(secret) == (Ending.ROLE, "FPU_CMD")
    assert accounts.sign_in("wall", PASSWORD, HERE).user.role == "FPU_CMD"


def test_nobody_gives_themselves_a_role(accounts: Accounts) -> None:
    accounts.add("boss", "ADMIN", PASSWORD)
    with pytest.raises(NotPermitted):
        accounts.set_role("boss", "FPU_DUTY", by="boss")
    assert accounts.sign_in("boss", PASSWORD, HERE).user.role == "ADMIN"


def test_another_password_ends_every_session_and_token(accounts: Accounts) -> None:
    secret = accounts.sign_in("anna", PASSWORD, HERE).secret
    token = accounts.issue_token("anna", "a program")
    accounts.set_password("anna", "quite another password")
    assert accounts.by_session(secret) is None
    assert accounts.by_token(token) is None
    assert accounts.why_ended(secret) == (Ending.PASSWORD, "FPU_DUTY")
    assert accounts.sign_in("anna", "quite another password", HERE)
    with pytest.raises(NotSignedIn):
        accounts.sign_in("anna", PASSWORD, HERE)


def test_revoked_tokens_open_nothing(accounts: Accounts) -> None:
    token = accounts.issue_token("anna", "a program")
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


# --- whose hands were on which account ----------------------------------------------------------


def test_who_gave_an_account_its_password_is_known(accounts: Accounts) -> None:
    accounts.add("boss", "ADMIN", PASSWORD)
    accounts.add("bert", "FPU_DUTY", PASSWORD, by="boss")
    accounts.set_password("anna", "quite another password", by="boss")
    accounts.issue_token("boss", "a program", by="boss")
    accounts.set_password("boss", "quite another password", by="boss")
    accounts.add("cleo", "WALL", PASSWORD)
    accounts.issue_token("cleo", "a program", by="anna")
    accounts.set_role("cleo", "AUDITOR", by="boss")
    assert accounts.hands_on("boss") == {"anna", "bert"}
    assert accounts.hands_on("anna") == {"cleo"}, "a token acts as the account does"
    assert accounts.hands_on("bert") == frozenset()


def test_what_was_refused_is_nobody_s_doing(accounts: Accounts) -> None:
    for refused in (
        lambda: accounts.add("anna", "AUDITOR", PASSWORD, by="boss"),
        lambda: accounts.set_password("anna", "short", by="boss"),
        lambda: accounts.set_password("nobody", PASSWORD, by="boss"),
        lambda: accounts.set_role("nobody", "AUDITOR", by="boss"),
        lambda: accounts.issue_token("nobody", "a program", by="boss"),
    ):
        with pytest.raises((InvalidField, NotFound)):
            refused()
    accounts.issue_token("anna", token="t")
    accounts.issue_token("anna", token="t", by="boss")
    assert accounts.hands_on("boss") == frozenset()


def test_a_password_is_confirmed_without_a_session(accounts: Accounts, database: Database) -> None:
    user = accounts.confirm_password("anna", PASSWORD, HERE)
    assert (user.name, user.role) == ("anna", "FPU_DUTY")
    assert re.fullmatch("password-[0-9a-f]{10}", user.session)
    assert accounts.confirm_password("anna", PASSWORD, HERE).session != user.session
    with database.reading() as connection:
        assert connection.execute(select(sessions)).all() == []


def test_confirming_counts_as_signing_in_does(accounts: Accounts) -> None:
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            accounts.confirm_password("anna", "wrong", HERE)
    with pytest.raises(TooManyRequests):
        accounts.confirm_password("anna", PASSWORD, HERE)
    with pytest.raises(TooManyRequests):
        accounts.sign_in("anna", PASSWORD, HERE)
    accounts.set_enabled("anna", False)
    with pytest.raises(NotSignedIn):
        accounts.confirm_password("anna", PASSWORD, THERE)


def test_an_account_is_shown_as_it_is_now(accounts: Accounts) -> None:
    accounts.set_role("anna", "AUDITOR")
    user = accounts.current("anna")
    assert user is not None
    assert (user.name, user.role) == ("anna", "AUDITOR")
    accounts.set_enabled("anna", False)
    assert accounts.current("anna") is None
    assert accounts.current("nobody") is None


def test_every_change_is_recorded_in_the_chain_without_a_secret(
    accounts: Accounts, database: Database
) -> None:
    accounts.set_password("anna", "quite another password", by="boss")
    accounts.set_role("anna", "AUDITOR", by="boss")
    token = accounts.issue_token("anna", "a program", by="boss")
    accounts.set_enabled("anna", False, by="boss")
    accounts.set_enabled("anna", True)
    accounts.revoke_tokens("anna", by="anna")
    assert changed_behind_nothing(database)
    log = SystemLog(database)
    with database.reading() as connection:
        chain = log.chain(connection)
        stored = {str(value) for value in connection.execute(select(users.c.password_hash)).one()}
        stored |= {str(value) for value in connection.execute(select(tokens.c.hash)).one()}
    assert broken_system_links(chain) == []
    assert [(one.event, one.subject, one.by) for one in chain] == [
        ("account_added", "anna", None),
        ("password_changed", "anna", "boss"),
        ("role_changed", "anna", "boss"),
        ("token_issued", "anna", "boss"),
        ("account_disabled", "anna", "boss"),
        ("tokens_revoked", "anna", "boss"),
        ("account_enabled", "anna", None),
        ("tokens_revoked", "anna", "anna"),
    ]
    everything = " ".join(map(str, chain))
    for secret in (PASSWORD, "quite another password", token, *stored):
        assert secret not in everything


def changed_behind_nothing(database: Database) -> bool:
    """Whether everything that is there is what the chain tells of."""
    log = SystemLog(database)
    with database.reading() as connection:
        recorded, faults = recorded_facts(log.chain(connection))
        there = log.there(connection, recorded)
    return faults + changed_behind(recorded.accounts, there.accounts) == []


def test_a_renewed_hash_never_brings_an_old_password_back(
    accounts: Accounts, database: Database
) -> None:
    """Another password is set between the check of the old one and the renewal of its hash."""

    class Meanwhile(PasswordHasher):
        def check_needs_rehash(self, hash: str | bytes) -> bool:
            accounts.set_password("anna", "quite another password")
            return True

    slow = Meanwhile(time_cost=1, memory_cost=8, parallelism=1)
    store = SqlAccountStore(database)
    Accounts(store, SignInAttempts(LateLimiter()), SettableClock(), slow).sign_in(
        "anna", PASSWORD, HERE
    )
    with pytest.raises(NotSignedIn):
        accounts.sign_in("anna", PASSWORD, HERE)
    assert accounts.sign_in("anna", "quite another password", HERE)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(guess=st.text(max_size=60))
def test_guesses_of_any_shape_open_nothing(accounts: Accounts, guess: str) -> None:
    assert accounts.by_session(guess) is None
    assert accounts.by_token(guess) is None


# --- passwords that somebody else has set, one's own, and tokens ----------------------------------


def test_a_password_that_somebody_else_set_must_be_changed(
    accounts: Accounts, database: Database
) -> None:
    accounts.add("bert", "FPU_DUTY", PASSWORD, by="anna", must_change=True)
    opened = accounts.sign_in("bert", PASSWORD, HERE)
    assert opened.user.must_change
    with pytest.raises(NotPermitted, match="bert"):
        accounts.confirm_password("bert", PASSWORD, HERE)
    changed = accounts.change_own_password(opened.secret, PASSWORD, "a bridge at four", HERE)
    assert not changed.user.must_change
    assert accounts.by_session(opened.secret) is None
    assert accounts.by_session(changed.secret) == changed.user
    assert accounts.confirm_password("bert", "a bridge at four", HERE).name == "bert"
    accounts.set_password("bert", PASSWORD, by="anna", must_change=True)
    assert accounts.sign_in("bert", PASSWORD, HERE).user.must_change
    assert changed_behind_nothing(database)


def test_one_s_own_password_wants_the_present_one(accounts: Accounts) -> None:
    opened = accounts.sign_in("anna", PASSWORD, HERE)
    other = accounts.sign_in("anna", PASSWORD, THERE)
    for present, new, field in (
        ("wrong", "a bridge at four", "present"),
        (PASSWORD, PASSWORD, "password"),
        (PASSWORD, "too short", "password"),
    ):
        with pytest.raises(InvalidField) as refused:
            accounts.change_own_password(opened.secret, present, new, HERE)
        assert refused.value.field == field
    assert accounts.by_session(other.secret) is not None
    accounts.change_own_password(opened.secret, PASSWORD, "a bridge at four", HERE)
    assert accounts.by_session(other.secret) is None
    with pytest.raises(NotSignedIn):
        accounts.change_own_password(other.secret, "a bridge at four", PASSWORD, HERE)
    assert accounts.sign_in("anna", "a bridge at four", HERE)


@pytest.mark.parametrize("password", ["123456789012", "aaaaaaaaaaaa", "mitrovica-2026", "x" * 1025])
def test_weak_passwords_are_refused_wherever_one_is_set(accounts: Accounts, password: str) -> None:
    opened = accounts.sign_in("anna", PASSWORD, HERE)
    for attempt in (
        lambda: accounts.add("bert", "AUDITOR", password),
        lambda: accounts.set_password("anna", password),
        lambda: accounts.change_own_password(opened.secret, PASSWORD, password, HERE),
    ):
        with pytest.raises(WeakPassword):
            attempt()
    assert accounts.by_session(opened.secret) is not None


def test_tokens_end_and_say_what_they_are_for(
    accounts: Accounts, clock: SettableClock, database: Database
) -> None:
    token = accounts.issue_token("anna", "the archive", days=2)
    clock.now += timedelta(days=2) - timedelta(seconds=1)
    assert accounts.by_token(token) is not None
    clock.now += timedelta(seconds=1)
    assert accounts.by_token(token) is None
    for purpose, days in (("", 1), (" ", 1), ("a\nb", 1), ("x" * 201, 1), ("x", 0), ("x", 400)):
        with pytest.raises(InvalidField):
            accounts.issue_token("anna", purpose, days=days)
    assert changed_behind_nothing(database)


def test_a_token_that_was_made_to_last_longer_shows_in_the_log(
    accounts: Accounts, database: Database
) -> None:
    accounts.issue_token("anna", "the archive", days=2)
    with database.writing() as connection:
        connection.execute(tokens.update().values(expires_at=None))
    assert not changed_behind_nothing(database)
