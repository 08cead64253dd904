"""The rules that decide whether a report becomes a position."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fixes import Fix, Heartbeat, Rejection, Report, judge

NOW = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)

GOOD = Report(
    device="fpu-test",
    fix_time=NOW - timedelta(seconds=3),
    latitude=42.89,
    longitude=20.87,
    speed=8.2,
    course=271.0,
    altitude=510.0,
    accuracy=6.0,
    battery=77.0,
    alarm=None,
    attributes={"hdop": "0.9"},
)

numbers = st.floats() | st.integers(-200, 200).map(float)
offsets = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
reports = st.builds(
    Report,
    device=st.text(max_size=8),
    fix_time=st.none() | st.datetimes(timezones=st.just(UTC) | offsets) | st.datetimes(),
    latitude=st.none() | numbers | st.floats(41, 44),
    longitude=st.none() | numbers | st.floats(19, 23),
    speed=st.none() | numbers,
    course=st.none() | numbers,
    altitude=st.none() | numbers,
    accuracy=st.none() | numbers,
    battery=st.none() | numbers,
    alarm=st.none() | st.just("sos"),
    attributes=st.dictionaries(st.text(max_size=6), plain, max_size=4),
)
near_now = st.datetimes(datetime(2008, 1, 1), datetime(2026, 11, 21)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=UTC)
)


def reason(**changes: Any) -> str:
    verdict = judge(replace(GOOD, **changes), NOW)
    assert isinstance(verdict, Rejection), verdict
    assert verdict.detail
    return verdict.reason


def fix(anywhere: bool = False, **changes: Any) -> Fix:
    verdict = judge(replace(GOOD, **changes), NOW, anywhere=anywhere)
    assert isinstance(verdict, Fix), verdict
    return verdict


def test_a_good_report_is_kept_as_it_is() -> None:
    kept = fix()
    for name in Fix.__slots__:
        assert getattr(kept, name) == getattr(GOOD, name)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["latitude", "longitude"])
def test_a_coordinate_that_is_no_number(field: str, value: float) -> None:
    assert reason(**{field: value}) == "not_a_number"


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [
        (90.01, 20.87, "out_of_range"),
        (-91, 20.87, "out_of_range"),
        (42.89, 180.5, "out_of_range"),
        (42.89, -1e300, "out_of_range"),
        (0, 0, "no_position_zero"),
        (-0.0, 1e-7, "no_position_zero"),
        (0, 20.87, "outside_area"),
        (20.87, 42.89, "swapped"),
        (44.8, 20.46, "outside_area"),
        (41.34, 20.87, "outside_area"),
        (42.89, 22.30, "outside_area"),
    ],
)
def test_a_position_that_cannot_be(latitude: float, longitude: float, expected: str) -> None:
    assert reason(latitude=latitude, longitude=longitude) == expected


@pytest.mark.parametrize(("latitude", "longitude"), [(41.36, 19.52), (43.76, 22.28)])
def test_the_margin_belongs_to_the_area(latitude: float, longitude: float) -> None:
    assert fix(latitude=latitude, longitude=longitude)


def test_anywhere_waives_the_area_and_nothing_else() -> None:
    assert fix(anywhere=True, latitude=45.39, longitude=14.13)
    for latitude, longitude in [(20.87, 42.89), (0, 0), (91, 0), (math.nan, 14.0)]:
        moved = replace(GOOD, latitude=latitude, longitude=longitude)
        assert isinstance(judge(moved, NOW, anywhere=True), Rejection)


def test_a_clock_may_run_ahead_two_minutes_and_no_more() -> None:
    assert fix(fix_time=NOW + timedelta(minutes=2))
    assert reason(fix_time=NOW + timedelta(minutes=2, microseconds=1)) == "future_time"
    assert reason(fix_time=datetime.max.replace(tzinfo=UTC)) == "future_time"


def test_a_time_before_the_mission_is_a_clock_that_was_never_set() -> None:
    assert fix(fix_time=datetime(2008, 1, 1, tzinfo=UTC))
    assert reason(fix_time=datetime(2007, 12, 31, 23, 59, 59, tzinfo=UTC)) == "before_mission"
    assert reason(fix_time=datetime.min.replace(tzinfo=UTC)) == "before_mission"


def test_a_missing_time_is_the_time_of_receipt_and_says_so() -> None:
    kept = fix(fix_time=None)
    assert kept.fix_time == NOW
    assert kept.attributes["time_from_receipt"] is True


def test_the_time_is_kept_in_utc() -> None:
    local = (NOW - timedelta(minutes=1)).astimezone(timezone(timedelta(hours=1)))
    kept = fix(fix_time=local)
    assert kept.fix_time == local
    assert kept.fix_time.tzinfo is UTC


def test_no_position_is_a_heartbeat() -> None:
    silent = replace(GOOD, latitude=None, longitude=None, battery=120.0)
    verdict = judge(silent, NOW)
    assert isinstance(verdict, Heartbeat)
    assert (verdict.device, verdict.at, verdict.battery) == ("fpu-test", NOW, None)
    assert verdict.attributes["dropped"] == {"battery": 120.0}
    assert verdict.attributes["device_time"] == "2026-11-21T20:29:57+00:00"


@pytest.mark.parametrize("field", ["latitude", "longitude"])
def test_half_a_position_is_no_heartbeat(field: str) -> None:
    assert reason(**{field: None}) == "unreadable"


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("speed", -1.0, -1.0),
        ("speed", math.nan, "nan"),
        ("speed", 1e6, 1e6),
        ("course", 361.0, 361.0),
        ("course", -1.0, -1.0),
        ("altitude", math.inf, "inf"),
        ("accuracy", -5.0, -5.0),
        ("battery", 101.0, 101.0),
    ],
)
def test_an_absurd_extra_never_costs_the_position(field: str, value: float, kept: object) -> None:
    verdict = fix(**{field: value})
    assert getattr(verdict, field) is None
    assert verdict.attributes["dropped"] == {field: kept}
    assert verdict.latitude == GOOD.latitude


def test_what_the_decoder_could_not_read_decides() -> None:
    fault = Rejection("not_a_number", "latitude", "'abc' is not a number")
    assert judge(replace(GOOD, latitude=None, longitude=None, faults=(fault,)), NOW) is fault


def test_an_alarm_stays_with_the_fix_and_with_the_heartbeat() -> None:
    assert fix(alarm="sos").attributes["alarm"] == "sos"
    silent = judge(replace(GOOD, latitude=None, longitude=None, alarm="sos"), NOW)
    assert isinstance(silent, Heartbeat)
    assert silent.attributes["alarm"] == "sos"


def test_attributes_become_plain_json() -> None:
    deep: Any = 1
    for _ in range(5_000):
        deep = [deep]
    odd = {"deep": deep, "half\ud800": "a\x00b\udfff", "bytes": b"x", "far": [math.inf, (1, 2)]}
    kept = fix(attributes=odd).attributes
    json.dumps(kept, allow_nan=False).encode()
    assert kept["half?"] == "ab?"
    assert kept["far"] == ["inf", [1, 2]]


@given(report=reports, received_at=near_now, anywhere=st.booleans())
def test_judging_never_raises_and_never_lets_a_wild_value_through(
    report: Report, received_at: datetime, anywhere: bool
) -> None:
    verdict = judge(report, received_at, anywhere=anywhere)
    if isinstance(verdict, Rejection):
        assert verdict.reason
        assert verdict.field
        return
    text = json.dumps(verdict.attributes, allow_nan=False, ensure_ascii=False)
    text.encode("utf-8")
    assert verdict.battery is None or 0 <= verdict.battery <= 100
    if isinstance(verdict, Fix):
        told = (verdict.speed, verdict.course, verdict.altitude, verdict.accuracy)
        assert all(value is None or math.isfinite(value) for value in told)
        assert abs(verdict.latitude) <= 90
        assert abs(verdict.longitude) <= 180
        assert verdict.fix_time.tzinfo is UTC
        assert verdict.fix_time <= received_at + timedelta(minutes=2)


@given(report=reports, received_at=near_now, anywhere=st.booleans())
def test_judging_a_fix_again_changes_nothing(
    report: Report, received_at: datetime, anywhere: bool
) -> None:
    verdict = judge(report, received_at, anywhere=anywhere)
    if isinstance(verdict, Fix):
        again = Report(alarm=None, **{name: getattr(verdict, name) for name in Fix.__slots__})
        assert judge(again, received_at, anywhere=anywhere) == verdict
