"""Positions as the live stream tells them: many at once say what each alone says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fixes import Fix
from domain.tracks import Freshness
from services.features import COLUMNS, position_feature, positions_message

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MOMENTS = st.integers(0, 10**9).map(lambda one: NOON + timedelta(microseconds=one))


def optional(lowest: float, highest: float) -> st.SearchStrategy[float | None]:
    return st.none() | st.floats(lowest, highest)


FIXES = st.builds(
    Fix,
    st.sampled_from(["phone", "tablet"]),
    MOMENTS,
    st.floats(41, 44),
    st.floats(20, 22),
    optional(0, 150),
    optional(0, 360),
    optional(-500, 20_000),
    optional(0, 100_000),
    optional(0, 100),
    st.just({}),
)
POSITIONS = st.lists(st.tuples(FIXES, MOMENTS, st.booleans()), min_size=1, max_size=8)


@given(positions=POSITIONS)
def test_many_say_what_each_alone_says(positions: list[tuple[Fix, datetime, bool]]) -> None:
    sources = [("p11", "PAPA 11", fix.device) for fix, _, _ in positions]
    said = positions_message((source, *one) for source, one in zip(sources, positions, strict=True))
    assert len(said["rows"]) == len(positions)
    for source, (fix, received_at, late), row in zip(sources, positions, said["rows"], strict=True):
        told = dict(zip(COLUMNS, row, strict=True))
        assert said["sources"][told["source"]] == source
        alone = position_feature(*source[:2], fix, received_at, received_at, Freshness(), late=late)
        properties, point = alone["properties"], alone["geometry"]["coordinates"]
        for name, moment in (("fix_time", fix.fix_time), ("received_at", received_at)):
            milliseconds = timedelta(milliseconds=told[name])
            assert abs(moment - datetime(1970, 1, 1, tzinfo=UTC) - milliseconds) <= timedelta(
                microseconds=1
            )
        assert (told["longitude"], told["latitude"]) == pytest.approx(point, abs=1.01e-5)
        for name, step in (("speed", 0.01), ("course", 0.1), ("altitude", 0.1), ("accuracy", 0.1)):
            either = properties[name]
            assert (told[name] is None) == (either is None)
            assert either is None or told[name] == pytest.approx(either, abs=1.01 * step)
            assert either is None or told[name] == round(told[name], 2)
        assert told["battery"] == properties["battery"]
        assert told["late"] == int(properties.get("late", False))
