"""One decision in an operation of 10,000 open incidents against the same one in an operation of 10.

Every incident waits for its request to be accepted, so all compete for the same platoons. Each
operation has a database of its own. The two are asked in turns, the same thing of the same
incidents, and compared pair by pair; the disk is waited for as always.
"""

from __future__ import annotations

import statistics
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.filled_log import ARRIVAL, CYCLE, NOW, REQUEST, WAITING, Facts, Gazetteer, fill
from benchmarks.sizes import size
from benchmarks.table import Row, alone, at_most, number, row
from benchmarks.timing import ratio_and_noise, seconds_of
from data.access.account_store import SqlAccountStore
from data.database import Database
from data.event_store import EventStore
from data.journal import Journal
from data.migrate import upgrade
from domain.events import Actor
from domain.time import to_rfc3339
from services.access.accounts import Accounts
from services.access.attempts import LateLimiter, SignInAttempts
from services.incidents import Incidents

FEW = 10
WARM_UP = 5
_DUTY, _COMMANDER = Actor("duty", "FPU_DUTY"), Actor("commander", "FPU_CMD")


class Desk:
    """What a person does in one operation; the first ten incidents take turns."""

    def __init__(self, database: Database, operation: str) -> None:
        self._operation = operation
        attempts = SignInAttempts(LateLimiter())
        accounts = Accounts(SqlAccountStore(database), attempts, lambda: NOW)
        self._incidents = Incidents(
            EventStore(database), Journal(database), Facts(operation), Gazetteer(),
            accounts, lambda: NOW, lambda: None,
        )  # fmt: skip
        self._numbers = count()
        self._turn()

    def _turn(self) -> None:
        self._incident = f"{self._operation}-{next(self._numbers) % FEW + 1:04d}"
        self._version = self._incidents.history(self._operation, self._incident)[-1].seq

    def note(self) -> None:
        """A line in the history of an incident."""
        self._act("INC", "note", {"text": "x"})

    def accept(self) -> None:
        """The commander accepts and reserves a platoon."""
        record = {"tasking_order_no": "1", "platoons": ["p1"], "eta": ARRIVAL}
        self._act("T2", "accept", record, _COMMANDER)

    def look(self) -> None:
        """An incident with everything that can be done, and what stops the rest."""
        self._incidents.look(self._operation, self._incident, _DUTY)

    def report(self) -> None:
        """A new incident."""
        self._incidents.report(self._operation, _DUTY, _envelope(CYCLE[0][4]))

    def ready(self) -> None:
        """Go on to the next incident."""
        self._turn()

    def accepted_no_more(self) -> None:
        """Ask again for what was accepted, with the platoon free, and go on."""
        self._act("T2", "cancel", {"reason_text": "x"})
        self._act("T2", "kp_request", {"request": {**REQUEST, "received_at": to_rfc3339(NOW)}})
        self._act("T2", "acknowledge", {"read_back": True})
        platoon = self._incidents.platoon_states(self._operation)["p1"]
        sent = _envelope({"engagement": self._incident, "reason_text": "x"}) | {
            "region": "RES", "event": "unreserve", "expected_version": platoon.version,
        }  # fmt: skip
        self._incidents.act_on_platoon(self._operation, "p1", _COMMANDER, sent)
        self._turn()

    def _act(self, region: str, event: str, record: dict[str, Any], who: Actor = _DUTY) -> None:
        says = "KP" if event in ("cancel", "kp_request") else "FPU"
        sent = _envelope(record, says) | {
            "region": region, "event": event, "expected_version": self._version,
        }  # fmt: skip
        self._incidents.act(self._operation, self._incident, who, sent)
        self._version += 1


WORKS: tuple[tuple[str, Callable[[Desk], None], Callable[[Desk], None]], ...] = (
    ("a note", Desk.note, Desk.ready),
    ("accept", Desk.accept, Desk.accepted_no_more),
    ("look at one", Desk.look, Desk.ready),
    ("report", Desk.report, Desk.ready),
)


def main() -> list[Row]:
    """Each work at many incidents against the same at few, with the interval of the ratio."""
    incidents, pairs = size("INCIDENTS", 10_000, 50), size("PAIRS", 100, 3)
    print(f"medians of {pairs} pairs in turns; ratios with their 95 % interval")
    rows = []
    with (
        tempfile.TemporaryDirectory() as folder,
        desk_of(Path(folder), FEW) as few,
        desk_of(Path(folder), incidents) as many,
    ):
        for name, work, after in WORKS:
            first, second = _taken(few, many, work, after, pairs)
            ratio, noise = _ratio(first, second, 0)
            used, (low, high) = _ratio(first, second, 1)
            processor = f"in processor time {number(used)} ({number(low)} to {number(high)})"
            what = f"one decision at {incidents:,} open incidents: {name}"
            rows.append(
                row(what, f"{_middle(second)} ms", f"at {FEW}: {_middle(first)} ms", ratio,
                    at_most(1), noise=noise, but=processor)
            )  # fmt: skip
    return rows


Times = list[tuple[float, float]]


def _taken(
    few: Desk,
    many: Desk,
    work: Callable[[Desk], None],
    after: Callable[[Desk], None],
    pairs: int,
) -> tuple[Times, Times]:
    taken: dict[Desk, Times] = {few: [], many: []}
    for turn in range(WARM_UP + pairs):
        order = (few, many) if turn % 2 else (many, few)
        for desk in order:
            taken[desk].append(seconds_of(partial(work, desk)))
        for desk in order:
            after(desk)
    return taken[few][WARM_UP:], taken[many][WARM_UP:]


def _middle(taken: Times) -> str:
    return f"{statistics.median(clock for clock, _ in taken) * 1000:.2f}"


def _ratio(first: Times, second: Times, which: int) -> tuple[float, tuple[float, float]]:
    return ratio_and_noise([one[which] for one in first], [one[which] for one in second])


@contextmanager
def desk_of(folder: Path, incidents: int) -> Iterator[Desk]:
    """Who decides in an operation of so many incidents, in a database of its own."""
    database = Database(f"sqlite:///{folder / f'{incidents}.db'}")
    try:
        upgrade(database)
        fill(database, "bench", incidents, WAITING)
        yield Desk(database, "bench")
    finally:
        database.close()


def _envelope(record: dict[str, Any], organisation: str = "FPU") -> dict[str, Any]:
    return {
        "command_id": str(uuid.uuid4()), "occurred_at": to_rfc3339(NOW),
        "asserted_by": {"org": organisation, "function": "duty officer", "service_no": "1"},
        "channel": "radio", "channel_ref": "7", "position": {"lat": 42.8914, "lon": 20.8660},
        "text": "explained", "record": record,
    }  # fmt: skip


if __name__ == "__main__":
    alone(main)
