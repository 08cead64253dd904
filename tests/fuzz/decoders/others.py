"""Decoders of what comes from outside that are not in the registry of formats. One line each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from data.policy_file import FaultyUnitFile
from domain.errors import InvalidField
from domain.fixes import Report
from formats.message import Unreadable
from services.roster_import import ImportRefused
from tests.fuzz.decoders import commands, door, files, quarantine, streams


@dataclass(frozen=True)
class Other:
    """A decoder with what ``Target`` needs; ``share`` is against one that is as quick as most."""

    name: str
    suffix: str
    read: Callable[[bytes], Sequence[Report]]
    refusals: tuple[type[Exception], ...]
    seeds: Callable[[], Iterable[bytes]]
    wire: bool = False
    reports: bool = False
    share: float = 1.0


OTHERS = (
    Other("cot_stream", ".cot", streams.cot_events, (Unreadable,), streams.cot_seeds, reports=True),
    Other("feeds", ".http", door.feed, (InvalidField,), door.requests, True, True, 0.5),
    Other("quarantine", ".bin", quarantine.entry, (Unreadable,), quarantine.entries, reports=True),
    Other("commands", ".json", commands.command, (InvalidField,), commands.commands, share=0.2),
    Other("roster", ".csv", files.roster, (ImportRefused,), files.rosters, share=0.5),
    Other("unit_file", ".toml", files.unit_file, (FaultyUnitFile,), files.unit_files, share=0.5),
    Other("scenario", ".toml", files.scenario, (InvalidField,), files.scenarios, share=0.5),
)
