"""The duty that packs: bounded turns, room for others, and nothing to see from outside."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from data.database import Database
from data.fix_chunks_packing import FixPacking
from data.fix_store import FixStore
from domain.fixes import Fix
from domain.stored_fixes import StoredFix
from services.packing import TURN_S, Packing
from services.tracks import Tracks
from tests.services.positions import at

NOW = datetime(2026, 11, 23, tzinfo=UTC)


class Slow:
    """A store whose every step takes a while of its own clock."""

    def __init__(self, steps: int, took: float) -> None:
        self.left = deque([100] * steps)
        self.took = took
        self.time = 0.0
        self.pauses: list[float] = []

    def due(self, now: datetime) -> Sequence[str]:
        assert now == NOW
        return ["p1"] if self.left else []

    def step(self, due: str) -> int:
        self.time += self.took
        return self.left.popleft() if self.left else 0

    def pause(self, seconds: float) -> None:
        self.time += seconds
        self.pauses.append(seconds)

    def packing(self) -> Packing:
        return Packing(self, lambda: NOW, pause=self.pause, elapsed=lambda: self.time)


def test_a_turn_packs_everything_and_leaves_as_much_time_as_it_takes() -> None:
    store = Slow(3, 0.25)
    assert store.packing().turn() == 300
    assert not store.left
    assert set(store.pauses) == {0.25}
    assert store.packing().turn() == 0


def test_a_turn_ends_and_the_next_one_goes_on() -> None:
    store = Slow(100, 0.5)
    packing = store.packing()
    first = packing.turn()
    assert store.time == TURN_S
    assert first == 500
    while packing.turn():
        pass
    assert not store.left


def test_what_is_packed_reads_as_before(database: Database) -> None:
    fixes = [
        Fix("a", at(second), 42.8 + second * 1e-5, 20.87, 10.0, None, None, None, None, {})
        for second in range(0, 7200, 5)
    ]
    with database.writing() as connection:
        stored = [StoredFix("demo", "p11", fix, fix.fix_time) for fix in fixes]
        FixStore(database).insert(connection, stored)
    tracks = Tracks(FixStore(database))

    def answers() -> list[object]:
        moment = at(5000)
        return [
            tracks.latest_positions("demo", at(8000)),
            tracks.state("demo", moment, 1800),
            tracks.state("demo", moment, 1800, known_at=at(4000)),
            tracks.tracks("demo", "p11", at(0), at(7200)),
            [len(piece) for pieces in tracks.pieces("demo", "p11", at(0), at(7200))
             for piece in pieces],
        ]  # fmt: skip

    before = answers()
    packing = Packing(FixPacking(database), lambda: at(9000), pause=lambda _: None)
    assert packing.turn() == len(fixes)
    assert answers() == before


def test_its_duty_is_done_by_one_worker_alone(database: Database) -> None:
    duty = Packing(FixPacking(database), lambda: NOW).duty()
    assert duty.alone
    assert duty.work() == 0
    assert duty.interval < timedelta(minutes=2)
