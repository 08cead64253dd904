"""Numbers, times and alarms as devices write them."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formats.values import Values, alarm_name, instant, number

MOMENT = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "value"),
    [("42.5", 42.5), (" -7 ", -7.0), (".5", 0.5), ("1e3", 1000.0), (12, 12.0), (10**400, math.inf)],
)
def test_a_number(written: object, value: float) -> None:
    assert number(written) == value


@pytest.mark.parametrize("written", ["", "abc", "42,5", "1_000", "0x10", "٤٢", True, None, [], {}])
def test_no_number(written: object) -> None:
    with pytest.raises(ValueError, match="not a number"):
        number(written)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_is_read_as_python_writes_it(value: float) -> None:
    assert number(repr(value)) == value


@pytest.mark.parametrize(
    "written",
    [
        1795293000,
        "1795293000",
        1795293000.0,
        1795293000000,
        "1795293000000",
        "2026-11-21T20:30:00Z",
        "2026-11-21t20:30:00z",
        "2026-11-21T21:30:00+01:00",
        "2026-11-21T21:30:00 01:00",
        "2026-11-21T20:30:00.000",
        "2026-11-21 20:30:00",
        "20261121T203000Z",
    ],
)
def test_a_time_is_the_same_moment_however_it_is_written(written: object) -> None:
    moment = instant(written)
    assert moment == MOMENT
    assert moment.tzinfo is UTC


@pytest.mark.parametrize("written", ["", "noon", "2026-11-21", "2026-13-01T00:00:00Z", "nan", True])
def test_no_time(written: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        instant(written)


@given(st.datetimes(datetime(2008, 1, 1), datetime(2037, 12, 31)))  # noqa: DTZ001
def test_milliseconds_are_kept(local: datetime) -> None:
    moment = local.replace(tzinfo=UTC, microsecond=local.microsecond // 1000 * 1000)
    assert instant(round(moment.timestamp() * 1000)) == moment


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("1e300", "future_time"),
        (10**30, "future_time"),
        ("-1e300", "before_mission"),
        ("0001-01-01T00:00:00+14:00", "before_mission"),
        ("9999-12-31T23:59:59-12:00", "future_time"),
        ("yesterday", "unreadable"),
        ({}, "unreadable"),
    ],
)
def test_a_time_that_cannot_be_is_a_fault(written: object, reason: str) -> None:
    values = Values({"timestamp": written})
    assert values.moment("timestamp") is None
    assert [fault.reason for fault in values.faults] == [reason]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("sos", "sos"),
        (" SOS ", "sos"),
        ("powerCut", "powercut"),
        ("true", "sos"),
        ("1", "sos"),
        (True, "sos"),
        (1, "sos"),
        ({"by": "button"}, "sos"),
        ("\u202e\u202e", "sos"),
        ("x" * 90, "x" * 40),
        ("false", None),
        ("0", None),
        ("", None),
        (" none ", None),
        (False, None),
        (0, None),
        (None, None),
    ],
)
def test_an_alarm_has_a_name_and_doubt_is_an_alarm(written: object, name: str | None) -> None:
    assert alarm_name(written) == name


def test_what_nobody_asked_for_is_kept_and_what_cannot_be_read_is_kept_apart() -> None:
    values = Values({"lat": "1", "speed": "fast", "tid": "3T", "note": " "})
    assert values.coordinate("latitude", "lat") == 1.0
    assert values.optional("speed", "speed") is None
    assert values.attributes() == {"tid": "3T", "dropped": {"speed": "fast"}}
