"""The quarantine as a person reads it: call signs, and long texts folded away."""

from __future__ import annotations

import pytest
from dash import html

from pages.quarantine import LONGEST, _raw, _row

ITEM = {
    "unit": "p11", "device": "phone-1", "received_at": "2026-11-21T12:00:00Z", "source": "osmand",
    "reason": "swapped", "field": "latitude", "detail": "exchanged", "raw": "lat=20.87", "id": 7,
    "decision": None,
}  # fmt: skip


def test_a_unit_has_its_call_sign() -> None:
    cells = _row(ITEM, {"p11": "PAPA 11"}, "en").children
    assert cells[1].children == "PAPA 11"
    assert _row(ITEM, {}, "en").children[1].children == "p11"
    assert _row({**ITEM, "unit": None}, {}, "en").children[1].children == "–"


def test_a_long_text_is_cut_and_opens_to_the_whole() -> None:
    assert isinstance(_raw("x" * LONGEST, "en"), html.Code)
    long = "x" * (LONGEST + 1)
    folded = _raw(long, "pl")
    assert isinstance(folded, html.Details)
    summary, whole = folded.children
    assert summary.children.children == "x" * LONGEST + "…"
    assert whole.children == long


@pytest.mark.parametrize(
    ("skew", "words"),
    [
        (10_799.6, "clock about 3 h 0 min ahead"),
        (150.0, "clock about 2 min ahead"),
        (-900_000_000.0, "clock about 10417 d behind"),
    ],
)
def test_a_clock_that_is_wrong_is_named(skew: float, words: str) -> None:
    cells = _row({**ITEM, "reason": "future_time", "clock_skew_s": skew}, {}, "en").children
    assert [one.children for one in cells[4].children] == ["Time in the future", words, "exchanged"]
    assert len(_row(ITEM, {}, "en").children[4].children) == 2
