"""The searches that take minutes: more rows at once than ``make test`` has time for.

The slices and their bounds are explained where the shorter ones are, in
``tests/domain/test_exhaustive.py`` and ``tests/services/test_exhaustive_drafts.py``. Every state
has to keep the invariants, and where all states were reached, none may be one from which a platoon
cannot come home.
"""

from __future__ import annotations

import time

from tests.domain import test_exhaustive as machine
from tests.domain.search import cannot_reach, search, start_with
from tests.services import test_exhaustive_drafts as desk
from tests.services.desk_search import search as search_desk

MOST, MOST_OF_THE_DESK = 60_000, 6000
"""States at which a search ends: then these are the nearest ones, not the whole."""


def searches(most: int = MOST, most_of_the_desk: int = MOST_OF_THE_DESK) -> int:
    """How many faults the longer searches find; each is printed with the shortest way to it."""
    one, two = (machine.INCIDENT,), (machine.INCIDENT, machine.OTHER)
    faults = 0
    for name, incidents, key_of, part in (
        ("one incident, two platoons, all rows", one, machine.key_of_one, machine.WHOLE_OF_TWO),
        ("two incidents with disputes", two, machine.key_of_two, machine.DISPUTED_TWO),
        ("two incidents, all rows but KFOR's", two, machine.key_of_two, machine.LONGER_TWO),
    ):
        began = time.monotonic()
        found = search(start_with(*incidents), key_of, part, most)
        kept = cannot_reach(found, found.back, machine.home) if found.whole else []
        for rule, key, move in found.broken[:5]:
            print(f"{rule}: {' > '.join([*found.trace(key), move])}", flush=True)
        faults += len(found.broken) + len(kept)
        name += "" if found.whole else ", not the whole"
        _told(name, len(found.seen), found.fired.total(), began, len(found.broken) + len(kept))
    began = time.monotonic()
    all_words = search_desk(desk.moves_in(desk.EVERYTHING), most_of_the_desk)
    for rule, key, move in all_words.broken[:5]:
        print(f"{rule}: {' > '.join([*all_words.trace(key), move])}", flush=True)
    states, moves = len(all_words.seen), all_words.fired.total()
    _told("the desk, people who change roles", states, moves, began, len(all_words.broken))
    return faults + len(all_words.broken)


def _told(name: str, states: int, moves: int, began: float, faults: int) -> None:
    spent = time.monotonic() - began
    print(f"{name}: {states} states, {moves} moves, {faults} faults ({spent:.0f} s)", flush=True)
