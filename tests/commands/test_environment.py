"""Settings that are refused end a command with sentences, whichever command it is."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from commands.environment import REFUSED
from settings import ROOT


@pytest.mark.parametrize("command", [["users", "list"], ["serve"], ["--help"]])
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
