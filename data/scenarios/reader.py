"""Scenario files (TOML) into ``domain.scenario``. ``docs/demonstration.md`` explains the format.

Every fault is an ``InvalidField`` that names the key, for example ``incident[3].step[2].at``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data.scenarios.tables import Table
from data.toml_text import read_toml
from domain.errors import InvalidField, NotFound
from domain.roster import OPERATION_KINDS, PLATOON_KINDS
from domain.scenario import (
    LATE,
    ODDITIES,
    AlarmPlan,
    DutyPlan,
    IncidentPlan,
    Oddity,
    OperationPlan,
    Patrol,
    PhonePlan,
    PlatoonPlan,
    Scenario,
    ShiftPlan,
    Step,
    Stop,
)
from domain.transitions import INC, LINE, LOG, ORGANISATIONS, RES, STATES, T2, T3
from domain.words import quotable

FOLDER = Path(__file__).resolve().parent

ACCOUNTS: Mapping[str, str] = {
    "duty": "shift commander",
    "commander": "commander of the unit",
    "ops": "Head of Operations Support",
    "platoon": "platoon leader",
    "patrol": "patrol leader",
    "exercise": "exercise control",
}
"""The demonstration's accounts that enter something, and the function that each speaks in."""


class ScenarioLibrary:
    """The scenarios that come with the product, and files of one's own."""

    def names(self) -> list[str]:
        """The names of those that come with the product."""
        return sorted(path.stem for path in FOLDER.glob("*.toml"))

    def read(self, name_or_file: str) -> Scenario:
        """The scenario of that name, or in that file. Raises ``NotFound``, ``InvalidField``."""
        shipped = name_or_file in self.names()
        path = FOLDER / f"{name_or_file}.toml" if shipped else Path(name_or_file).resolve()
        try:
            data = path.read_bytes()
        except OSError as fault:
            known = ", ".join(self.names())
            raise NotFound(f"no scenario {name_or_file!r}; there are {known}") from fault
        return parse(data, name_or_file if shipped else str(path))


def parse(data: bytes, source: str) -> Scenario:
    """The scenario in the bytes of a file that ``source`` names. Raises ``InvalidField``."""
    try:
        root = read_toml(data)
    except ValueError as fault:  # wrong syntax, wrong encoding, numbers of thousands of digits
        raise InvalidField("(file)", quotable(f"is not TOML in UTF-8: {fault}", 300)) from fault
    except RecursionError as fault:
        raise InvalidField("(file)", "is nested too deeply") from fault
    try:
        return _scenario(Table(root, ""), source)
    except RecursionError as fault:  # a.a.a = 1 is deeper than it is long
        raise InvalidField("(file)", "is nested too deeply") from fault
    except InvalidField as fault:
        raise InvalidField(quotable(fault.field, 120), quotable(fault.detail, 300)) from fault


def _scenario(root: Table, source: str) -> Scenario:
    scenario = Scenario(
        source=source,
        operation=_operation(root.table("operation")),
        shifts=_shifts(root.table("shifts")) if root.has("shifts") else None,
        patrols=tuple(_patrol(one) for one in root.tables("patrol")),
        platoons=tuple(_platoon(one) for one in root.tables("platoon")),
        phones=tuple(_phone(one) for one in root.tables("phone")),
        incidents=tuple(_incident(one) for one in root.tables("incident")),
        lines=tuple(_line(one, f"log/{at}") for at, one in enumerate(root.tables("log"), 1)),
        alarms=tuple(_alarm(one) for one in root.tables("alarm")),
        seed=root.whole("seed", 1),
    )
    root.end()
    _check_names(scenario)
    return scenario


def _operation(table: Table) -> OperationPlan:
    plan = OperationPlan(
        id=table.text("id"),
        kind=table.word("kind", OPERATION_KINDS),
        title=table.text("title"),
        opened=table.when("opened"),
        closed=table.when("closed") if table.has("closed") else None,
        reserve_minimum=table.whole("reserve_minimum") if table.has("reserve_minimum") else None,
    )
    table.end()
    return plan


def _shifts(table: Table) -> ShiftPlan:
    plan = ShiftPlan(table.offset("first"), table.duration("length"), table.texts("teams"))
    table.end()
    return plan


def _patrol(table: Table) -> Patrol:
    patrol = Patrol(
        id=table.text("id"),
        callsign=table.text("callsign"),
        device=table.text("device"),
        base=table.text("base"),
        duties=tuple(_duty(one) for one in table.tables("duty")),
        oddities=tuple(_oddity(one) for one in table.tables("oddity")),
    )
    table.end()
    return patrol


def _duty(table: Table) -> DutyPlan:
    stops = tuple(_stop(one) for one in table.tables("route"))
    duty = DutyPlan(table.text("team"), table.text("task"), table.duration("begin"), stops)
    table.end()
    return duty


def _stop(table: Table) -> Stop:
    stop = Stop(table.text("to"), table.duration("stay"))
    table.end()
    return stop


def _oddity(table: Table) -> Oddity:
    kind = table.word("kind", ODDITIES)
    begin, length = table.offset("begin"), table.duration("length")
    oddity = Oddity(kind, begin, length)
    if kind == LATE:
        oddity = Oddity(kind, begin, length, table.duration("delay"))
    table.end()
    return oddity


