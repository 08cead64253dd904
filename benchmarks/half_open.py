"""How long people and phones wait while many clients do not finish what they begin.

One server with both its addresses. Beside clients of one shape (silent, a header or a body byte by
byte, answers that are not read, …), from one address and from many, ``/healthz``, an address that
needs somebody signed in, and the phones' port are asked again and again. What counts is the slowest
answer of all, held against the slowest of the same server with nobody else.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from http.client import HTTPConnection
from multiprocessing import get_context
from pathlib import Path

from app import create_app
from benchmarks.serving import free_port, running
from benchmarks.sizes import quick, size
from benchmarks.table import Row, alone, at_most, duration, row, value_row
from services.access.demonstration_accounts import seed_demonstration_accounts
from services.container import services_of
from settings import Settings
from tests.slow_clients import SHAPES, clients, silent, unread_answers

MANY = 250
"""Addresses that a shape comes from, where it is not one alone."""

_SIGNED_IN = {"Authorization": "Bearer demo-duty"}


def main() -> list[Row]:
    """The slowest answers at both ports, beside clients at the one and at the other."""
    counts = (60,) if quick() else (60, 500, 2000)
    rounds = size("ROUNDS", 10, 2)
    _allow_files(3 * max(counts))
    rows: list[Row] = []
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{Path(folder) / 'bench.db'}"
        _prepare(database)
        port, feed_port = free_port(), free_port()
        flask = [sys.executable, "-m", "flask", "--app", "app:create_app", "serve"]
        settings = {
            "FPU_DATABASE_URL": database,
            "FPU_PORT": str(port),
            "FPU_FEED_HOST": "127.0.0.1",
            "FPU_FEED_PORT": str(feed_port),
        }
        # Who measures is not of the same process as who makes it wait.
        with (
            ProcessPoolExecutor(1, get_context("spawn")) as asking,
            running(flask, port, **settings),
        ):

            def ask(rounds: int) -> float:
                return asking.submit(_slowest, port, feed_port, rounds).result()

            ask(3)  # the first answers make what the others find
            quiet = ask(3 * rounds)
            for count in counts:
                for where, name in ((port, _PEOPLE.format(f"{count:,}")), (feed_port, _PHONES)):
                    found = _beside(lambda: ask(rounds), where, count)
                    slowest = max(slowest, found)
                    against = f"with nobody else: {duration(quiet)}"
                    rows.append(row(name, duration(found), against, found / quiet))
    rows.append(value_row("the same, of all of these", slowest * 1000, at_most(1000, " ms")))
    return rows


_PEOPLE = "the slowest answer beside {} clients who do not finish, of seven shapes"
_PHONES = "the same at the phones' port"


def _beside(ask: Callable[[], float], port: int, count: int) -> float:
    """The slowest answer beside so many clients of each shape in turn."""
    found = 0.0
    for act in (silent, unread_answers) if quick() else SHAPES:
        for addresses in (1, MANY):
            with clients(port, count, act, addresses=addresses):
                time.sleep(0.5)
                slowest = ask()
            print(f"{count:5d} {act.__name__:18s} from {addresses:3d}   {duration(slowest)}")
            found = max(found, slowest)
    return found


def _slowest(port: int, feed_port: int, rounds: int) -> float:
    places = ((port, "/healthz"), (port, "/api/v1/operations"), (feed_port, "/healthz"))
    return max(_asked(where, path) for _ in range(rounds) for where, path in places)


def _asked(port: int, path: str) -> float:
    began = time.perf_counter()
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers=_SIGNED_IN)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}")
    return time.perf_counter() - began


def _prepare(database: str) -> None:
    server = create_app(Settings(database_url=database))
    server.test_cli_runner().invoke(args=["db", "upgrade"])
    services = services_of(server.extensions)
    services.roster.ensure_live(services.clock())
    seed_demonstration_accounts(services.accounts)
    server.test_cli_runner().invoke(args=["exercise", "load", "demo", "--if-missing"])
    services.close()


def _allow_files(count: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(count + 1000, hard), hard))


if __name__ == "__main__":
    alone(main)
