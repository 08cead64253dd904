"""What a person decides about many entries of the quarantine at once, over HTTP."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from data.database import Database
from data.journal import Journal
from domain.fixes import Report
from domain.quarantine import DECIDED
from domain.roster import Unit
from pages.strings import catalogue
from services.container import Services
from settings import Settings
from tests.api.v1.asking import Ask
from tests.api.v1.quarantine_parts import put

MINUTE = timedelta(minutes=1)
NO_ENTRIES: list[object] = [None, [], "all", [0], [True], ["1"], list(range(1, 202))]


def kept(services: Services, start: datetime, end: datetime) -> dict[datetime, Any]:
    """The stored positions by fix time."""
    tracks = services.track_export.tracks("demo", None, start, end)
    return {fix.fix_time: fix for track in tracks for part in track.segments for fix in part}


def decisions(ask: Ask) -> dict[int, Any]:
    return {one["id"]: one["decision"] for one in ask("/quarantine", decided="1").json["items"]}


def abroad(services: Services, now: datetime, *minutes: int, device: str = "phone") -> list[int]:
    return [put(services, now - one * MINUTE, 52.0, 21.0, device) for one in minutes]


# --- accept ------------------------------------------------------------------------------------


def test_what_is_accepted_stays_and_each_refusal_is_told(
    ask: Ask, services: Services, now: datetime
) -> None:
    good = abroad(services, now, 9, 8, 7)
    (theirs,) = abroad(services, now, 6)
    assert ask(f"/quarantine/{theirs}/discard", {"reason": "no"}, "commander").status_code == 200
    first, twin = abroad(services, now, 5, 5)
    services.roster.add_device("stray", "key")
    (stray,) = abroad(services, now, 4, device="stray")
    ahead = put(services, now + timedelta(hours=3), 42.6, 20.9)
    unheard = ahead + 1
    asked = [*good, theirs, first, twin, stray, ahead, unheard]

    answer = ask("/quarantine/accept", {"entries": asked, "reason": "a course in Legionowo"})
    assert answer.status_code == 200
    assert (answer.json["accepted"], answer.json["refused"]) == (4, 5)
    assert [one["entry"] for one in answer.json["entries"]] == asked
    became = {one["entry"]: one for one in answer.json["entries"]}
    for number in (*good, first):
        assert became[number] == {"entry": number, "became": "accepted"}
    assert {number: became[number]["why"] for number in (theirs, twin, stray, ahead, unheard)} == {
        theirs: "decided", twin: "believable", stray: "acceptable", ahead: "acceptable",
        unheard: "unknown",
    }  # fmt: skip
    assert became[theirs]["detail"] == "commander has decided it already: discarded"
    assert "position of that time already" in became[twin]["detail"]
    assert "belonged to no unit" in became[stray]["detail"]

    made = decisions(ask)
    assert made[theirs]["reason"] == "no"
    for number in (*good, first):
        told = made[number]
        assert (told["decision"], told["by"], told["role"], told["reason"]) == (
            "accepted", "duty", "FPU_DUTY", "a course in Legionowo",
        )  # fmt: skip
    assert set(made) == {*good, first, theirs}
    fixes = kept(services, now - 10 * MINUTE, now)
    assert sorted(fixes) == [now - one * MINUTE for one in (9, 8, 7, 5)]
    for number, fix in zip([*good, first], (fixes[one] for one in sorted(fixes)), strict=True):
        assert fix.attributes[DECIDED] == {"entry": number, "decision": "accepted", "by": "duty"}


def test_a_twin_of_what_a_device_has_told_otherwise_is_refused_alone(
    ask: Ask, services: Services, now: datetime
) -> None:
    """The position that is there stays as it is, and the others are stored together."""
    numbers = abroad(services, now, 9, 8, 7)
    home = Report("phone", now - 8 * MINUTE, 42.6, 20.9, None, None, None, None, None, None, {})
    assert services.ingest.accept("osmand", [home], b"x", now).stored == 1
    answer = ask("/quarantine/accept", {"entries": numbers, "reason": "x"}).json
    assert [one["became"] for one in answer["entries"]] == ["accepted", "refused", "accepted"]
    fixes = kept(services, now - 10 * MINUTE, now)
    assert [fixes[one].latitude for one in sorted(fixes)] == [52.0, 42.6, 52.0]
    refused = [one["id"] for one in ask("/quarantine", decided="0").json["items"]]
    assert refused == [numbers[1]]


def test_the_screens_hear_of_a_unit_once(
    ask: Ask, services: Services, settings: Settings, now: datetime
) -> None:
    """A hundred messages that tracks have changed would have every screen load them a hundred
    times."""
    services.roster.add(Unit("p2", "ORION-2"))
    services.roster.add_device("tablet", "key")
    services.roster.assign_unit("p2", "demo", now - timedelta(days=1))
    services.roster.assign_device("tablet", "p2", now - timedelta(days=1))
    numbers = abroad(services, now, 9, 8, 7) + abroad(services, now, 9, 8, device="tablet")
    before = services.heads.head_of("demo")
    assert ask("/quarantine/accept", {"entries": numbers, "reason": "x"}).json["accepted"] == 5
    with closing(Database(settings.database_url)) as database:
        told = [one for one in Journal(database).since(before, 100) if one.kind == "tracks"]
    assert [json.loads(one.payload)["stored"] for one in told] == [3, 2]


def test_the_same_command_again_gives_the_same_answer(
    ask: Ask, services: Services, now: datetime
) -> None:
    numbers = abroad(services, now, 9, 8)
    sent = {"entries": numbers, "reason": "x", "command_id": str(uuid.uuid4())}
    first = ask("/quarantine/accept", sent)
    assert first.json["accepted"] == 2
    assert ask("/quarantine/accept", sent).json == first.json
    again = ask("/quarantine/accept", {**sent, "command_id": str(uuid.uuid4())}).json
    assert (again["accepted"], again["refused"]) == (0, 2)
    assert len(kept(services, now - 10 * MINUTE, now)) == 2


def test_two_people_at_once_decide_each_entry_once(
    ask: Ask, services: Services, server: Flask, now: datetime
) -> None:
    numbers = abroad(services, now, *range(1, 21))

    def accept(who: str) -> Any:
        return ask("/quarantine/accept", {"entries": numbers, "reason": who}, who).json

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(accept, ("duty", "commander")))
    assert sum(one["accepted"] for one in answers) == len(numbers)
    assert sum(one["refused"] for one in answers) == len(numbers)
    for who, answer in zip(("duty", "commander"), answers, strict=True):
        mine = {one["entry"] for one in answer["entries"] if one["became"] == "accepted"}
        assert mine == {number for number, made in decisions(ask).items() if made["by"] == who}
    assert len(kept(services, now - 30 * MINUTE, now)) == len(numbers)


# --- who may, and what must be sent ------------------------------------------------------------


@pytest.mark.parametrize("who", ["review", "admin", "wall", "patrol"])
@pytest.mark.parametrize("act", ["accept", "discard"])
def test_who_may_not_decide_decides_none(
    ask: Ask, services: Services, now: datetime, who: str, act: str
) -> None:
    numbers = abroad(services, now, 9, 8)
    answer = ask(f"/quarantine/{act}", {"entries": numbers, "reason": "x"}, who)
    assert (answer.status_code, answer.content_type) == (403, "application/problem+json")
    assert decisions(ask) == {}


@pytest.mark.parametrize("entries", NO_ENTRIES)
@pytest.mark.parametrize("act", ["accept", "discard"])
def test_what_names_no_entries_decides_none(ask: Ask, act: str, entries: object) -> None:
    answer = ask(f"/quarantine/{act}", {"entries": entries, "reason": "x"})
    assert (answer.status_code, answer.json["field"]) == (400, "entries")


@pytest.mark.parametrize(
    ("sent", "field"),
    [({}, "reason"), ({"reason": " "}, "reason"), ({"reason": "x", "command_id": 7}, "command_id")],
)
@pytest.mark.parametrize("act", ["accept", "discard"])
def test_what_is_sent_is_checked(
    ask: Ask, services: Services, now: datetime, act: str, sent: dict[str, Any], field: str
) -> None:
    answer = ask(f"/quarantine/{act}", {"entries": abroad(services, now, 9), **sent})
    assert (answer.status_code, answer.json["field"]) == (400, field)
    assert decisions(ask) == {}


def test_every_way_to_be_refused_has_words() -> None:
    for why in ("unknown", "decided", "acceptable", "believable"):
        assert f"quarantine.why_{why}" in catalogue("en")
    for field in ("latitude", "longitude", "time", "unit", "valid"):
        assert f"quarantine.why_{field}" in catalogue("en")


# --- discard -----------------------------------------------------------------------------------


def test_several_are_discarded_at_once_and_chosen_by_reason(
    ask: Ask, services: Services, now: datetime
) -> None:
    abroad = [put(services, now - timedelta(minutes=minute), 52.0, 21.0) for minute in (5, 6, 7)]
    zero = put(services, now, 0.0, 0.0)
    listed = ask("/quarantine", reason="outside_area", decided="0").json
    assert [one["id"] for one in listed["items"]] == abroad[::-1]
    assert listed["counts"] == {"outside_area": 3, "no_position_zero": 1}
    assert ask(f"/quarantine/{abroad[0]}/discard", {"reason": "mine"}).status_code == 200
    answer = ask("/quarantine/discard", {"entries": abroad, "reason": "a test drive"})
    assert answer.json == {"discarded": 2, "already": 1}
    made = [one["decision"] for one in ask("/quarantine", decided="1").json["items"]]
    assert [(one["by"], one["reason"]) for one in made] == [
        ("duty", "a test drive"), ("duty", "a test drive"), ("duty", "mine"),
    ]  # fmt: skip
    assert [one["id"] for one in ask("/quarantine", decided="0").json["items"]] == [zero]


def test_several_are_discarded_by_who_may_and_all_or_none(
    ask: Ask, services: Services, now: datetime
) -> None:
    number = put(services, now, 0.0, 0.0)
    sent = {"entries": [number, number + 1], "reason": "x"}
    assert ask("/quarantine/discard", sent).status_code == 404
    sent = {"entries": [number], "reason": "x"}
    assert ask("/quarantine/discard", sent, who="review").status_code == 403
    assert ask("/quarantine/discard", {"entries": [number]}).json["field"] == "reason"
    assert [one["id"] for one in ask("/quarantine", decided="0").json["items"]] == [number]
