"""Peers are installed when asked for, once, and what goes wrong is said."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks import ingest_cot, peers
from benchmarks.cot_clients import Heard, measure
from benchmarks.ingest_cot import Served, limit
from benchmarks.peers import NotInstalledError, python_with
from benchmarks.serving import Serving

PINNED = "taky==0.10"


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(peers, "FOLDER", tmp_path)


def pip(monkeypatch: pytest.MonkeyPatch, answer: int) -> list[list[str]]:
    asked: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, answer)

    monkeypatch.setattr(peers.subprocess, "run", run)
    monkeypatch.setattr(peers.venv, "create", lambda home, **_: home.mkdir(exist_ok=True))
    return asked


def test_nothing_is_installed_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BENCH_PEERS", raising=False)
    asked = pip(monkeypatch, 0)
    with pytest.raises(NotInstalledError, match=r"taky is not installed \(make bench PEERS=1\)"):
        python_with("taky", PINNED)
    assert asked == []


def test_it_is_installed_once_for_one_version(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BENCH_PEERS", "1")
    asked = pip(monkeypatch, 0)
    assert python_with("taky", PINNED) == tmp_path / "taky" / "bin" / "python"
    monkeypatch.delenv("BENCH_PEERS")
    python_with("taky", PINNED)
    assert [command[-1] for command in asked] == [PINNED]
    with pytest.raises(NotInstalledError):
        python_with("taky", "taky==0.9")


def test_what_cannot_be_installed_is_not_taken_for_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_PEERS", "1")
    asked = pip(monkeypatch, 1)
    for _ in range(2):
        with pytest.raises(NotInstalledError, match="could not be installed here"):
            python_with("taky", PINNED)
    assert len(asked) == 2


# --- what a peer loses ---------------------------------------------------------------------------


def served(*heard: Heard, missing: str = "") -> Served:
    return Served(limit, 10, may_lose=True, heard=list(heard), missing=missing)


def test_the_rate_is_of_what_reached_everyone() -> None:
    heard = Heard(events=400, fewest=300, seconds=10.0)
    assert (heard.lost, heard.rate) == (100, 30.0)


def test_losses_of_a_peer_stand_in_its_row() -> None:
    ours = served(Heard(400, 400, 0.1))
    found = ingest_cot._against(ours, served(Heard(400, 300, 10.0)), "taky 0.10", "", 10)
    assert (found.ratio, found.met) == ("133", "yes, it lost 100 of 400")


def test_a_peer_that_shows_nothing_is_not_measured() -> None:
    ours = served(Heard(400, 400, 0.1))
    found = ingest_cot._against(ours, served(Heard(400, 0, 20.0)), "taky 0.10", "", 10)
    assert found.met == "not measured: it lost 400 of 400"


def test_without_freetakserver_its_figure_is_quoted() -> None:
    ours, name = served(Heard(400, 400, 0.1)), "FreeTAKServer 2.2.1"
    found = ingest_cot._against(ours, served(missing="it is not there"), name, "", 100)
    assert "56.0 a second (quoted" in found.against
    assert found.met == "**no**, against a quoted figure, it is not there"


def test_a_server_that_loses_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clients count: a relay that keeps quiet about the last event has lost it."""
    monkeypatch.setattr(ingest_cot, "measure", lambda _port, events: Heard(events, events - 1, 1.0))
    lossy = Served(limit, 5)
    with pytest.raises(SystemExit, match="1 of 5 events did not reach every listener"):
        lossy.run()


def test_a_peer_that_does_not_start_once_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def unwilling() -> Serving:
        raise SystemExit("the server did not listen within 120 s")
        yield

    peer = Served(unwilling, 5, may_lose=True)
    peer.run()
    peer.run()
    found = ingest_cot._against(served(Heard(5, 5, 1.0)), peer, "taky 0.10", "", 10)
    assert found.met.count("in one round the server did not listen within 120 s") == 2
    peer.server = limit
    monkeypatch.setattr(ingest_cot, "measure", lambda _port, events: Heard(events, 4, 1.0))
    monkeypatch.setattr(ingest_cot, "_check", lambda *_: None)
    peer.run()
    assert peer.rate == 4.0


def test_twelve_listeners_hear_what_one_sends() -> None:
    with limit() as (port, count):
        heard = measure(port, 120)
        assert (heard.lost, count()) == (0, 120)
