"""``flask roster`` as typed, on a real database."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from commands.roster import FAULTS_SHOWN, roster_commands
from data.database import Database
from data.roster_store import RosterStore
from domain.time import parse_rfc3339
from services.clock import utc_now
from services.roster import RosterService
from services.roster_import import KINDS

EXAMPLES = Path(__file__).parents[2] / "data" / "examples"

Type = Callable[..., Result]


@dataclass
class Joined:
    roster: RosterService


@pytest.fixture
def service(database: Database) -> RosterService:
    return RosterService(database, RosterStore())


@pytest.fixture
def enter(service: RosterService) -> Type:
    app = Flask("tests")
    app.cli.add_command(roster_commands(lambda: Joined(service)))
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=["roster", *words])


def lines(result: Result) -> list[list[str]]:
    assert result.exit_code == 0, result.output
    return [re.split(r" {2,}", line) for line in result.output.splitlines()]


def test_the_first_day_by_hand(enter: Type, service: RosterService) -> None:
    lines(enter("units", "add", "heron-1", "HERON 1", "--operation", "live"))
    said = enter("devices", "add", "phone-1", "--unit", "heron-1", "--speed-unit", "kmh")
    key = said.output.strip().rpartition(" ")[2]
    found = service.find("phone-1")
    assert found is not None
    assert found.key_hash == hashlib.sha256(key.encode()).hexdigest()
    assert key not in enter("devices", "list").output
    filing = service.filing("phone-1", utc_now())
    assert filing is not None
    assert (filing.operation, filing.callsign) == ("live", "HERON 1")
    assert lines(enter("units", "list"))[1] == ["heron-1", "HERON 1", "patrol", "live"]
    assert lines(enter("devices", "list"))[1] == ["phone-1", "enabled", "kmh", "heron-1"]


def test_a_device_is_disabled_and_enabled(enter: Type) -> None:
    enter("devices", "add", "phone-1")
    lines(enter("devices", "disable", "phone-1"))
    assert lines(enter("devices", "list"))[1][1] == "disabled"
    lines(enter("devices", "enable", "phone-1"))
    assert lines(enter("devices", "list"))[1][1] == "enabled"


def test_platoons_and_shifts(enter: Type, service: RosterService) -> None:
    lines(enter("platoons", "add", "granite-1", "live", "GRANITE 1", "30"))
    times = ("--from", "2026-12-01T06:00:00+01:00", "--to", "2026-12-01T14:00:00+01:00")
    lines(enter("shifts", "add", "morning", "live", "Morning", *times))
    lines(enter("shifts", "assign", "morning", "platoon", "granite-1", "--task", "reserve"))
    assert lines(enter("shifts", "list", "live"))[1] == [
        "morning",
        "Morning",
        "2026-12-01T05:00:00Z to 2026-12-01T13:00:00Z",
        "granite-1",
        "reserve",
    ]
    assert lines(enter("platoons", "list", "--operation", "live"))[1][1] == "granite-1"
    assert enter("platoons", "list", "--operation", "x").output == "Nothing on the roster.\n"
    at = parse_rfc3339("2026-12-01T12:59:59Z", "at")
    assert service.platoons_on_shift("live", at) == {"granite-1"}


def test_a_device_moves_from_one_unit_to_another(enter: Type) -> None:
    for unit in ("heron-1", "heron-2"):
        enter("units", "add", unit, unit.upper(), "--operation", "live")
    enter("operations", "add", "drill", "Drill in December", "--reserve-minimum", "0")
    assert lines(enter("operations", "list"))[2][:3] == ["drill", "exercise", "Drill in December"]
    enter("devices", "add", "phone-1")
    start = ("--from", "2026-12-01T05:00:00Z")
    lines(enter("assign", "device", "phone-1", "heron-1", *start))
    refused = enter("assign", "device", "phone-1", "heron-2", *start)
    assert refused.exit_code == 1
    assert "Error: device: phone-1 reports for heron-1 from 2026-12-01 05:00Z" in refused.output
    lines(enter("release", "device", "phone-1", "--at", "2026-12-02T05:00:00Z"))
    lines(enter("assign", "device", "phone-1", "heron-2", "--from", "2026-12-02T05:00:00Z"))
    lines(enter("release", "unit", "heron-2", "--at", "2027-12-02T05:00:00Z"))
    lines(enter("assign", "unit", "heron-2", "drill", "--from", "2027-12-02T05:00:00Z"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("units", "add", "heron-1", "=1"), "callsign: must start with a letter"),
        (("units", "add", "heron-1", "H", "--operation", "x"), "operation: 'x' is not on"),
        (("units", "add", "h", "H", "--from", "2026-12-01T05:00"), "has no zone"),
        (("shifts", "list", "nowhere"), "there is no such operation"),
        (("devices", "disable", "phone-9"), "id: 'phone-9' is not on the roster"),
    ],
)
def test_a_refusal_is_one_sentence(enter: Type, words: tuple[str, ...], said: str) -> None:
    result = enter(*words)
    assert result.exit_code != 0
    assert said in result.output
    assert "Traceback" not in result.output


def test_the_example_files_are_imported(enter: Type, service: RosterService) -> None:
    for kind in KINDS:
        said = enter("import", kind, str(EXAMPLES / f"{kind}.csv"))
        assert said.exit_code == 0, said.output
        if kind == "devices":
            keys = dict(line.split(",") for line in said.output.splitlines()[2:])
    found = service.find("tracker-heron-3")
    assert found is not None
    assert found.key_hash == hashlib.sha256(keys["tracker-heron-3"].encode()).hexdigest()
    filing = service.filing("tracker-heron-3", parse_rfc3339("2026-12-07T05:00:00Z", "at"))
    assert filing is not None
    assert filing.operation == "training-december"


def test_a_file_with_a_fault_stores_nothing(
    enter: Type, service: RosterService, tmp_path: Path
) -> None:
    file = tmp_path / "units.csv"
    bad = "".join(f"heron {number},HERON {number}\n" for number in range(60))
    file.write_text(f"id,callsign\nheron-0,HERON A\n{bad}", encoding="utf-8")
    result = enter("import", "units", str(file))
    assert result.exit_code == 1
    assert "line 3, column id: must be 1 to 40 small letters" in result.output
    assert f"and {60 - FAULTS_SHOWN} more" in result.output
    assert service.fresh().units == {}


def test_a_dry_run_stores_nothing(enter: Type, service: RosterService) -> None:
    said = enter("import", "units", "--dry-run", str(EXAMPLES / "units.csv"))
    assert said.output == "The file is right (units: 5). Nothing was stored.\n"
    assert service.fresh().units == {}
