"""The clock of one device set right for many entries of the quarantine, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.errors import NotFound
from domain.fixes import Report
from domain.quarantine import DECIDED
from domain.roster import Unit
from domain.time import to_rfc3339
from services.container import Services
from tests.api.v1.asking import Ask
from tests.api.v1.quarantine_parts import put

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
THREE_HOURS = -3 * 3600


def ahead(services: Services, now: datetime, *minutes: int, device: str = "phone") -> list[int]:
    """Entries of a clock that is three hours ahead: true times so many minutes ago."""
    return [put(services, now + 3 * HOUR - one * MINUTE, 42.6, 20.9, device) for one in minutes]


def fixes(services: Services, now: datetime) -> dict[datetime, Any]:
    try:
        tracks = services.track_export.tracks("demo", None, now - 30 * 24 * HOUR, now + HOUR)
    except NotFound:
        return {}
    return {fix.fix_time: fix for track in tracks for part in track.segments for fix in part}


def opened(ask: Ask) -> set[int]:
    return {one["id"] for one in ask("/quarantine", decided="0").json["items"]}


def test_the_times_are_shown_then_shifted_and_what_came_stays(
    ask: Ask, services: Services, now: datetime
) -> None:
    numbers = ahead(services, now, 9, 5, 7)
    before = {one["id"]: one for one in ask("/quarantine").json["items"]}
    sent = {"entries": numbers, "offset_s": THREE_HOURS}
    seen = ask("/quarantine/shift/preview", sent).json
    assert {name: seen[name] for name in ("device", "offset_s", "corrected", "refused")} == {
        "device": "phone", "offset_s": THREE_HOURS, "corrected": 3, "refused": 0,
    }  # fmt: skip
    for name, minutes in (("first", 9), ("last", 5)):
        true = now - minutes * MINUTE
        assert seen[name] == {"was": to_rfc3339(true + 3 * HOUR), "becomes": to_rfc3339(true)}
    assert (opened(ask), fixes(services, now)) == (set(numbers), {})

    done = ask("/quarantine/shift", {**sent, "reason": "set to the wrong zone"}).json
    assert done == {
        "corrected": 3,
        "refused": 0,
        "entries": [{"entry": number, "became": "corrected"} for number in numbers],
    }
    stored = fixes(services, now)
    assert sorted(stored) == [now - one * MINUTE for one in (9, 7, 5)]
    after = {one["id"]: one for one in ask("/quarantine").json["items"]}
    for number, minutes in zip(numbers, (9, 5, 7), strict=True):
        true = now - minutes * MINUTE
        assert stored[true].attributes[DECIDED] == {
            "entry": number, "decision": "corrected", "by": "duty",
        }  # fmt: skip
        made = after[number].pop("decision")
        assert before[number].pop("decision") is None
        assert (made["decision"], made["by"], made["reason"]) == (
            "corrected", "duty", "set to the wrong zone",
        )  # fmt: skip
        assert made["said"] == {"fix_time": to_rfc3339(true), "unit": "p1"}
        assert after[number] == before[number]


def test_it_is_recorded_as_a_single_correction_is(
    ask: Ask, services: Services, now: datetime
) -> None:
    one, many = ahead(services, now, 9, 8)
    typed = {"time": to_rfc3339(now - 9 * MINUTE), "reason": "x"}
    single = ask(f"/quarantine/{one}/correct", typed).json["decision"]
    ask("/quarantine/shift", {"entries": [many], "offset_s": THREE_HOURS, "reason": "x"})
    shifted = ask(f"/quarantine/{many}").json["decision"]
    assert {**single, "at": 0, "said": 0} == {**shifted, "at": 0, "said": 0}
    assert set(single["said"]) == set(shifted["said"])
    first, second = (fixes(services, now)[now - each * MINUTE] for each in (9, 8))
    assert set(first.attributes) == set(second.attributes)
    assert (first.speed, first.device) == (second.speed, second.device)


def test_what_stays_impossible_is_refused_with_its_field_and_alone(
    ask: Ask, services: Services, now: datetime
) -> None:
    (good,) = ahead(services, now, 9)
    late = put(services, now + 4 * HOUR, 42.6, 20.9)
    abroad = put(services, now + 3 * HOUR, 52.2, 21.0)
    disowned = put(services, now + 3 * HOUR, 42.6, 20.9, valid=False)
    old = put(services, datetime(2008, 1, 1, tzinfo=UTC) + HOUR, 20.9, 42.6)
    (mine,) = ahead(services, now, 8)
    ask(f"/quarantine/{mine}/discard", {"reason": "no"}, "commander")
    rejected = Report("phone", None, 0.0, 0.0, None, None, None, None, None, None, {})
    services.ingest.accept("osmand", [rejected], b"id=phone&lat=0&lon=0", now)
    timeless = max(opened(ask))
    twin = put(services, now + 3 * HOUR - 9 * MINUTE, 42.7, 20.9)
    unheard = twin + 1
    asked = [good, late, abroad, disowned, old, mine, timeless, twin, unheard]
    sent = {"entries": asked, "offset_s": THREE_HOURS, "reason": "x"}

    seen = ask("/quarantine/shift/preview", sent).json
    answer = ask("/quarantine/shift", sent)
    assert answer.status_code == 200
    became = {one["entry"]: one for one in answer.json["entries"]}
    assert {number: one.get("field", one.get("why")) for number, one in became.items()} == {
        good: None, late: "time", abroad: "latitude", disowned: "valid", old: "latitude",
        mine: "decided", timeless: "time", twin: "believable", unheard: "unknown",
    }  # fmt: skip
    assert became[good] == {"entry": good, "became": "corrected"}
    assert "ahead of us" in became[late]["detail"]
    assert "outside the area" in became[abroad]["detail"]
    assert "cannot be read" in became[timeless]["detail"]
    assert (answer.json["corrected"], answer.json["refused"]) == (1, 8)
    shown = {one["entry"]: one for one in seen["entries"]}
    assert shown.pop(twin) == {"entry": twin, "became": "corrected"}  # found out when it is stored
    assert shown == {number: one for number, one in became.items() if number != twin}
    assert opened(ask) == {late, abroad, disowned, old, timeless, twin}
    assert set(fixes(services, now)) == {now - 9 * MINUTE}


def test_a_time_after_it_was_heard_is_still_impossible(
    ask: Ask, services: Services, now: datetime
) -> None:
    heard = now - 10 * HOUR
    report = Report("phone", heard + 5 * HOUR, 42.6, 20.9, *[None] * 6, {})
    raw = f"id=phone&lat=42.6&lon=20.9&timestamp={(heard + 5 * HOUR).timestamp():.0f}"
    services.ingest.accept("osmand", [report], raw.encode(), heard)
    (number,) = opened(ask)
    sent = {"entries": [number], "reason": "x"}
    near = ask("/quarantine/shift", {**sent, "offset_s": -4 * 3600}).json["entries"][0]
    assert (near["became"], near["field"]) == ("refused", "time")  # before now, after it was heard
    enough = ask("/quarantine/shift", {**sent, "offset_s": -5 * 3600}).json["entries"][0]
    assert enough["became"] == "corrected"
    assert set(fixes(services, now)) == {heard}


def test_no_calendar_has_such_a_time(ask: Ask, services: Services, now: datetime) -> None:
    (number,) = ahead(services, now, 9)
    for offset in (-(36_525 * 86_400), -(30 * 365 * 86_400)):
        sent = {"entries": [number], "offset_s": offset, "reason": "x"}
        (told,) = ask("/quarantine/shift", sent).json["entries"]
        assert (told["became"], told["field"]) == ("refused", "time")


@pytest.mark.parametrize("off", [3 * HOUR, timedelta(days=-10_000)])
def test_without_an_offset_the_clock_tells_it(
    ask: Ask, services: Services, now: datetime, off: timedelta
) -> None:
    numbers = [put(services, services.clock() + off, 42.6, 20.9) for _ in range(3)]
    seen = ask("/quarantine/shift/preview", {"entries": numbers}).json
    assert abs(seen["offset_s"] + off.total_seconds()) <= 60
    assert (seen["corrected"], seen["refused"]) == (3, 0)


def test_where_no_clock_is_to_blame_none_is_told(
    ask: Ask, services: Services, now: datetime
) -> None:
    number = put(services, now, 52.2, 21.0)
    seen = ask("/quarantine/shift/preview", {"entries": [number, number + 9]}).json
    assert (seen["offset_s"], seen["first"], seen["last"], seen["refused"]) == (0, None, None, 2)
    nothing = ask("/quarantine/shift/preview", {"entries": [number + 9]}).json
    assert (nothing["device"], nothing["refused"]) == (None, 1)


def test_one_clock_at_a_time(ask: Ask, services: Services, now: datetime) -> None:
    services.roster.add(Unit("p2", "ORION-2"))
    services.roster.add_device("tablet", "key")
    services.roster.assign_unit("p2", "demo", now - 24 * HOUR)
    services.roster.assign_device("tablet", "p2", now - 24 * HOUR)
    numbers = ahead(services, now, 9) + ahead(services, now, 8, device="tablet")
    sent = {"entries": numbers, "offset_s": THREE_HOURS, "reason": "x"}
    for path in ("/quarantine/shift", "/quarantine/shift/preview"):
        answer = ask(path, sent)
        assert (answer.status_code, answer.json["field"]) == (400, "entries")
        assert "phone, tablet" in answer.json["detail"]
    assert opened(ask) == set(numbers)


@pytest.mark.parametrize("offset", [0, None, True, 1.5, "3600", 36_525 * 86_400 + 1, 1 << 80])
def test_the_offset_is_checked(ask: Ask, services: Services, now: datetime, offset: object) -> None:
    numbers = ahead(services, now, 9)
    answer = ask("/quarantine/shift", {"entries": numbers, "offset_s": offset, "reason": "x"})
    assert (answer.status_code, answer.json["field"]) == (400, "offset_s")
    if offset:
        look = ask("/quarantine/shift/preview", {"entries": numbers, "offset_s": offset})
        assert (look.status_code, look.json["field"]) == (400, "offset_s")
    assert opened(ask) == set(numbers)


@pytest.mark.parametrize("who", ["review", "admin", "wall", "patrol"])
@pytest.mark.parametrize("path", ["/quarantine/shift", "/quarantine/shift/preview"])
def test_who_may_not_decide_shifts_none(
    ask: Ask, services: Services, now: datetime, who: str, path: str
) -> None:
    numbers = ahead(services, now, 9)
    sent = {"entries": numbers, "offset_s": THREE_HOURS, "reason": "x"}
    assert ask(path, sent, who).status_code == 403
    assert opened(ask) == set(numbers)
