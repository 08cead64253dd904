"""The hunt for one mutant: walks, then the named case, then every state that can be reached."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from data.database import Database
from data.migrate import upgrade
from domain.errors import DashboardError
from domain.events import Actor
from domain.guard_book import GUARDS
from domain.state import IncidentState, PlatoonState
from domain.transitions import TABLE
from tests.domain import test_machine as test_domain_machine
from tests.domain.harness import World, command, sample_record
from tests.domain.search import Reached, search, start_with
from tests.domain.test_exhaustive import AUTHORITY, INCIDENT, WHOLE, key_of_authority, key_of_one
from tests.invariants import test_guards, test_machine, test_store, test_times
from tests.invariants.inspection import breaches
from tests.invariants.walks import DEPTH, PLATOONS, walked
from tests.mutants.kinds import Mutant
from tests.mutants.reasons import WHY_THE_SAME
from tests.services.incident_world import IncidentWorld

WITH_CASE, FEW, MANY, AFTER_THE_FIRST = 40, 250, 1000, 6
"""How many walks are tried where a named case holds the guard, how many where none does, how many
where the machine is another one and nothing has broken yet, and how many more once an invariant is
broken, to see which else."""

OF_THE_STORE = {7, 13, 15, 19}


@dataclass(frozen=True)
class Verdict:
    """``invariants`` that broke and whose test then fails; ``case`` that failed instead; or
    ``same``: the machine without the guard reaches the same states by the same moves."""

    name: str
    invariants: tuple[int, ...] = ()
    case: str = ""
    same: bool = False

    @property
    def killed(self) -> bool:
        return bool(self.invariants or self.case)


@dataclass(frozen=True)
class Plain:
    """What the whole machine reaches; a mutant that reaches the same is no change."""

    states: frozenset[Any]
    moves: dict[str, int]


def tests_of_machine() -> dict[int, Callable[..., None]]:
    """The property test of each invariant of the machine, by number."""
    return {
        int(name.split("_")[2]): test.hypothesis.inner_test
        for name, test in vars(test_machine).items()
        if name.startswith("test_invariant_")
    }


def hunt(mutant: Mutant, plain: Callable[[], Plain]) -> Verdict:
    """What notices that the guard is gone."""
    with mutant.applied():
        case = _failing_case(mutant)
        broken = _in_store() if mutant.store else _walk(0, WITH_CASE if case else FEW)
        if mutant.guard is None and not mutant.store:
            broken |= _elsewhere()
        if not mutant.store and broken & OF_THE_STORE:  # their tests are at the store
            broken -= OF_THE_STORE - _in_store()
        if broken or case:
            return Verdict(mutant.name, tuple(sorted(broken)), "" if broken else case)
        if _judged_by_state(mutant) and everything() == plain():
            return Verdict(mutant.name, same=True)
        return Verdict(mutant.name, tuple(sorted(_walk(FEW, MANY))))


def _judged_by_state(mutant: Mutant) -> bool:
    """Whether the search, whose records are all good ones, meets the guard in every way."""
    if mutant.guard is None:
        return not mutant.store and mutant.name in WHY_THE_SAME
    if " ".join(mutant.guard) in WHY_THE_SAME:
        return True
    return not GUARDS[mutant.guard[1]].needs_record


def everything() -> Plain:
    """Every state that one incident with one platoon reaches, and how often each row fires: whole,
    and without KFOR but with disputes."""
    states: set[Any] = set()
    moves: Counter[str] = Counter()
    for key_of, part in ((key_of_one, WHOLE), (key_of_authority, AUTHORITY)):
        found: Reached = search(start_with(INCIDENT, platoons=("p1",)), key_of, part)
        states |= set(found.seen)
        moves += found.fired
    return Plain(frozenset(states), dict(moves))


def _walk(first: int, end: int) -> set[int]:
    """The invariants that walks break, each confirmed by its own test on the same walk."""
    rng, last = Random(first), end
    broken: set[int] = set()
    tests = tests_of_machine()
    for number in range(first, end):
        if number > last:
            break
        steps = [rng.randrange(2**24) for _ in range(DEPTH)]
        kind = "live" if number % 4 == 3 else "exercise"
        try:
            found = _broken_by(steps, kind)
        except KeyError:
            continue  # a rule misses what a record should carry: ``_stopped`` speaks of that
        for invariant in found - broken:
            if invariant in tests and not _fails(tests[invariant], steps):
                continue  # its test walks in another kind of operation
            broken.add(invariant)
            last = min(last, number + AFTER_THE_FIRST)
    return broken


def invariants_broken_by(walks: int, enough: int = 0) -> set[int]:
    """The invariants that a few walks break, until ``enough`` is among them."""
    rng, found = Random(22), set()
    for _ in range(walks):
        found |= _broken_by([rng.randrange(2**24) for _ in range(DEPTH)], "exercise")
        if enough in found:
            break
    return found


def _broken_by(steps: list[int], kind: str) -> set[int]:
    world = walked(steps, operation_kind=kind)
    found = breaches(
        world.log, reserve=world.reserve, operation_kind=kind, off_shift=world.off_shift,
        linked=world.linked, platoons=PLATOONS,
    )  # fmt: skip
    return {breach.number for breach in found}


def _elsewhere() -> set[int]:
    """Invariants with tests of another kind: 5 and 12 and 16 at work, 20 about times."""
    rng, broken = Random(21), set()
    tests = tests_of_machine()
    for _ in range(15):
        steps = [rng.randrange(2**24) for _ in range(DEPTH)]
        broken |= {number for number in (5, 12, 16) if _fails(tests[number], steps)}
    if _fails(test_times.test_invariant_20_holds_in_the_hour_that_comes_twice):
        broken.add(20)
    return broken


def _fails(test: Callable[..., None], *arguments: Any) -> bool:
    try:
        test(*arguments)
    except (AssertionError, pytest.fail.Exception, DashboardError):
        return True
    return False


def _in_store() -> set[int]:
    tests = {
        int(name.split("_")[2]): test.hypothesis.inner_test
        for name, test in vars(test_store).items()
        if name.startswith("test_invariant_")
    }
    broken = set()
    for number, test in tests.items():
        with _world() as world:
            if any(_fails(test, world, seed) for seed in range(1, 4)):
                broken.add(number)
    return broken


@contextmanager
def _world() -> Iterator[IncidentWorld]:
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template.db"
        first = Database(f"sqlite:///{template}")
        upgrade(first)
        first.close()
        shutil.copyfile(template, Path(folder) / "one.db")
        database = Database(f"sqlite:///{Path(folder) / 'one.db'}")
        try:
            yield IncidentWorld(database)
        finally:
            database.close()


def _failing_case(mutant: Mutant) -> str:
    """The named case that this guard alone stops."""
    if mutant.guard in test_guards.CASES and _fails(test_guards.test_the_guard_stops_it,
                                                    *mutant.guard):  # fmt: skip
        return "test_guards.py::test_the_guard_stops_it[" + "-".join(mutant.guard) + "]"
    if mutant.field and _stopped(mutant.field):
        return STOPPED
    name, test = NAMED.get(mutant.name, ("", _nothing))
    return name if _fails(test) else ""


def _stopped(field: tuple[str, str, str]) -> bool:
    """Whether a guard of the row reads the field itself, so that nothing is stored without it."""
    region, event, name = field
    row = next(row for row in TABLE if (row.region, row.event) == (region, event))
    record = {key: value for key, value in sample_record(row).items() if key != name}
    situation = World(platoons={"p1": PlatoonState("p1")}).situation(
        Actor("x", row.entered_by[0]), "platoon:p1"
    )
    situation = replace(situation, incident=IncidentState(INCIDENT))
    for guard in row.guards:
        if GUARDS[guard].check(situation, command(row, sample_record(row))) is not None:
            continue  # it speaks of something else
        try:
            refused = GUARDS[guard].check(situation, command(row, record))
        except KeyError:
            return True
        if refused is not None:
            return True
    return False


def _nothing() -> None:
    return None


def _future() -> None:
    test_domain_machine.test_an_event_of_the_future_is_refused()


def _typed() -> None:
    test_guards.test_a_typed_name_confirms_nothing()


def _by_name() -> None:
    engage = next(row for row in TABLE if row.id == "A11")
    test_domain_machine.test_without_a_request_tier_2_is_stopped_by_name(engage)


STOPPED = "the guard that reads it"

NAMED: dict[str, tuple[str, Callable[[], None]]] = {
    "times may lie in the future": (
        "test_machine.py::test_an_event_of_the_future_is_refused", _future,
    ),
    "a typed name is overheard": ("test_guards.py::test_a_typed_name_confirms_nothing", _typed),
    "no explicit request of Kosovo Police is asked for": (
        "test_machine.py::test_without_a_request_tier_2_is_stopped_by_name", _by_name,
    ),
    "what follows in other lanes has no order": (
        "test_guards.py::test_what_follows_in_another_lane_keeps_its_order",
        test_guards.test_what_follows_in_another_lane_keeps_its_order,
    ),
    "a platoon's event may name another incident": (
        "test_guards.py::test_a_platoon_answers_for_the_incident_that_it_serves",
        test_guards.test_a_platoon_answers_for_the_incident_that_it_serves,
    ),
    "a correction may change what states stand on": (
        "test_guards.py::test_a_correction_changes_nothing_that_states_stand_on",
        test_guards.test_a_correction_changes_nothing_that_states_stand_on,
    ),
    "who corrects is not behind the request": (
        "test_guards.py::test_who_accepted_does_not_correct_the_request",
        test_guards.test_who_accepted_does_not_correct_the_request,
    ),
    "a correction may say what cannot be": (
        "test_guards.py::test_a_correction_says_nothing_that_cannot_be",
        test_guards.test_a_correction_says_nothing_that_cannot_be,
    ),
    **{
        f"times do not rest on {guard}": (
            f"test_guards.py::test_the_floor_stops_it[{guard}]",
            partial(test_guards.test_the_floor_stops_it, guard),
        )
        for guard in test_guards.BELOW_THE_FLOOR
    },
}  # fmt: skip
"""Tests of ``tests/domain`` and ``tests/invariants`` that hold what is no guard of the table."""
