"""The small form of the benchmark: that it measures what it says, not how long it takes."""

from __future__ import annotations

import pytest

from benchmarks import state_at


def test_it_fills_reads_writes_and_packs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(state_at, "ASKED", 10)
    monkeypatch.setattr(state_at, "BATCHES", 2)
    rows = state_at.main((24_000, 60_000))
    printed = capsys.readouterr().out
    assert "24,000 fixes packed" in printed
    for row in ("state with trail", "known then", "GeoJSON", "bare", "one step of packing"):
        assert sum(row in line and "60,000" in line for line in printed.splitlines()) >= 1
    assert "stored a second at 60,000" in printed
    told = [(row.what, row.against.partition(":")[0], row.limit) for row in rows]
    state = "state of twelve units with half an hour of trail"
    assert told[:4] == [
        (f"{state} out of 60,000 fixes", "", "at most 10 ms"),
        ("the same", "out of 24,000", "at most 2"),
        (f"{state}, as known then out of 60,000 fixes", "", "at most 10 ms"),
        ("the same", "out of 24,000", "at most 2"),
    ]
    stored = "fixes stored in groups of 500 with 60,000 fixes there"
    assert (stored, "with 24,000 there", "at least 0.8") in told
