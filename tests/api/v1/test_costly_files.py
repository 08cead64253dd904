"""Files that cost much, over HTTP: refused by name, while everything else goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from domain.file_budget import MEGA, MOST_REFUSED, FileBudget
from domain.roster import Unit
from services.container import services_of
from services.turns import Turns
from settings import Settings
from tests.api.v1.asking import ROOT, asking
from tests.serving import BEARER, PATIENCE_S, Running, serving

POINT = '<trkpt lat="42.6" lon="20.9"><time>2026-11-20T08:00:00Z</time></trkpt>'
SLOW = f"<gpx><trk><trkseg>{POINT * 200_000}</trkseg></trk></gpx>".encode()
"""Takes some seconds to read; 14 MB."""

TABLE = b"time,lat,lon\n2026-11-20T08:00:00Z,42.6,20.9\n"


@pytest.mark.parametrize(
    ("budget", "data", "name", "says"),
    [
        (FileBudget(processor_s=1, wait_s=300), SLOW, "seconds", "1 seconds of a processor"),
        (FileBudget(processor_s=60, wait_s=300, memory=32 * MEGA), SLOW, "memory", "32 MB"),
        (
            FileBudget(processor_s=60, wait_s=300, result=MEGA),
            TABLE + b"2026-11-20T08:00:01Z,42.6,20.9\n" * 20_000,
            "result",
            "more than 1 MB",
        ),
        (
            FileBudget(processor_s=60, wait_s=300),
            TABLE + b"2026-11-20T08:00:01Z,50,20.9\n" * (MOST_REFUSED + 1),
            "refused",
            "would be refused, such as row 20003: 50.00000, 20.90000 is outside",
        ),
    ],
    ids=["seconds", "memory", "result", "refused"],
)
def test_a_file_beyond_the_budget_is_refused_by_name_and_nothing_is_stored(
    budget: FileBudget,
    data: bytes,
    name: str,
    says: str,
    settings: Settings,
    make_app: Callable[[Settings], Flask],
) -> None:
    server = make_app(replace(settings, file_budget=budget))
    services_of(server.extensions).roster.add(Unit("p1", "ORION-1"))
    ask = asking(server)
    file = "walk.gpx" if data is SLOW else "walk.csv"
    answer = ask("/imports", data, name=file, unit="p1")
    assert answer.status_code == 422
    said = answer.json
    assert (said["field"], said["budget"]) == ("file", name)
    assert says in said["detail"]
    assert ask("/imports").json["items"] == []
    assert ask("/imports", TABLE, name="walk.csv", unit="p1").json["accepted"] == 1


def test_where_others_are_read_the_answer_says_when_to_come_again(
    server: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = services_of(server.extensions)
    services.roster.add(Unit("p1", "ORION-1"))
    turns = Turns(1, waiting=0)
    monkeypatch.setattr(services.track_files, "_turns", turns)
    ask = asking(server)
    with turns.taken("somebody else"):
        answer = ask("/imports", TABLE, name="walk.csv", unit="p1")
    assert (answer.status_code, answer.json["title"]) == (503, "No room")
    assert int(answer.headers["Retry-After"]) > 0
    assert ask("/imports", TABLE, name="walk.csv", unit="p1").status_code == 201


def test_reading_ends_with_who_asked_and_with_the_server(
    seeded_template: Path, tmp_path: Path
) -> None:
    database = tmp_path / "served.db"
    shutil.copyfile(seeded_template, database)
    patient = {"FPU_FILE_WAIT_S": "600", "FPU_FILE_PROCESSOR_S": "300"}
    with serving(database, **patient) as server:
        leaving = _send(server, SLOW)
        (reader,) = _until(lambda: _readers(server))
        assert server.ask("/healthz")[0] == 200
        assert server.ask("/api/v1/operations", **BEARER)[0] == 200
        leaving.close()
        _until(lambda: not Path(f"/proc/{reader}").exists())
        assert not _readers(server)
        staying = _send(server, SLOW)
        (reader,) = _until(lambda: _readers(server))
        assert _answer(_send(server, TABLE, name="walk.csv", who="commander"))["field"] == "unit"
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait(PATIENCE_S)
        _until(lambda: not _alive(reader))
        staying.close()
    with serving(database, **patient) as server:
        status, _, body = server.ask(f"{ROOT}/imports", **BEARER)
        assert (status, json.loads(body)["items"]) == (200, [])


def _send(
    server: Running, data: bytes, *, name: str = "slow.gpx", who: str = "duty"
) -> HTTPConnection:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
    headers = {
        "Authorization": f"Bearer demo-{who}",
        "Content-Type": "application/octet-stream",
    }
    connection.request("POST", f"{ROOT}/imports?name={name}", data, headers)
    return connection


def _answer(connection: HTTPConnection) -> Any:
    found = json.loads(connection.getresponse().read())
    connection.close()
    return found


def _readers(server: Running) -> list[int]:
    """The reading processes of a server; the last word of their command is who started them."""
    top = server.process.pid
    workers = set(Path(f"/proc/{top}/task/{top}/children").read_text().split())
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().decode().rstrip("\0").split("\0")
        except OSError:
            continue  # it has ended meanwhile
        if "data.file_reading.child" in words and words[-1] in workers:
            found.append(int(place.name))
    return found


def _alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _until(met: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        found = met()
        if found:
            return found
        time.sleep(0.02)
    pytest.fail("it did not come to that")
