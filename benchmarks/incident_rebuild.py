"""Rebuilding 10,000 incidents from 100,000 events, held against the library ``transitions``.

What is measured of the product includes the reading of the log from SQLite: the states alone, and
the picture that every process makes at its start. The library folds the same events, read before.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from benchmarks import transitions_peer
from benchmarks.filled_log import Facts, fill
from benchmarks.sizes import size
from benchmarks.table import Row, alone, at_least, duration, number, row
from benchmarks.timing import in_turns
from data.database import Database
from data.event_store import EventStore
from data.migrate import upgrade
from domain.state import IncidentState, absorb
from services.picture import Picture

OPERATION = "large"
LIMIT = 8


def main() -> list[Row]:
    """The rebuilding of the states and of the picture, each against the library."""
    incidents = size("INCIDENTS", 10_000, 50)
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'bench.db'}")
        upgrade(database)
        count = fill(database, OPERATION, incidents)
        store = EventStore(database)
        with store.view() as connection:
            events = store.since(connection, OPERATION, 0)
        ours, theirs = rebuild(store), transitions_peer.fold_unregistered(events)
        if any(transitions_peer.said(one) != transitions_peer.said(theirs[name])
               for name, one in ours.items()):  # fmt: skip
            raise SystemExit("the two folds differ")
        taken = in_turns(
            [
                lambda: transitions_peer.fold(events),
                lambda: rebuild(store),
                lambda: picture(store),
                lambda: transitions_peer.fold_unregistered(events),
            ]
        )
        database.close()
    library, states, whole, unregistered = (statistics.median(seconds) for seconds in taken)
    best = [min(seconds) for seconds in taken]
    print(f"{count:,} events of {incidents:,} incidents, medians of {len(taken[0])} runs in turns")
    print(f"transitions, the fold alone          {library:6.2f} s")
    print(f"log read and states folded           {states:6.2f} s")
    print(f"log read and picture made, as at start {whole:4.2f} s")
    print(f"(transitions without models          {unregistered:6.2f} s)")
    rows = []
    for name, seconds, least in (
        ("the states", states, best[1]),
        ("the picture made at a start", whole, best[2]),
    ):
        what = f"{name} from {count:,} events of {incidents:,} incidents, reading included"
        told = duration(seconds)
        peer = f"the same fold alone on the library transitions: {duration(library)}"
        of_the_best = f"of the best runs {number(best[0] / least)}"
        rows.append(row(what, told, peer, library / seconds, at_least(LIMIT), but=of_the_best))
        bare = f"that library without registered models: {duration(unregistered)}"
        rows.append(row("the same", told, bare, unregistered / seconds))
    return rows


def rebuild(store: EventStore) -> dict[str, IncidentState]:
    """The states of all incidents, from the log on the disk."""
    states: dict[str, IncidentState] = {}
    with store.view() as connection:
        head = store.head(connection, OPERATION)
        for event in store.brief(connection, OPERATION, 0, head):
            state = states.get(event.stream)
            if state is None:
                state = states[event.stream] = IncidentState(event.stream)
            absorb(state, event)
    return states


def picture(store: EventStore) -> Picture:
    """What a process knows after its start, from the log on the disk."""
    made = Picture(store, Facts(OPERATION))
    made.version(OPERATION)
    return made


if __name__ == "__main__":
    alone(main)
