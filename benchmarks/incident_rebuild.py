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
from benchmarks.timing import in_turns
from data.database import Database
from data.event_store import EventStore
from data.migrate import upgrade
from domain.state import IncidentState, absorb
from services.picture import Picture

OPERATION = "large"
INCIDENTS = 10_000
LIMIT = 8


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'bench.db'}")
        upgrade(database)
        count = fill(database, OPERATION, INCIDENTS)
        store = EventStore(database)
        with store.view() as connection:
            events = store.since(connection, OPERATION, 0)
        if rebuild(store) != transitions_peer.fold_unregistered(events):
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
    print(f"{count:,} events of {INCIDENTS:,} incidents, medians of {len(taken[0])} runs in turns")
    print(f"transitions, the fold alone          {library:6.2f} s")
    print(f"log read and states folded           {states:6.2f} s")
    print(f"log read and picture made, as at start {whole:4.2f} s")
    print(f"(transitions without models          {unregistered:6.2f} s)")
    for name, seconds, least in (("states", states, best[1]), ("picture", whole, best[2])):
        print(
            f"rebuild of the {name}: {library / seconds:.1f} times the transitions library "
            f"(limit {LIMIT}; of the best runs {best[0] / least:.1f}; "
            f"without models {unregistered / seconds:.1f})"
        )


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
    main()
