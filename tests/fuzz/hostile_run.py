"""The long form of the requests that no screen sends, on an application of its own."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from random import Random

import dash

from app import create_app
from data.database import Database
from data.migrate import upgrade
from domain.roster import Operation
from services.access.demonstration_accounts import seed_demonstration_accounts
from services.container import services_of
from settings import Settings
from tests.api.access.rights_world import fill
from tests.fuzz.hostile_requests import (
    Sent,
    every_path_value,
    every_value,
    hunt,
    mixed,
    path_of,
    right_bodies,
)


def requests(count: int, seed: int = 1) -> int:
    """How many were answered by a fault, of each value everywhere and ``count`` at random; the
    first faults are printed."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'hostile.db'}"
        database = Database(url)
        upgrade(database)
        database.close()
        server = create_app(Settings(database_url=url))
        services = services_of(server.extensions)
        seed_demonstration_accounts(services.accounts)
        services.roster.ensure_live(services.clock())
        services.roster.add(Operation("demo", "exercise", "Demonstration", services.clock()))
        server.test_client().get("/healthz")
        world = fill(services)
        bodies = right_bodies(dash.get_app(), world)
        posts = [
            path_of(rule, world, {})
            for rule in server.url_map.iter_rules()
            if "POST" in (rule.methods or ()) and rule.endpoint != "sign_out"
        ]
        every: Iterator[Sent] = chain(
            every_path_value(server, world),
            every_value(posts),
            islice(mixed(server, world, Random(seed), bodies), count),
        )
        found = hunt(server, every)
        services.close()
    for sent, status, said in found.faults[:20]:
        print(f"{status} {sent.method} {sent.path[:200]} {said[:200]}", flush=True)
    asked = sum(found.statuses.values())
    print(
        f"{asked} requests that no screen sends: {len(found.faults)} faults "
        f"({time.monotonic() - began:.0f} s)",
        flush=True,
    )
    return len(found.faults)
