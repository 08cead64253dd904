"""The small form of ``python -m tests.kills``."""

from __future__ import annotations

from pathlib import Path

from tests.kills.harness import DEVICES, Trial


def test_what_a_killed_server_acknowledged_is_there_once(tmp_path: Path) -> None:
    account = Trial(tmp_path, seed=4).run(kills=3)
    assert account.faults == []
    assert account.kills == 3
    assert len(account.acknowledged) >= 3 * DEVICES
