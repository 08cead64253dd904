"""The short form of each benchmark: it runs, and its rows say what they are of. No times here."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from benchmarks import map_drawing, peers
from benchmarks.__main__ import NAMES
from benchmarks.map_drawing import Measured
from benchmarks.table import Row

Wanted = tuple[tuple[str, str, str], ...]
"""What stands in a row: among what was measured, among what it is held against; its limit."""

WANTED: dict[str, Wanted] = {
    "half_open": (
        ("the slowest answer beside 60 clients who do not finish", "with nobody else:", ""),
        ("the same at the phones' port", "with nobody else:", ""),
        ("the same, of all of these", "", "at most 1000 ms"),
    ),
    "incident_rebuild": (
        ("the states from 500 events of 50 incidents", "library transitions:", "at least 8"),
        ("the picture made at a start", "library transitions:", "at least 8"),
        ("the same", "without registered models:", ""),
    ),
    "incident_decision": tuple(
        (f"at 50 open incidents: {name}", "at 10:", "at most 1 within the noise")
        for name in ("a note", "accept", "look at one", "report")
    ),
    "ingest_burst": tuple(
        (f"shown to 12 screens, {group} a commit", "executemany of the same rows alone:", "")
        for group in (60, 240, 960)
    ),
    "ingest_cot": (
        ("Cursor on Target over TCP", "expat, SQLite and relay alone:", ""),
        ("the same", "taky 0.10, which stores nothing", "at least 10"),
        ("the same", "FreeTAKServer: 56.0 a second (quoted", "at least 100"),
        ("the same with 24,000 fixes stored", "with an empty store:", "at least 0.8"),
    ),
    "ingest_http": (
        ("positions over HTTP", "the empty answer of the same server:", "at least 0.7"),
        ("the same", "OwnTracks Recorder: 866 a second (quoted", "at least 2"),
    ),
    "ingest_mqtt": (
        ("OwnTracks over MQTT", "paho and SQLite in groups alone:", ""),
        ("the same", "paho alone, storing nothing:", ""),
        ("the same", "OwnTracks Recorder in its usual form: 19.0 a second (quoted", "at least 20"),
    ),
    "screens_storm": (
        ("the health check, slowest answer while 12 screens open", "", "at most 1 s"),
        ("a signed-in answer, slowest answer while 12 screens open", "", "at most 1 s"),
    ),
    "track_analysis": (
        ("fixes of 12 vehicles", "movingpandas 0.23.0", "at least 500"),
        ("generated fixes: precision", "", "at least 0.98"),
        ("generated fixes: recall", "", "at least 0.98"),
    ),
}
ELSEWHERE = {"map_drawing", "monitor_tracks", "state_at"}


@pytest.fixture(autouse=True)
def _short_and_without_peers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BENCH_QUICK", "1")
    monkeypatch.delenv("BENCH_PEERS", raising=False)
    monkeypatch.setattr(peers, "FOLDER", tmp_path)


def test_every_benchmark_is_tried() -> None:
    assert set(NAMES) == set(WANTED) | ELSEWHERE


@pytest.mark.parametrize("name", WANTED)
def test_its_rows_say_what_they_are_of(name: str) -> None:
    rows: list[Row] = importlib.import_module(f"benchmarks.{name}").main()
    for what, against, limit in WANTED[name]:
        assert [
            one for one in rows
            if what in one.what and against in one.against and one.limit == limit
        ], (what, rows)  # fmt: skip
    for one in rows:
        assert one.measured or one.met.startswith("not measured: ")
        assert one.met or not one.limit
    peers_ = [one for one in rows if "taky" in one.against or "movingpandas" in one.against]
    assert all("is not installed (make bench PEERS=1)" in one.met for one in peers_)
    quoted = [one for one in rows if "(quoted" in one.against]
    assert all("against a quoted figure" in one.met for one in quoted)


@pytest.mark.browser
def test_the_map_is_drawn_every_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPDATES", "1")
    rows = map_drawing.main()
    assert [one.what.split(",")[0] for one in rows] == [
        "12 moved units with trails",
        "replay of 12 units at 60 times",
    ]
    assert "Plotly traces, " in rows[0].against


def drawn(way: str, units: int, repaint: float) -> Measured:
    return Measured(way, units, 1, 1.0, 1.0, repaint, 20.0, 10.0)


def test_a_way_that_was_too_slow_to_try_is_named() -> None:
    few = [drawn("restyle", 100, 1500), drawn("extendTraces", 100, 1800), drawn("setData", 100, 75)]
    first, second = map_drawing._rows([*few, drawn("setData", 1000, 300)])
    assert (first.ratio, first.against) == ("20.0", "Plotly traces, restyle: 1,500 ms")
    assert second.met == "not measured: Plotly's traces took more than 1000 ms with fewer units"
