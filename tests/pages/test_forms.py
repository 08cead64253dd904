"""Forms come from the schemas: every field is asked, worded, and read back as its schema wants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidField
from domain.records import LOG_ENVELOPE, RECORDS, Schema
from domain.transitions import LOG
from pages.clock_times import AHEAD, Ambiguous, group, hour, local_group, parse_typed
from pages.event_form import complete, event_form, organisations_of
from pages.form_view import Choices, Painter, label_of, option_words
from pages.forms import Field, casualty_fields, fill, record_fields
from pages.incident_report import report_form
from pages.log_entry import read_line
from pages.strings import LANGUAGES
from services.shape import check_record

NOW = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)
START = datetime(2020, 1, 1, tzinfo=UTC)
EVENTS = [key for key in RECORDS if key[0] != LOG and key != ("INC", "report")]


def typed_for(fields: tuple[Field, ...]) -> dict[str, Any]:
    """Something sensible in every field that has to be filled."""
    answers = {
        "moment": "2029Z", "must": True, "platoons": ["alfa"], "number": "2", "decimal": "42.9",
        "grade": "3", "flag": True,
    }  # fmt: skip
    typed = {
        one.path: one.options[0] if one.options else answers.get(one.kind, "words")
        for one in fields
    }
    typed |= {part.path: "1" for one in fields if one.kind == "casualties"
              for part in casualty_fields(one.path)[1:]}  # fmt: skip
    return typed


@pytest.mark.parametrize(("region", "event"), EVENTS)
def test_a_filled_form_is_a_record_that_the_services_take(region: str, event: str) -> None:
    form = event_form(region, event)
    filled = fill(form.fields, typed_for(form.fields), NOW)
    assert filled.faults == {}
    check_record(region, event, filled.envelope.get("record", {}))


@pytest.mark.parametrize(("region", "event"), EVENTS)
def test_an_empty_form_marks_every_field_that_is_needed(region: str, event: str) -> None:
    form = event_form(region, event)
    filled = fill(form.fields, {}, NOW)
    needed = {one.path for one in form.fields if one.required and one.when is None}
    assert needed - {one.path for one in form.fields if one.kind == "flag"} == set(filled.faults)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("region", "event"), [*EVENTS, ("INC", "report")])
def test_every_field_and_every_code_has_words(region: str, event: str, language: str) -> None:
    form = report_form() if event == "report" else event_form(region, event)
    for one in form.fields:
        assert label_of(one, language).strip()
        for option in one.options:
            assert option_words(one, option, language).strip()
    assert Painter("act", language, {}, Choices()).fields(form.fields)


def leaves(schema: Schema, path: str) -> Iterator[str]:
    for name, part in schema["properties"].items():
        if part.get("type") == "object" and "properties" in part:
            yield from leaves(part, f"{path}.{name}")
        else:
            yield f"{path}.{name}"


@pytest.mark.parametrize(("region", "event"), list(RECORDS))
def test_a_form_asks_exactly_its_record(region: str, event: str) -> None:
    asked = {one.path for one in record_fields(RECORDS[region, event])}
    assert asked == set(leaves(RECORDS[region, event], "record")) - {"record.exception"}


def test_a_field_that_a_choice_makes_unnecessary_is_not_sent() -> None:
    form = event_form("T2", "refuse")
    typed = typed_for(form.fields) | {"record.reason": "capacity"}
    assert "reason_text" not in fill(form.fields, typed, NOW).envelope["record"]
    typed["record.reason"] = "other"
    assert fill(form.fields, typed, NOW).envelope["record"]["reason_text"] == "words"


def test_no_casualties_is_a_statement_and_not_a_blank() -> None:
    form = event_form("INC", "close")
    typed = {"record.final_sitrep_ref": "S-9", "occurred_at": "2029Z"}
    assert "record.casualties" in fill(form.fields, typed, NOW).faults
    typed["record.casualties.none"] = True  # type: ignore[assignment]
    assert fill(form.fields, typed, NOW).envelope["record"]["casualties"] == {"none": True}


def test_confirmations_become_a_list() -> None:
    form = event_form("LINE", "relief_in_place_kp")
    envelope = complete(fill(form.fields, typed_for(form.fields), NOW).envelope)
    assert [one["org"] for one in envelope["confirmations"]] == ["KP", "KP"]


def test_the_organisation_that_is_proposed_first_may_assert_it() -> None:
    assert organisations_of("T2", "kp_request") == ("KP",)
    assert organisations_of("T2", "accept")[0] == "FPU"
    assert organisations_of("T3", "accept") == ("KFOR",)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("2029Z", "2026-11-21T20:29:00+00:00"),
        ("20:29 z", "2026-11-21T20:29:00+00:00"),
        ("2129A", "2026-11-21T20:29:00+00:00"),
        ("2229B", "2026-11-21T20:29:00+00:00"),
        ("0830Z", "2026-11-21T08:30:00+00:00"),
        ("212029Z", "2026-11-21T20:29:00+00:00"),
        ("202045 z", "2026-11-20T20:45:00+00:00"),
        ("210030B", "2026-11-20T22:30:00+00:00"),
        ("311200Z", "2026-10-31T12:00:00+00:00"),
        ("212029Z NOV 26", "2026-11-21T20:29:00+00:00"),
        ("2026-11-21T21:29:00+01:00", "2026-11-21T20:29:00+00:00"),
    ],
)
def test_times_as_officers_type_them(typed: str, expected: str) -> None:
    assert parse_typed(typed, "occurred_at", NOW).isoformat() == expected


@pytest.mark.parametrize("typed", ["", "2029", "20:29", "2029C", "2561Z", "soon", "2026-11-21"])
def test_a_time_without_a_zone_is_asked_for(typed: str) -> None:
    with pytest.raises(InvalidField) as fault:
        parse_typed(typed, "occurred_at", NOW)
    assert fault.value.field == "occurred_at"


@pytest.mark.parametrize(
    ("typed", "ahead", "reason", "instead"),
    [
        ("2045Z", False, "is_still_ahead", "202045Z"),
        ("2245B", False, "is_still_ahead", "202245B"),
        ("0829Z", False, "is_more_than_12_hours_ago", "210829Z"),
        ("2015Z", True, "has_passed_already", "222015Z"),
        ("0845Z", True, "has_passed_already", "220845Z"),
        ("222045Z", False, "is_a_day_still_ahead", "222045Z OCT 26"),
        ("202045Z", True, "is_a_day_that_has_passed", "202045Z DEC 26"),
    ],
)
def test_a_time_that_can_be_meant_in_two_ways_is_asked_for(
    typed: str, ahead: bool, reason: str, instead: str
) -> None:
    with pytest.raises(Ambiguous) as fault:
        parse_typed(typed, "occurred_at", NOW, ahead=ahead)
    assert (fault.value.field, fault.value.reason) == ("occurred_at", reason)
    assert fault.value.extra["instead"] == instead
    meant = parse_typed(instead, "occurred_at", NOW, ahead=ahead)
    assert (meant > NOW) == ahead


def test_a_time_late_on_the_same_day_is_asked_for() -> None:
    morning = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
    with pytest.raises(Ambiguous) as fault:
        parse_typed("2200Z", "eta", morning, ahead=True)
    assert fault.value.reason == "is_more_than_12_hours_ahead"
    assert fault.value.extra["instead"] == "212200Z"


def test_a_day_that_no_month_near_has_is_no_day() -> None:
    february = datetime(2026, 2, 15, tzinfo=UTC)
    with pytest.raises(InvalidField):
        parse_typed("321200Z", "occurred_at", february)
    assert parse_typed("311200Z", "at", february).month == 1


@given(
    now=st.integers(0, 5_000_000).map(lambda m: START + timedelta(minutes=m, seconds=m % 60)),
    minute=st.integers(0, 1439),
    letter=st.sampled_from("ZAB"),
    ahead=st.booleans(),
)
def test_a_time_of_the_day_is_never_read_as_one_far_away(
    now: datetime, minute: int, letter: str, ahead: bool
) -> None:
    typed = f"{minute // 60:02d}{minute % 60:02d}{letter}"
    try:
        read = parse_typed(typed, "at", now, ahead=ahead)
    except Ambiguous as asked:
        whole = parse_typed(asked.extra["instead"], "at", now, ahead=ahead)
        assert timedelta(hours=12) <= abs(whole - now) <= timedelta(days=1)
    else:
        assert abs(read - now) <= timedelta(hours=12)
        assert read >= now - AHEAD if ahead else read <= now + AHEAD


def test_an_arrival_is_expected_ahead() -> None:
    at = parse_typed("0010Z", "eta", NOW, ahead=True)
    assert at.isoformat() == "2026-11-22T00:10:00+00:00"


@given(st.integers(min_value=0, max_value=10_000_000))
def test_what_is_shown_can_be_typed_again(minutes: int) -> None:
    at = START + timedelta(minutes=minutes)
    shown = at.isoformat()
    assert parse_typed(group(shown), "at", at) == at
    assert parse_typed(local_group(shown), "at", at) == at
    assert parse_typed(hour(shown), "at", at) == at


@pytest.mark.parametrize(
    ("line", "minute", "words"),
    [
        ("KP closes the road", 30, "KP closes the road"),
        ("2014Z KP closes the road", 14, "KP closes the road"),
        ("2114A KP closes the road", 14, "KP closes the road"),
        ("212014Z KP closes the road", 14, "KP closes the road"),
        ("212114A KP closes the road", 14, "KP closes the road"),
        ("2500 litres of diesel came", 30, "2500 litres of diesel came"),
    ],
)
def test_a_line_of_the_log_may_begin_with_its_time(line: str, minute: int, words: str) -> None:
    occurred, kept = read_line(line, NOW)
    assert (occurred.hour, occurred.minute, kept) == (20, minute, words)


def test_a_line_of_the_log_is_never_put_on_another_day_unasked() -> None:
    with pytest.raises(Ambiguous) as fault:
        read_line("2033Z ahead", NOW)
    assert fault.value.field == "text"
    occurred, kept = read_line("202033Z a day late", NOW)
    assert (occurred.isoformat(), kept) == ("2026-11-20T20:33:00+00:00", "a day late")


@pytest.mark.parametrize("line", ["", "  ", "2014 KP closes the road", "2014ZKP"])
def test_a_line_without_a_zone_letter_or_words_is_asked_for(line: str) -> None:
    if line == "2014ZKP":  # no time at all: the line stays as it was typed
        assert read_line(line, NOW) == (NOW, line)
        return
    with pytest.raises(InvalidField):
        read_line(line, NOW)


def test_the_log_takes_what_is_sent() -> None:
    assert set(LOG_ENVELOPE["required"]) == {"command_id", "occurred_at", "record"}
