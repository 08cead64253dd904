"""What happens to data that come back, before anybody uses them; on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select

from data.backup.putting_in_service import EVENT, put_in_service
from data.database import Database
from data.journal import Journal
from data.schema import devices, sessions, tokens, users
from data.system_log import SystemLog, append_system_events
from domain.system_contents import changed_behind, recorded_facts
from domain.system_log import NewSystemEvent, broken_system_links, secret_digest
from domain.time import to_microseconds

AT = datetime(2026, 3, 1, tzinfo=UTC)


def _account(connection: Connection, name: str, *, given: int, ended: int | None = None) -> None:
    """An account with a session and so many tokens, recorded as the program does."""
    moment = to_microseconds(AT)
    connection.execute(
        users.insert().values(name=name, role="ADMIN", password_hash="hash", created_at=moment)
    )
    connection.execute(
        sessions.insert().values(
            id=name, user=name, created_at=moment, expires_at=moment * 2, ended_at=ended
        )
    )
    facts = {"role": "ADMIN", "enabled": True, "password": secret_digest("hash")}
    told = [NewSystemEvent("account_added", name, AT, None, facts)]
    for number in range(given):
        digest = f"{name} {number}"
        connection.execute(tokens.insert().values(hash=digest, user=name, created_at=moment))
        told.append(
            NewSystemEvent("token_issued", name, AT, None, {"token": secret_digest(digest)})
        )
    append_system_events(connection, told)


def test_nobody_is_signed_in_and_the_chain_says_why(database: Database) -> None:
    log, later = SystemLog(database), AT + timedelta(hours=1)
    with database.writing() as connection:
        _account(connection, "anna", given=2)
        _account(connection, "bert", given=0, ended=1)
    with database.writing() as connection:
        connection.execute(devices.insert().values(id="phone", key_hash="x"))
        restored = put_in_service(connection, later, {"sha256": "ab"})
    assert (restored.sessions, restored.tokens) == (1, 2)

    with database.reading() as connection:
        assert None not in set(connection.scalars(select(sessions.c.ended_at)))
        assert None not in set(connection.scalars(select(tokens.c.revoked_at)))
        assert list(connection.scalars(select(devices.c.key_hash))) == ["x"]
        chain = log.chain(connection)
        recorded, faults = recorded_facts(chain)
        there = log.there(connection, recorded)
        assert faults == broken_system_links(chain) == []
        assert changed_behind(recorded.accounts, there.accounts) == []
        assert [(one.event, one.subject) for one in chain[-2:]] == [
            ("tokens_revoked", "anna"),
            (EVENT, "(database)"),
        ]
        before = chain[-3]
        assert chain[-1].body == {
            "sha256": "ab",
            "head": {"seq": before.seq, "hash": before.hash},
            "sessions_ended": 1,
            "tokens_revoked": 2,
        }


def test_the_journal_goes_on_with_numbers_that_were_never_there(database: Database) -> None:
    journal = Journal(database)
    with database.writing() as connection:
        for number in range(3):
            journal.append(connection, "live", "log", {"number": number}, AT)
    known = journal.head()
    with database.writing() as connection:
        put_in_service(connection, AT, {})
        journal.append(connection, "live", "log", {"number": 3}, AT)
    kept = journal.since(0, 10)
    assert [one.payload for one in kept] == [f'{{"number":{number}}}' for number in range(4)]
    assert min(one.seq for one in kept) > known + 1_000_000
    assert journal.head() == journal.head_of("live") == kept[-1].seq
