"""Payloads as they come over the wire, each with what must be made of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.formats.samples import every_sample, expected, outcome


@pytest.mark.parametrize(
    ("name", "path"), every_sample(), ids=lambda value: getattr(value, "stem", value)
)
def test_a_payload_is_read_as_written_down(name: str, path: Path) -> None:
    assert outcome(name, path.read_bytes()) == expected(path)
