"""The drill: a backup under load, put back elsewhere, and everything that must then be so."""

from __future__ import annotations

import signal
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import make_url, select, text

from app import create_app
from data.backup.putting_in_service import EVENT
from data.database import Database
from data.fix_store import FixStore
from data.schema import events
from data.system_log import SystemLog
from services.container import services_of
from settings import Settings
from tests.commands.backup_load import Load, device, feed, sign_in
from tests.conftest import served_database
from tests.serving import BEARER, PATIENCE_S, serving

ENOUGH = 100


@pytest.fixture
def elsewhere(database_url: str, tmp_path: Path) -> Iterator[str]:
    """The address of a place that holds nothing yet."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'elsewhere' / 'dashboard.db'}"
        return
    with served_database() as empty:
        url = empty.set(query=make_url(database_url).query)
        with closing(Database(url.render_as_string(hide_password=False))) as database:
            with database.engine.begin() as connection:
                connection.execute(text("CREATE SCHEMA dashboard"))
        yield url.render_as_string(hide_password=False)


@contextmanager
def commands(url: str) -> Iterator[Callable[..., Result]]:
    """Runs commands on a database, and lets go of it afterwards."""
    server = create_app(Settings(database_url=url))
    runner = server.test_cli_runner()
    yield lambda *words: runner.invoke(args=[str(word) for word in words])
    services_of(server.extensions).close()


def test_a_backup_under_load_brings_everything_back_but_the_sign_ins(
    database_url: str, elsewhere: str, tmp_path: Path
) -> None:
    load, copy = Load(), tmp_path / "backups" / "first"
    load.prepare(database_url)
    with serving(database_url, FPU_FEED_HOST="") as server, load.on(server):
        assert load.wait(lambda: len(load.positions) >= ENOUGH and bool(load.incidents))
        assert load.wait(lambda: bool(load.cookies))
        assert server.ask("/api/v1/operations", Cookie=load.cookies[0])[0] == 200
        positions, incidents = set(load.positions), set(load.incidents)
        with commands(database_url) as run:
            made = run("db", "backup", copy)
            assert made.exit_code == 0, made.output
            meanwhile = len(load.positions) - len(positions)
            assert load.wait(lambda: len(load.positions) >= len(positions) + meanwhile + ENOUGH)
            refused = run("db", "restore", copy, "--yes")
            assert refused.exit_code == 1
            assert "stop the server" in refused.output
        cookies = list(load.cookies)
    assert meanwhile > 0, "the devices were silent while the backup was made"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [path.name for path in copy.parent.iterdir()] == ["first"]

    with commands(elsewhere) as run:
        checked = run("db", "check", copy)
        assert checked.exit_code == 0, checked.output
        restored = run("db", "restore", copy, "--yes")
        assert restored.exit_code == 0, restored.output
        verified = run("log", "verify")
        assert verified.exit_code == 0, verified.output

    with closing(Database(elsewhere)) as database:
        columns = FixStore(database).between(
            "live", None, load.since, load.since + timedelta(days=2)
        )
        stored = set(zip(columns.device.tolist(), (columns.fix_time // 1000).tolist(), strict=True))
        assert positions <= stored <= load.positions
        with database.reading() as connection:
            kept = set(connection.scalars(select(events.c.stream).where(events.c.region == "INC")))
            last = SystemLog(database).last(connection, EVENT)
        assert incidents <= kept <= load.incidents
        assert last is not None
        assert last.body["sessions_ended"] >= 1
        assert last.body["tokens_revoked"] >= 1

    with serving(elsewhere, FPU_FEED_HOST="") as server:
        for cookie in cookies:
            assert server.ask("/api/v1/operations", Cookie=cookie)[0] == 401
        assert server.ask("/api/v1/operations", **BEARER)[0] == 401
        assert (
            server.ask(feed(0, max(moment for name, moment in stored if name == device(0))))[0]
            == 200
        )
        assert server.ask("/api/v1/operations", Cookie=sign_in(server))[0] == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE_S) == 0
