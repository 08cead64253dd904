"""The quarantine as a person reads it: call signs, and long texts folded away."""

from __future__ import annotations

import json

import pytest
from dash import html

from pages.quarantine import LONGEST, _acts, _raw, _row

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


@pytest.mark.parametrize(
    ("reason", "may", "acts"),
    [
        ("outside_area", True, ["accept", "shift", "discard"]),
        ("future_time", True, ["shift", "discard"]),
        ("no_time", True, ["discard"]),
        ("", True, []),
        ("outside_area", False, []),
    ],
)
def test_all_that_are_shown_are_decided_where_they_have_one_reason(
    reason: str, may: bool, acts: list[str]
) -> None:
    items = [ITEM, {**ITEM, "id": 9}, {**ITEM, "id": 8, "device": "a-1"}]
    buttons = [one.to_plotly_json()["props"] for one in _acts(items, reason, may, "en").children]
    assert [one["data-act"] for one in buttons] == acts
    for one in buttons:
        by_device = one["data-act"] == "shift"
        wanted = [["a-1", [8]], ["phone-1", [7, 9]]] if by_device else [7, 9, 8]
        told = one["data-entries"]
        assert (json.loads(told) if by_device else [int(n) for n in told.split(",")]) == wanted
    assert _acts([], reason, may, "en").children == []
