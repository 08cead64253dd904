"""``python -m tests.fuzz``: processes killed at every write step, two users a thousand times, the
longer searches of every state, and requests that no screen sends.

On SQLite (full synchronisation) and on PostgreSQL where ``FPU_TEST_POSTGRES_URL`` names a server:
``make fuzz`` starts one. Prints a summary; fails at the first thing that is not as it was promised.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

from data.database import Database
from data.migrate import upgrade
from tests.conftest import _schema
from tests.fuzz.hostile_run import requests
from tests.fuzz.kills import Fuzz, run_cycle, run_random, victims
from tests.fuzz.searches import searches
from tests.services.incident_world import IncidentWorld
from tests.services.test_races import two_accept_at_once

RANDOM_KILLS = 40
LONGEST_US = 150_000
RUNS = 1000
REQUESTS = 20_000
"""At random, after each value in each part of each address and in each field of each body."""


@contextmanager
def fresh(dialect: str) -> Iterator[str]:
    """The address of a new database of the newest schema."""
    if dialect == "postgresql":
        with _schema() as url:
            yield url
        return
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'fuzz.db'}"
        database = Database(url)
        upgrade(database)
        database.close()
        yield url


def kills(dialect: str, seed: int) -> int:
    """Every write step of one incident's life, then moments at random; the number of kills."""
    began = time.monotonic()
    with fresh(dialect) as url, victims(url) as those:
        world = IncidentWorld(Database(url))
        fuzz = Fuzz(world, those)
        run_cycle(fuzz)
        every = fuzz.summary.kills
        run_random(fuzz, Random(seed), RANDOM_KILLS, LONGEST_US)
        world.database.close()
    found = fuzz.summary
    print(
        f"{dialect}: {found.kills} kills, {every} of them one at each write step of "
        f"{len(found.kinds)} kinds of command, {found.kills - every} at random; nothing stored "
        f"after {found.lost}, all of it after {found.kept}; {found.answered} commands answered, "
        f"each there once; chain and database whole after every kill "
        f"({time.monotonic() - began:.0f} s)",
        flush=True,
    )
    return found.kills


def races(dialect: str) -> None:
    """Two users accept the last platoon at once, a thousand times."""
    with fresh(dialect) as url:
        first, second = Database(url), Database(url)
        world = IncidentWorld(first)
        two_accept_at_once(world, [world.incidents, world.of_another_process(second)], RUNS)
        first.close()
        second.close()
    print(f"{dialect}: {RUNS} times two users at once, one winner each time", flush=True)


def main(arguments: Sequence[str]) -> int:
    """``kills``, ``races``, ``searches``, ``requests`` or all; 0 when all was as promised."""
    dialects = ["sqlite"] + ["postgresql"] * bool(os.environ.get("FPU_TEST_POSTGRES_URL"))
    wanted = arguments or ("kills", "races", "searches", "requests")
    total = 0
    if "kills" in wanted:
        total = sum(kills(dialect, seed) for seed, dialect in enumerate(dialects, 1))
        print(f"{total} kills in all", flush=True)
    if "races" in wanted:
        for dialect in dialects:
            races(dialect)
    if "searches" in wanted and searches():
        return 1
    if "requests" in wanted and requests(REQUESTS):
        return 1
    return 0 if total >= 200 or "kills" not in wanted else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
