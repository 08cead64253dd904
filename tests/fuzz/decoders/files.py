"""Files that an operator hands to the program: the roster, the unit's own, a scenario."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from typing import Any

from data.policy_file import read_unit_file
from data.scenarios import reader
from domain.fixes import Report
from domain.roster import Operation, Record
from domain.roster_rules import Roster
from pages.strings import LANGUAGES, built_in
from services.roster_import import KINDS, plan
from settings import ROOT


def roster(raw: bytes) -> Sequence[Report]:
    """A CSV file as the kind whose columns it names."""
    first = raw.partition(b"\n")[0]
    named = [kind for kind, one in KINDS.items() if all(c.encode() in first for c in one.required)]
    kind = max(named, key=lambda one: len(KINDS[one].required), default="units")
    for record in plan(kind, raw, Roster(_before(kind)), lambda: "key").records:
        for part in fields(record):
            assert "\x00" not in str(getattr(record, part.name)), "a NUL"
            str(getattr(record, part.name)).encode()
    return ()


@cache
def _before(kind: str) -> tuple[Record, ...]:
    """What an example of that kind refers to: the examples of the kinds before it."""
    records: list[Record] = [Operation("live", "live", "Live", datetime(2026, 11, 1, tzinfo=UTC))]
    for each in KINDS:
        if each == kind:
            break
        records += plan(each, _example(each), Roster(records), lambda: "key").records
    return tuple(records)


def _example(kind: str) -> bytes:
    return (ROOT / "data" / "examples" / f"{kind}.csv").read_bytes()


def unit_file(raw: bytes) -> Sequence[Report]:
    """The file in which a unit sets its numbers and words, in memory."""
    file = os.memfd_create("fuzz")
    try:
        assert os.write(file, raw) == len(raw)
        read_unit_file(f"/proc/self/fd/{file}", _words())
    finally:
        os.close(file)
    return ()


@cache
def _words() -> dict[str, Any]:
    return {language: built_in(language) for language in LANGUAGES}


def scenario(raw: bytes) -> Sequence[Report]:
    """A scenario."""
    reader.parse(raw, "fuzz")
    return ()


def rosters() -> Iterable[bytes]:
    """An example of each kind."""
    return [_example(kind) for kind in KINDS if _before(kind)]  # which reads them all now


def unit_files() -> Iterable[bytes]:
    """The example with every default."""
    _words()  # so that reading a file opens no other
    return _in("docs/*.toml")


def scenarios() -> Iterable[bytes]:
    """The small one; the demonstration is ten times as long and has little more in it."""
    return _in("data/scenarios/history*.toml")


def _in(pattern: str) -> Iterable[bytes]:
    return [path.read_bytes() for path in sorted(ROOT.glob(pattern))]
