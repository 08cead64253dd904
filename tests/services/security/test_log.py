"""Counting by the minute, and a store that is away: nothing waits, nothing grows without bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access.security import (
    NewSecurityEvent,
    believed_address,
    network_of,
    plain_reason,
    short,
)
from domain.errors import StoreUnavailable
from services.security.log import MOST_WAITING, SecurityLog
from services.security.repeats import A_DAY, A_MINUTE, Repeats

NOW = datetime(2026, 12, 1, 2, 41, tzinfo=UTC)
REFUSED = NewSecurityEvent("refused", "refused", NOW, address="192.0.2.1", status=401)


class Store:
    """Takes what it is given, or nothing."""

    def __init__(self) -> None:
        self.kept: list[NewSecurityEvent] = []
        self.away = False

    def append(self, new: Sequence[NewSecurityEvent]) -> None:
        if self.away:
            raise StoreUnavailable("away")
        self.kept += new


class World:
    """A log whose clock is set by hand."""

    def __init__(self) -> None:
        self.now = NOW
        self.store = Store()
        self.asked = 0
        self.log = SecurityLog(self.store, lambda: self.now, self._names)

    def _names(self) -> list[str]:
        self.asked += 1
        return ["anna"]


def test_the_first_is_written_at_once_and_its_repeats_as_a_number() -> None:
    world = World()
    for second in range(30):
        world.log.note(replace(REFUSED, at=NOW + timedelta(seconds=second)))
    world.log.flush()
    assert [one.count for one in world.store.kept] == [1]
    world.now = NOW + timedelta(minutes=1)
    world.log.flush()
    world.log.flush()
    assert [one.count for one in world.store.kept] == [1, 29]
    assert world.store.kept[1].body["since"] == "2026-12-01T02:41:00Z"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["refused", "feed", "sign_in"]),
            st.integers(0, 500),
            st.integers(0, 600),
            st.sampled_from([None, "anna"]),
        ),
        max_size=300,
    )
)
def test_counts_add_up_and_rows_are_bounded(sent: list[tuple[str, int, int, str | None]]) -> None:
    repeats, rows = Repeats(), []
    for kind, host, second, account in sorted(sent, key=lambda one: one[2]):
        at = NOW + timedelta(seconds=second)
        rows += repeats.ended(at)
        new = NewSecurityEvent(kind, "refused", at, account=account, address=f"10.0.0.{host}")
        written = repeats.add(new)
        rows += [written] if written else []
    rows += repeats.all_counted()
    assert sum(one.count for one in rows) == len(sent)
    minutes = len({second // 60 for _, _, second, _ in sent})
    assert len(rows) <= minutes * 3 * (2 * A_MINUTE + 1)


def test_a_flood_of_a_whole_day_makes_no_more_rows_than_are_allowed() -> None:
    repeats, rows = Repeats(), 0
    start = NOW.replace(hour=0, minute=0)
    for minute in range(1440):
        at = start + timedelta(minutes=minute)
        rows += len(repeats.ended(at))
        rows += sum(
            repeats.add(replace(REFUSED, at=at, address=f"10.{minute % 250}.{host}.1")) is not None
            for host in range(40)
        )
    assert rows <= 2 * A_DAY + 1440


def test_strangers_cannot_use_up_what_is_written_of_accounts() -> None:
    world = World()
    for host in range(3 * A_MINUTE):
        world.log.note(replace(REFUSED, address=f"10.0.0.{host}"))
    world.log.note(replace(REFUSED, kind="sign_in", account="anna"))
    world.log.note(replace(REFUSED, account="duty", role="FPU_DUTY"))
    world.log.flush()
    assert [one.account for one in world.store.kept if one.account] == ["anna", "duty"]
    assert len(world.store.kept) == A_MINUTE + 2


def test_a_stranger_is_counted_by_what_it_can_choose_from() -> None:
    world = World()
    for host in range(50):
        world.log.note(replace(REFUSED, address=f"2001:db8:0:7::{host:x}"))
    world.log.close()
    assert [(one.address, one.count) for one in world.store.kept] == [
        ("2001:db8:0:7::/64", 1),
        ("2001:db8:0:7::/64", 49),
    ]


def test_a_store_that_is_away_costs_nothing_but_memory_that_is_bounded() -> None:
    world = World()
    world.store.away = True
    for number in range(MOST_WAITING + 50):
        at = NOW + timedelta(minutes=number)
        world.log.note(replace(REFUSED, at=at))
    world.log.flush()
    assert world.store.kept == []
    world.store.away = False
    world.log.flush()
    assert len(world.store.kept) == MOST_WAITING + 1
    assert (world.store.kept[-1].reason, world.store.kept[-1].count) == ("lost", 50)


def test_an_act_that_cannot_be_recorded_is_told() -> None:
    world = World()
    world.store.away = True
    with pytest.raises(StoreUnavailable):
        world.log.record(replace(REFUSED, kind="export"))


def test_only_names_of_accounts_are_names() -> None:
    world = World()
    assert world.log.account("anna") == "anna"
    assert world.log.account("correct horse battery") is None
    assert world.asked == 1  # a flood does not ask the store each time


@pytest.mark.parametrize(
    ("said", "address", "network"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7"),
        ("2001:DB8::5", "2001:db8::5", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::1", "fe80::/64"),
        ("hunter2", "unknown", "unknown"),
        ("<script>", "unknown", "unknown"),
        (None, "unknown", "unknown"),
    ],
)
def test_an_address_is_an_address(said: str | None, address: str, network: str) -> None:
    assert believed_address(said) == address
    assert network_of(address) == network


@given(st.text())
def test_what_is_stored_is_one_printable_line(words: str) -> None:
    assert all(letter.isprintable() for letter in short(words) or "")
    assert plain_reason(words) is None or plain_reason(words).isascii()
