"""The small form of the benchmark: it asks what the monitor asks; how small is not asked here."""

from __future__ import annotations

import re

import pytest

from benchmarks import monitor_tracks
from settings import ROOT


def test_it_asks_what_the_monitor_asks() -> None:
    script = (ROOT / "assets" / "fpu-patrols.js").read_text()
    [asked] = re.findall(r"/tracks\?[^`]*", script)
    generic = re.sub(r"\$\{(\w+)\}", "{}", asked)
    assert generic == re.sub(r"\{\w+\}", "{}", monitor_tracks.REQUEST)


def test_it_prints_sizes_and_times(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(monitor_tracks, "RUNS", 2)
    rows = monitor_tracks.main(vehicles=2, hours=3, zooms=(8, 9))
    printed = capsys.readouterr().out.splitlines()
    assert any("&zoom=…&times=1" in line for line in printed)
    for zoom in (8, 9):
        [row] = [line.split() for line in printed if line.startswith(f"zoom {zoom:2}")]
        points, plain, packed, brotli = (float(one.replace(",", "")) for one in row[2:6])
        assert points > 0
        assert plain > max(packed, brotli) > 0
    assert any("just before the levels of an hour are due" in line for line in printed)
    [row_] = rows
    assert row_.what.endswith("as the monitor asks, zoom 9")
    assert row_.limit == "at most 60 kB gzip"
    assert "br " in row_.met
