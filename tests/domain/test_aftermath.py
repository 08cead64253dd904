"""Casualties and force: versions, and what an incident may be closed with."""

from __future__ import annotations

import pytest

from domain.aftermath import force_denied, force_of, since_opening, tally_of, unreconciled
from tests.domain.histories import NO_FORCE_YET, History

TWO = {"casualties": {"KP": {"urgent": 1}, "civilian": {"routine": 1}}, "source": "medic"}
NONE = {"none": True}


def test_each_count_is_a_version_and_none_is_lost() -> None:
    history = History()
    first = history.add("INC", "casualties", TWO)
    history.add("INC", "note", {"text": "x"})
    history.add("INC", "casualties", {**TWO, "source": "hospital"})
    history.add("INC", "casualties", {**TWO, "source": "the same medic"}, corrects=first)
    counts = tally_of(history.events)
    assert [(one.version, one.event.record["source"]) for one in counts] == [
        (1, "the same medic"), (2, "hospital"),
    ]  # fmt: skip


def test_force_is_read_with_its_corrections() -> None:
    history = History()
    first = history.add("INC", "force", NO_FORCE_YET)
    history.add("INC", "force", {**NO_FORCE_YET, "injuries": 2}, corrects=first)
    assert [one.record["injuries"] for one in force_of(history.events)] == [2]


def test_what_came_before_a_reopening_no_longer_counts() -> None:
    history = History()
    history.add("INC", "casualties", TWO)
    history.add("INC", "close", to_state="CLOSED")
    history.add("INC", "reopen", to_state="KP_LEAD")
    assert tally_of(since_opening(history.events)) == []
    assert len(tally_of(history.events)) == 1


@pytest.mark.parametrize(
    ("closed_with", "tally", "injuries", "refused"),
    [
        (NONE, None, 0, False),
        (TWO["casualties"], None, 0, False),
        (NONE, None, 1, True),
        (NONE, NONE, 1, False),
        (NONE, TWO["casualties"], 0, True),
        (TWO["casualties"], TWO["casualties"], 0, False),
        ({**TWO["casualties"], "FPU": {"fatal": 0}}, TWO["casualties"], 0, False),
        ({"KP": {"urgent": 1}}, TWO["casualties"], 0, True),
        ({"KP": {"routine": 1}, "civilian": {"urgent": 1}}, TWO["casualties"], 0, True),
    ],
)
def test_the_casualties_agree_with_the_latest_count(
    closed_with: dict, tally: dict | None, injuries: int, refused: bool
) -> None:
    force = [{**NO_FORCE_YET, "injuries": injuries}]
    assert (unreconciled(closed_with, tally, force) is not None) is refused


@pytest.mark.parametrize(
    ("used", "levels", "refused"),
    [
        (False, [], False),
        (True, [], True),
        (True, ["presence"], False),
        (False, ["presence", "dialogue", "warning"], False),
        (False, ["physical"], True),
        (False, ["presence", "less_lethal"], True),
        (False, ["firearm"], True),
        (True, ["firearm"], False),
    ],
)
def test_force_is_neither_claimed_without_a_record_nor_denied(
    used: bool, levels: list[str], refused: bool
) -> None:
    force = [{**NO_FORCE_YET, "level": level} for level in levels]
    assert (force_denied(used, force) is not None) is refused
