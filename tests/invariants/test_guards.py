"""The guards that keep a fact outside of the 21 invariants, one case each.

``make mutants`` removes every guard of the table. Where no invariant notices, the case named here
does: ``CASES`` maps (row, guard) to a command that this guard alone has to stop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import GuardRefused
from domain.state import PlatoonState
from domain.streams import PLATOON
from domain.time import to_rfc3339
from domain.transitions import RES, TABLE, Transition
from tests.domain.harness import START, World, command, sample_record

INCIDENT = "drill-0001"
LATER = to_rfc3339(START + timedelta(hours=3))
ASKED = ("I02", "A03", "A04")
ENGAGED = (*ASKED, "A05", "A09", "A10", "A11")
KFOR_ENGAGED = ("K03", "K05", "K06", "K09", "K10", "K11")


def row_of(row_id: str) -> Transition:
    return next(row for row in TABLE if row.id == row_id)


def world_after(*row_ids: str, **changed: Any) -> World:
    """One reported incident and two platoons after these rows, each with a good record."""
    world = World(platoons={name: PlatoonState(name) for name in ("p1", "p2")}, **changed)
    world.act(command(TABLE[0], sample_record(TABLE[0])), INCIDENT)
    for row_id in row_ids:
        row = row_of(row_id)
        stream = f"{PLATOON}p1" if row.region == RES else INCIDENT
        record = {
            **sample_record(row, INCIDENT),
            **({"skip_ground": "x"} if row_id == "K03" else {}),
        }
        world.act(command(row, record), stream, INCIDENT)
    return world


def attempt(
    world: World, row_id: str, record: dict[str, Any] | None = None, **changed: Any
) -> None:
    """The event of a row on the incident, or on platoon p1, with something changed about it."""
    row = row_of(row_id)
    whole = {**sample_record(row, INCIDENT), **(record or {})}
    stream = f"{PLATOON}p1" if row.region == RES else INCIDENT
    world.act(replace(command(row, whole), **changed), stream, INCIDENT)


def _request(row_id: str, **changed: Any) -> dict[str, Any]:
    return {"request": {**sample_record(row_of(row_id))["request"], **changed}}


def _escort() -> World:
    world = world_after("I02")
    attempt(world, "A03", _request("A03", purpose="escort_support"))
    attempt(world, "A04")
    return world


def _nowhere(*row_ids: str) -> World:
    world = world_after(*row_ids)
    world.location = None
    return world


FAR = {"lat": 42.6, "lon": 21.1}

CASES: dict[tuple[str, str], Callable[[], None]] = {
    ("I01", "somewhere"): lambda: attempt(World(), "I01", position=None),
    ("I02", "kp_informed"): lambda: attempt(world_after(), "I02", {"kp_informed_at": LATER}),
    ("I07", "tally_reconciled"): lambda: attempt(
        world_after("I02", "I05", tally={"KP": {"routine": 1}}), "I07"
    ),
    ("I07", "force_recorded"): lambda: attempt(
        world_after("I02", "I05"), "I07", {"force_used": True}
    ),
    ("A03", "somewhere"): lambda: attempt(_nowhere("I02"), "A03", position=None),
    ("A05", "operations_approval"): lambda: attempt(_escort(), "A05"),
    ("A08", "request_outlived"): lambda: attempt(world_after("I02", "A03"), "A08"),
    ("A10", "within_radius"): lambda: attempt(world_after(*ENGAGED[:5]), "A10", position=FAR),
    ("A11", "kp_agreed"): lambda: attempt(
        world_after(*ENGAGED[:6]), "A11", {"kp_agreement": {"function": "x", "at": LATER}}
    ),
    ("A18", "not_revoked"): lambda: attempt(world_after(*ENGAGED, "A18"), "A18"),
    ("K02", "capacity_reached"): lambda: attempt(world_after("I02"), "K02"),
    ("K02", "request_received"): lambda: attempt(
        world_after(*ASKED, "A05"), "K02", _request("K02", received_at=LATER)
    ),
    ("K02", "kp_informed"): lambda: attempt(
        world_after(*ASKED, "A05"), "K02", {"kp_informed_at": LATER}
    ),
    ("K02", "somewhere"): lambda: attempt(_nowhere(*ASKED, "A05"), "K02", position=None),
    ("K03", "request_received"): lambda: attempt(
        world_after("I02"), "K03", {**_request("K03", received_at=LATER), "skip_ground": "x"}
    ),
    ("K03", "second_responder_asked"): lambda: attempt(world_after("I02"), "K03"),
    ("K03", "somewhere"): lambda: attempt(
        _nowhere("I02"), "K03", {"skip_ground": "x"}, position=None
    ),
    ("K10", "within_radius"): lambda: attempt(
        world_after("I02", *KFOR_ENGAGED[:4]), "K10", position=FAR
    ),
    ("K13", "receiver_can_take"): lambda: attempt(
        world_after("I02", *KFOR_ENGAGED), "K13", {"receiver": "FPU"}
    ),
    ("L04", "fpu_not_skipped"): lambda: attempt(
        world_after(*ENGAGED, *KFOR_ENGAGED, "L02"), "L04"
    ),
    ("R06", "head_count_complete"): lambda: attempt(
        world_after(*ENGAGED[:5], "A17", "R05"), "R06", {"headcount": 7}, text=None
    ),
    ("R07", "exercise_open"): lambda: attempt(world_after(), "R07", {"operation": "over"}),
}  # fmt: skip


@pytest.mark.parametrize(("row_id", "guard"), CASES, ids=lambda value: str(value))
def test_the_guard_stops_it(row_id: str, guard: str) -> None:
    with pytest.raises(GuardRefused) as refused:
        CASES[row_id, guard]()
    assert refused.value.guard == guard


def test_every_case_names_a_guard_of_its_row() -> None:
    assert all(guard in row_of(row_id).guards for row_id, guard in CASES)