def _platoon(table: Table) -> PlatoonPlan:
    platoon = PlatoonPlan(
        id=table.text("id"),
        callsign=table.text("callsign"),
        kind=table.word("kind", PLATOON_KINDS),
        strength=table.whole("strength"),
        expect=table.word("expect", STATES[RES]),
    )
    table.end()
    return platoon


def _phone(table: Table) -> PhonePlan:
    phone = PhonePlan(
        table.text("unit"), table.text("callsign"), table.text("device"), table.text("key")
    )
    table.end()
    return phone


def _incident(table: Table) -> IncidentPlan:
    key = table.text("key")
    wanted = table.table("expect")
    expect = {region: wanted.word(region, STATES[region]) for region in (INC, T2, T3, LINE)}
    wanted.end()
    incident = IncidentPlan(
        key=key,
        report=_step(table.table("report"), f"{key}/0", "INC report"),
        steps=tuple(_step(one, f"{key}/{at}") for at, one in enumerate(table.tables("step"), 1)),
        expect=expect,
    )
    table.end()
    return incident


def _step(table: Table, key: str, does: str = "") -> Step:
    words = (does or table.text("do")).split()
    if len(words) != 2 or words[0] not in STATES:
        raise InvalidField(table.name("do"), "must be a region and an event, like T2 engage")
    by = table.word("by", tuple(ACCOUNTS))
    step = Step(
        key=key,
        region=words[0],
        event=words[1],
        by=by,
        at=table.when("at"),
        envelope=_envelope(table, by),
        platoon=table.text("platoon") if words[0] == RES else None,
        entered=table.duration("entered") if table.has("entered") else None,
    )
    table.end()
    return step


def _envelope(table: Table, by: str) -> dict[str, Any]:
    found: dict[str, Any] = {"asserted_by": {"org": "FPU", "function": ACCOUNTS[by]}}
    if table.has("word"):
        found |= _word(table.table("word"))
    if table.has("position"):
        found["position"] = table.position("position")
    for key, field in (("place", "place_ref"), ("text", "text"), ("lang", "lang")):
        if table.has(key):
            found[field] = table.text(key)
    if table.flag("late"):
        found["late_entry"] = True
    if table.has("confirmed"):
        found["confirmations"] = table.anything("confirmed")
    return found | {"record": table.anything("record")}


def _word(table: Table) -> dict[str, Any]:
    """Whose word it is, and by which channel it came."""
    found = {
        "asserted_by": {
            "org": table.word("org", ORGANISATIONS),
            "function": table.text("function"),
        },
        "channel": table.text("channel"),
        "channel_ref": table.text("ref"),
    }
    table.end()
    return found


def _line(table: Table, key: str) -> Step:
    record: dict[str, Any] = {"text": table.text("text")}
    if table.has("unit"):
        record["unit"] = table.text("unit")
    if table.flag("significant"):
        record["significant"] = True
    envelope: dict[str, Any] = {"record": record}
    if table.flag("late"):
        envelope["late_entry"] = True
    step = Step(
        key=key,
        region=LOG,
        event="entry",
        by=table.word("by", tuple(ACCOUNTS)),
        at=table.when("at"),
        envelope=envelope,
        entered=table.duration("entered") if table.has("entered") else None,
    )
    table.end()
    return step


def _alarm(table: Table) -> AlarmPlan:
    alarm = AlarmPlan(
        table.text("patrol"),
        table.offset("at"),
        table.word("acknowledged_by", tuple(ACCOUNTS)),
        table.duration("acknowledged_after"),
    )
    table.end()
    return alarm


def _check_names(scenario: Scenario) -> None:
    """What refers to something else of the scenario must find it."""
    incidents = [one.key for one in scenario.incidents]
    for at, key in enumerate(incidents, 1):
        if key in incidents[: at - 1]:
            raise InvalidField(f"incident[{at}].key", f"{key!r} is there twice")
    patrols = {one.id for one in scenario.patrols}
    for at, alarm in enumerate(scenario.alarms, 1):
        if alarm.patrol not in patrols:
            raise InvalidField(f"alarm[{at}].patrol", f"no patrol {alarm.patrol!r}")
    platoons = {one.id for one in scenario.platoons}
    for at, incident in enumerate(scenario.incidents, 1):
        for number, step in enumerate(incident.steps, 1):
            if step.platoon is not None and step.platoon not in platoons:
                name = f"incident[{at}].step[{number}].platoon"
                raise InvalidField(name, f"no platoon {step.platoon!r}")
    _check_duties(scenario)


def _check_duties(scenario: Scenario) -> None:
    if scenario.patrols and scenario.shifts is None:
        raise InvalidField("shifts", "is needed where there are patrols")
    for at, patrol in enumerate(scenario.patrols, 1):
        teams = [duty.team for duty in patrol.duties]
        wanted = scenario.shifts.teams if scenario.shifts else ()
        if sorted(teams) != sorted(wanted):
            raise InvalidField(
                f"patrol[{at}].duty", f"needs one for each team: {', '.join(wanted)}"
            )
