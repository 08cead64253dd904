"""Invariant 20: from UTC to a date-time group and back is the identity, twice at 02:30 too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvalidField
from domain.time import BELGRADE, from_date_time_group, to_date_time_group, to_rfc3339
from pages.clock_times import group, local_group, parse_typed

MINUTES = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2099, 12, 31, 23, 59),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda at: at.replace(second=0, microsecond=0))
CLOCK_CHANGE = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
TWICE = [CLOCK_CHANGE + timedelta(minutes=minute) for minute in range(120)]
"""02:00 to 03:00 by the clock of Belgrade and Prishtinë/Priština, which comes twice that night."""


def _there_and_back(at: datetime) -> None:
    for zone in (None, BELGRADE):
        assert from_date_time_group(to_date_time_group(at, zone)) == at
    for written in (group(to_rfc3339(at)), local_group(to_rfc3339(at))):
        assert parse_typed(written, "occurred_at", at + timedelta(days=3)) == at


@settings(max_examples=300, deadline=None)
@given(st.one_of(MINUTES, st.sampled_from(TWICE)))
def test_invariant_20_utc_to_date_time_group_and_back_is_the_identity(at: datetime) -> None:
    _there_and_back(at)


def test_invariant_20_holds_in_the_hour_that_comes_twice() -> None:
    written = [to_date_time_group(at, BELGRADE) for at in TWICE]
    assert len(set(written)) == 120
    first, second = written[:60], written[60:]
    assert [text.replace("B ", "A ") for text in first] == second
    for at in TWICE:
        _there_and_back(at)


@pytest.mark.parametrize("typed", ["250230 OCT 26", "0230", "02:30", "2026-10-25T02:30:00"])
def test_invariant_20_without_a_zone_letter_it_is_asked_not_guessed(typed: str) -> None:
    with pytest.raises(InvalidField):
        parse_typed(typed, "occurred_at", TWICE[-1])
