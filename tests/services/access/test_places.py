"""Places for streams: nobody gets more than theirs, nobody all, and none is ever lost."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.access.places import (
    FOR_A_BROWSER,
    FOR_A_PERSON,
    FOR_A_ROLE,
    Place,
    Places,
    TooManyScreens,
)

ROLES = {"wall": "WALL", "duty": "FPU_DUTY", "review": "REVIEWER"}


@dataclass
class Screens:
    """Screens that can be gone without anybody having noticed."""

    gone: list[Place] = field(default_factory=list)

    def reap(self) -> None:
        for place in self.gone:
            place.release()
        self.gone.clear()


@given(
    st.integers(1, 40),
    st.lists(st.tuples(st.sampled_from(sorted(ROLES)), st.sampled_from(("open", "gone", "left")))),
)
def test_no_account_has_more_than_its_places(total: int, acts: list[tuple[str, str]]) -> None:
    screens = Screens()
    places = Places(total, screens.reap)
    kept: list[Place] = []
    for account, act in acts:
        mine = [place for place in kept if place.account == account]
        if act == "open":
            full = len(kept) >= total or len(mine) >= places.most(ROLES[account])
            if not full:
                kept.append(places.take(account, ROLES[account]))
                continue
            with pytest.raises(TooManyScreens) as refusal:
                places.take(account, ROLES[account])
            assert 10 <= refusal.value.extra["retry_after"] <= 30
            assert refusal.value.extra["account"] in ("", account)
        elif mine and act == "gone":
            screens.gone.append(mine[0])
            kept.remove(mine[0])
        elif mine:
            mine[0].release()
            mine[0].release()
            kept.remove(mine[0])
    screens.reap()
    assert places.taken() == len(kept)
    assert {name: places.taken(name) for name in ROLES} == {
        name: sum(place.account == name for place in kept) for name in ROLES
    }


def test_a_room_of_screens_has_more_places_than_a_desk_and_nobody_has_all() -> None:
    usual = Places(40)
    assert usual.most("FPU_DUTY") == FOR_A_PERSON
    assert usual.most("WALL") == FOR_A_ROLE["WALL"] > FOR_A_PERSON
    assert all(Places(total).most("WALL") < total for total in range(2, 40))


def test_a_browser_never_has_as_many_places_as_connections() -> None:
    """It opens six to one host; another browser of the account has places still."""
    places = Places(40)
    mine = [places.take("wall", "WALL", "first") for _ in range(FOR_A_BROWSER)]
    with pytest.raises(TooManyScreens, match="this browser has 4 of at most 4") as refusal:
        places.take("wall", "WALL", "first")
    told = refusal.value.extra
    assert told["browser"]
    assert (told["account"], told["open"], told["most"]) == ("wall", 4, 4)
    others = [places.take("wall", "WALL", "second") for _ in range(FOR_A_BROWSER)]
    others += [places.take("wall", "WALL") for _ in range(FOR_A_ROLE["WALL"] - 8)]
    with pytest.raises(TooManyScreens, match="the account wall has 12 screens") as refusal:
        places.take("wall", "WALL")
    assert not refusal.value.extra["browser"]
    others[0].release()
    mine[0].release()
    mine[0].release()
    places.take("wall", "WALL", "first")


def test_screens_that_have_just_gone_are_no_reason_to_refuse() -> None:
    """39 screens leave and as many come before anybody has looked."""
    screens = Screens()
    places = Places(40, screens.reap)
    names = [f"desk-{number}" for number in range(7)]
    first = [places.take(names[number % 7], "FPU_DUTY") for number in range(40)]
    screens.gone += first[1:]
    assert len([places.take(names[number % 7], "FPU_DUTY") for number in range(1, 40)]) == 39
    with pytest.raises(TooManyScreens, match="40 screens"):
        places.take("another", "FPU_DUTY")
