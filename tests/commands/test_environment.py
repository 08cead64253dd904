"""Settings that are refused end a command with sentences, whichever command it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import create_app
from commands.environment import REFUSED
from data.policy_file import FaultyUnitFile
from settings import ROOT, Settings

COMMANDS = pytest.mark.parametrize("command", [["users", "list"], ["serve"], ["--help"]])


@COMMANDS
@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"FPU_PROFILE": "production"}, ["FPU_SECRET_KEY", "FPU_TRUSTED_PROXY"]),
        ({"FPU_HOST": "0.0.0.0"}, ["FPU_HOST"]),
        ({"FPU_PORT": "x"}, ["FPU_PORT"]),
    ],
)
def test_a_refused_start_says_each_reason_in_one_line(
    command: list[str], variables: dict[str, str], named: list[str]
) -> None:
    _refused(command, variables, named)


@COMMANDS
def test_a_faulty_file_of_the_unit_stops_it_the_same_way(
    command: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "unit.toml"
    path.write_text('[timers]\ndecide_minutes = -1\n[roles]\n"T2.accept" = ["SYSTEM"]')
    named = ["unit.toml: [timers] decide_minutes", "unit.toml: [roles] T2.accept"]
    _refused(command, {"FPU_POLICY": str(path)}, named)


def test_a_program_gets_the_fault_itself(tmp_path: Path) -> None:
    with pytest.raises(FaultyUnitFile, match="cannot be read"):
        create_app(Settings(policy_file=str(tmp_path / "missing.toml")))


def _refused(command: list[str], variables: dict[str, str], named: list[str]) -> None:
    known = {name: value for name, value in os.environ.items() if not name.startswith("FPU_")}
    ended = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app:create_app", *command],
        cwd=ROOT,
        env=known | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == REFUSED
    lines = ended.stderr.splitlines()
    assert len(lines) == len(named)
    assert ended.stdout == ""
    for line, name in zip(lines, named, strict=True):
        assert line.startswith("Error: ")
        assert name in line
