"""Who goes when too many connections are open, and whose request is next."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.server.places import Places
from commands.server.turns import Turns


def places(
    total: int = 6, each: int = 3, exempt: str = "", busy: set[int] | None = None
) -> Places[int]:
    return Places(total, each, exempt, lambda which: which not in (busy or set()))


def test_the_longest_waiting_of_the_same_address_goes() -> None:
    open_ = places()
    assert [open_.enter(which, "192.0.2.1") for which in range(3)] == [None] * 3
    assert open_.enter(9, "192.0.2.2") is None
    assert open_.enter(3, "192.0.2.1") == 0
    open_.leave(0)
    open_.renew(1)
    assert open_.enter(4, "192.0.2.1") == 2


def test_who_is_being_answered_does_not_go() -> None:
    open_ = places(busy={0, 1})
    for which in range(3):
        open_.enter(which, "192.0.2.1")
    assert open_.enter(3, "192.0.2.1") == 2
    everyone = places(busy={0, 1, 2})
    for which in range(3):
        everyone.enter(which, "192.0.2.1")
    assert everyone.enter(3, "192.0.2.1") == 3


def test_a_customer_of_ipv6_has_one_place_whatever_address_he_takes() -> None:
    open_ = places(each=1)
    open_.enter(1, "2001:db8:0:1::1")
    assert open_.enter(2, "2001:db8:0:2::1") is None
    assert open_.enter(3, "2001:db8:0:1:ffff::2") == 1
    assert open_.enter(4, "::ffff:192.0.2.1") is None
    assert open_.enter(5, "192.0.2.1") == 4


def test_a_proxy_speaks_for_many() -> None:
    open_ = places(exempt="192.0.2.0/28, 198.51.100.1")
    for which in range(5):
        assert open_.enter(which, "192.0.2.9") is None
    assert open_.enter(5, "203.0.113.1") is None
    assert open_.enter(6, "203.0.113.2") == 5  # strangers give way to each other first
    with pytest.raises(ValueError, match="everyone"):
        places(exempt="everyone")


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60))
def test_there_are_never_more_than_there_may_be(steps: list[tuple[int, bool]]) -> None:
    open_ = places()
    held: dict[int, str] = {}
    for number, (house, leaves) in enumerate(steps):
        if leaves and held:
            gone = next(iter(held))
            open_.leave(gone)
            del held[gone]
            continue
        address = f"192.0.2.{house}"
        held[number] = address
        victim = open_.enter(number, address)
        if victim is not None:
            open_.leave(victim)
            del held[victim]
        assert number in held
        assert sorted(open_) == sorted(held)
        assert len(open_) <= 6
        assert max(list(held.values()).count(each) for each in held.values()) <= 3


def test_who_asks_seldom_is_before_all_who_flood() -> None:
    turns: Turns[str] = Turns()
    for which in range(100):
        for flooding in ("a", "b", "c"):
            turns.add(flooding, f"{flooding}{which}")
    assert {turns.take() for _ in range(6)} == {"a0", "b0", "c0", "a1", "b1", "c1"}
    turns.add("seldom", "page")
    assert "page" in [turns.take() for _ in range(4)]
    turns.add("seldom", "next page")
    assert "next page" in [turns.take() for _ in range(7)]


def test_who_was_served_before_is_not_behind_those_who_are_new() -> None:
    turns: Turns[str] = Turns()
    turns.add("kept", "first")
    assert turns.take() == "first"
    turns.add("new 0", "new 0")
    turns.add("kept", "second")
    for number in range(1, 4):  # one more is always waiting
        turns.add(f"new {number}", f"new {number}")
    assert [turns.take() for _ in range(2)] == ["new 0", "second"]


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=60), st.data())
def test_nobody_waits_for_longer_than_all_who_wait_take(
    asking: list[str], data: st.DataObject
) -> None:
    turns: Turns[tuple[str, int]] = Turns()
    waiting = Counter[str]()
    ahead: dict[str, int] = {}  # how many clients are before this one
    for number, client in enumerate(asking):
        turns.add(client, (client, number))
        waiting[client] += 1
        ahead.setdefault(client, len(ahead))
        if data.draw(st.booleans()):
            taken, _ = turns.take()
            assert ahead.pop(taken) == 0
            ahead = {who: place - 1 for who, place in ahead.items()}
            waiting[taken] -= 1
            if waiting[taken]:
                ahead[taken] = len(ahead)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers()), max_size=40))
def test_every_request_has_its_turn_once_and_in_the_order_of_its_client(
    requests: list[tuple[str, int]],
) -> None:
    turns: Turns[tuple[str, int]] = Turns()
    for client, number in requests:
        turns.add(client, (client, number))
    taken = [turns.take() for _ in range(len(turns))]
    assert not turns
    for client in "abc":
        assert [one for one in taken if one[0] == client] == [
            one for one in requests if one[0] == client
        ]
