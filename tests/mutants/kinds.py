"""What is broken on purpose: one guard each, in memory only, and put back afterwards."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from unittest.mock import patch

from domain import authority_guards, corrections, floors, new_events, permission, state
from domain import incident as machine
from domain import time as times
from domain.errors import NotPermitted
from domain.guard_book import GUARDS
from domain.records import RECORDS
from domain.transitions import ROWS_OF, T2, TABLE, Transition
from services.shape import _record_validator
from tests.invariants.inspection import REASONS

BEFORE_REQUEST = ("prealert", "stand_down", "kp_request")


@dataclass(frozen=True)
class Mutant:
    """``name`` says what is gone; ``guard`` is (row, guard) where it is one of the table."""

    name: str
    applied: Callable[[], AbstractContextManager[Any]]
    guard: tuple[str, str] | None = None
    store: bool = False
    field: tuple[str, str, str] | None = None


def of_the_table() -> Iterator[Mutant]:
    """Every guard of every row, taken away once."""
    for row in TABLE:
        for guard in row.guards:
            name = f"{row.region} {row.id} {row.event}: without {guard}"
            yield Mutant(name, _without(row, guard), (row.id, guard))


def _without(row: Transition, guard: str) -> Callable[[], AbstractContextManager[Any]]:
    def change(one: Transition) -> Transition:
        if one.id != row.id:
            return one
        return replace(one, guards=tuple(name for name in one.guards if name != guard))

    return lambda: _rows(lambda key: key == (row.region, row.event), change)


@contextmanager
def _rows(
    which: Callable[[tuple[str, str]], bool], change: Callable[[Transition], Transition]
) -> Iterator[None]:
    before = dict(ROWS_OF)
    for key in filter(which, before):
        ROWS_OF[key] = tuple(change(row) for row in before[key])
    try:
        yield
    finally:
        ROWS_OF.update(before)


def of_the_machine() -> Iterator[Mutant]:
    """What ``domain/incident.py`` checks beside the table, taken away once."""

    def gone(name: str, *functions: str) -> Mutant:
        return Mutant(name, lambda: _patched(functions))

    yield gone("anybody enters anything", "check_role")
    yield Mutant("the role of the row is not checked", _any_writer)
    yield Mutant("exercise control acts in the live operation too", _exercise_control_anywhere)
    yield gone("no explicit request of Kosovo Police is asked for", "_check_request")
    yield Mutant("tier 2 starts from anywhere, the explicit request stays", _tier2_from_anywhere)
    yield Mutant("tier 2 starts from anywhere, no explicit request", _tier2_unasked)
    yield Mutant("times may be before those of the lane", _no_lane)
    yield gone("what follows in other lanes has no order", "_check_consequence")
    yield gone("times may lie in the future", "check_not_future")
    yield gone("anybody's word is taken", "check_asserter")
    yield gone("a typed name is overheard", "check_second_user")
    yield gone("a platoon's event may name another incident", "_check_engagement")
    yield Mutant("one side confirms", lambda: patch.dict(GUARDS, two_confirmations=_ONE_SIDE))
    yield from of_the_floors()
    yield from of_authority()
    yield Mutant("own mandate is not kept as an exception", _no_exception)
    yield Mutant("a patrol's act of self-defence engages tier 2", _facts_engage)
    yield Mutant("the state shown is kept beside the log", _state_beside_the_log)
    yield Mutant("hours of summer and winter have one letter", _one_letter)
    for key, needed in REASONS.items():
        for name in needed:
            if not name.endswith("_incident"):  # where a platoon goes is no reason
                label = f"{key[0]} {key[1]}: {name} may be left out"
                gone_field = (*key, name)
                yield Mutant(label, partial(_not_required, key, name), field=gone_field)


def of_the_floors() -> Iterator[Mutant]:
    """Each state that an act rests on, for its time, is forgotten once."""

    def without(name: str) -> AbstractContextManager[Any]:
        kept = {one: rest for one, rest in floors.RESTS_ON.items() if one != name}
        return patch.object(floors, "RESTS_ON", kept)

    for name in floors.RESTS_ON:
        yield Mutant(f"times do not rest on {name}", partial(without, name))


def of_authority() -> Iterator[Mutant]:
    """What keeps authority from being forged, borrowed or backdated, taken away once."""

    def gone(name: str, place: Any, function: str, instead: Any = None) -> Mutant:
        return Mutant(name, lambda: patch.object(place, function, instead or _nothing))

    yield gone(
        "linked accounts count as two people", authority_guards, "why_not_accept", _only_himself
    )
    yield gone("corrections are not judged again", corrections, "_check_nothing_breaks")
    yield gone("a correction may give authority", corrections, "_check_gives_nothing")
    yield gone("a correction may change what states stand on", corrections, "_check_stands")
    yield gone("a correction may say what cannot be", corrections, "_check_possible")
    yield gone("who corrects is not behind the request", corrections, "_correctors", _no_correctors)
    yield gone("a dispute marks nothing", state, "_dispute")
    yield Mutant("a dispute of a platoon marks nothing", _platoons_undisputed)
    yield gone("an end that is said does not count", state.IncidentState, "said_ended")
    yield Mutant("drafts outlive what they stand on", _no_ends)
    yield gone("events keep no identities", machine, "_identities", _no_identities)


def _only_himself(situation: Any, incident: Any) -> str | None:
    return "the same person" if situation.actor.name in incident.t2_behind else None


def _no_correctors(*_values: object) -> dict[str, frozenset[str]]:
    return {}


def _no_identities(*_values: object) -> dict[str, str | None]:
    return {}


def _platoons_undisputed() -> AbstractContextManager[Any]:
    return patch.object(state.PlatoonState, "disputed", False)


def _no_ends() -> AbstractContextManager[Any]:
    from tests.domain import harness  # noqa: PLC0415 - patched here alone

    return patch.object(harness, "ended_with", lambda *_values: [])


def _nothing(*_values: object) -> None:
    return None


def _patched(functions: tuple[str, ...]) -> AbstractContextManager[Any]:
    stack = ExitStack()
    for name in functions:
        stack.enter_context(patch.object(machine, name, _nothing))
    return stack


def _any_writer() -> AbstractContextManager[Any]:
    """Those who write nothing are still stopped."""
    real = permission.may_write
    return patch.object(machine, "check_role", lambda situation, _rows: real(situation))


def _exercise_control_anywhere() -> AbstractContextManager[Any]:
    def only_the_row(situation: Any, rows: Any) -> None:
        if situation.actor.role not in rows[0].entered_by:
            raise NotPermitted("not of this row", guard="role")

    return patch.object(machine, "check_role", only_the_row)


def _no_lane() -> AbstractContextManager[Any]:
    stack = ExitStack()
    nowhere = floors.Floor(0, "in_order", "")
    for place in (floors, machine):
        stack.enter_context(patch.object(place, "own_lane", lambda *_values: nowhere))
    return stack


def _open_tier2() -> AbstractContextManager[None]:
    def change(row: Transition) -> Transition:
        return replace(row, from_states=(*row.from_states, "NONE", "CANCELLED", "WITHDRAWN"))

    return _rows(lambda key: key[0] == T2 and key[1] not in BEFORE_REQUEST, change)


_tier2_from_anywhere = _open_tier2


@contextmanager
def _tier2_unasked() -> Iterator[None]:
    with _open_tier2(), _patched(("_check_request",)):
        yield


_ONE_SIDE = replace(
    GUARDS["two_confirmations"],
    check=lambda _situation, command: None if command is None or command.confirmations else "none",
)


def _no_exception() -> AbstractContextManager[Any]:
    return patch.object(new_events, "_record", lambda command: dict(command.record))


@contextmanager
def _facts_engage() -> Iterator[None]:
    real = machine.fact

    def engages(situation: Any, command: Any, stream: str) -> Any:
        said = real(situation, command, stream)
        return replace(said, region=T2, from_state="NONE", to_state="ENGAGED")

    with patch.object(machine, "fact", engages):
        yield


@contextmanager
def _state_beside_the_log() -> Iterator[None]:
    from tests.domain import harness  # noqa: PLC0415 - patched here alone

    real = harness.evolve

    def forgetful(state: Any, event: Any) -> Any:
        return replace(real(state, event), t2_revoked=False)

    with patch.object(harness, "evolve", forgetful):
        yield


def _one_letter() -> AbstractContextManager[Any]:
    letters = {shift: "A" if letter == "B" else letter for shift, letter in times._LETTERS.items()}
    return patch.object(times, "_LETTERS", letters)


@contextmanager
def _not_required(key: tuple[str, str], name: str) -> Iterator[None]:
    schema: Mapping[str, Any] = copy.deepcopy(RECORDS[key])
    schema = {**schema, "required": [one for one in schema["required"] if one != name]}
    with patch.dict(RECORDS, {key: schema}):
        _record_validator.cache_clear()
        try:
            yield
        finally:
            _record_validator.cache_clear()
