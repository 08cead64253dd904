"""Transitions by processes that are killed at their write steps, and what is there afterwards.

After each kill the log is read anew: of the command everything is there or nothing, every command
that was answered before is there once, the chain verifies and the database finds itself whole.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy import text

from domain.chain import broken_links
from domain.events import Event
from settings import ROOT
from tests.services.incident_world import IncidentWorld

CYCLE: tuple[tuple[str, str, str, str], ...] = (
    ("incident", "INC", "confirm", "duty"), ("incident", "T2", "prealert", "duty"),
    ("incident", "T2", "kp_request", "duty"), ("incident", "T2", "acknowledge", "duty"),
    ("incident", "T2", "accept", "commander"), ("incident", "T2", "depart", "platoon"),
    ("incident", "T2", "arrive", "platoon"), ("incident", "T2", "engage", "platoon"),
    ("incident", "INC", "note", "patrol"), ("incident", "LINE", "relief_in_place_fpu", "duty"),
    ("incident", "T3", "request_by_kp", "duty"), ("incident", "T3", "acknowledge", "duty"),
    ("incident", "T3", "accept", "duty"), ("incident", "T3", "depart", "duty"),
    ("incident", "T3", "arrive", "duty"), ("incident", "T3", "engage", "duty"),
    ("incident", "LINE", "relief_in_place_kfor", "duty"),
    ("incident", "T3", "begin_handover", "duty"),
    ("incident", "LINE", "relief_in_place_kp", "duty"),
    ("incident", "T3", "handover_confirmed", "duty"),
    ("incident", "T2", "begin_handback", "platoon"),
    ("incident", "T2", "handback_confirmed", "duty"),
    ("platoon", "RES", "release", "commander"), ("platoon", "RES", "returned", "platoon"),
    ("incident", "INC", "stabilise", "duty"), ("incident", "INC", "close", "commander"),
    ("incident", "INC", "reopen", "commander"), ("incident", "T3", "own_mandate", "duty"),
    ("incident", "T3", "withdraw", "duty"), ("incident", "INC", "stabilise", "duty"),
    ("incident", "T3", "inform_kfor", "duty"),
)  # fmt: skip
"""One incident through all three tiers, closed, and opened again."""


@dataclass
class Summary:
    """What a run has seen."""

    kills: int = 0
    lost: int = 0
    kept: int = 0
    answered: int = 0
    kinds: set[tuple[str, str]] = field(default_factory=set)

    def killed(self, job: dict[str, Any], stored: bool) -> None:
        self.kills += 1
        self.kept += stored
        self.lost += not stored
        sent = job["sent"]
        self.kinds.add((sent.get("region", "INC"), sent.get("event", "report")))


class Victims:
    """The process that makes processes to be killed."""

    def __init__(self, url: str) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.victim", url],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, job: dict[str, Any]) -> dict[str, Any] | None:
        """The answer, None where the process was killed before it could give one."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps({"die_at": 0, "die_after_us": 0, **job}) + "\n")
        self._server.stdin.flush()
        answer = None
        while True:
            said = json.loads(self._server.stdout.readline())
            if "killed" in said:
                return answer
            assert "fault" not in said, said
            answer = said

    def close(self) -> None:
        self._server.communicate()


@contextmanager
def victims(url: str) -> Iterator[Victims]:
    """Ended with the block."""
    made = Victims(url)
    try:
        yield made
    finally:
        made.close()


@dataclass
class Fuzz:
    """One database, its victims and what was answered so far."""

    world: IncidentWorld
    victims: Victims
    summary: Summary = field(default_factory=Summary)
    answered: dict[str, list[str]] = field(default_factory=dict)
    incident: str = ""

    def job(self, kind: str, region: str, event: str, user: str) -> dict[str, Any]:
        """One command, with the versions that are there now."""
        about = {"incident": self.incident, "platoon": "drill-p1"}.get(kind, "")
        changed: dict[str, Any] = {}
        if kind == "platoon":
            state = self.world.incidents.platoon_states("drill")["drill-p1"]
            changed["expected_version"] = state.version
            if event == "release":
                changed["record"] = {"engagement": self.incident, "reason_text": "over"}
        if event == "note":
            changed["record"] = {"text": "seen"}
        if event == "relief_in_place_kp":
            changed["record"] = {"giver": "KFOR", "taker": "KP", "skip_ground": "calm"}
        sent = self.world.envelope(self.incident if kind == "incident" else "", region, event,
                                   **changed)  # fmt: skip
        if kind == "report":
            for name in ("region", "event", "expected_version"):
                del sent[name]
        now = self.world.now.isoformat()
        return {"kind": kind, "about": about, "user": user, "sent": sent, "now": now}

    def every_step(self, job: dict[str, Any], event: str) -> None:
        """Kill at step 1, then at step 2 … until the command is there; then it is answered."""
        for step in range(1, 60):
            answer = self.victims.run({**job, "die_at": step})
            stored = self.check(job, event)
            if answer is not None:
                raise AssertionError(f"{event} was answered before its last step {step}")
            self.summary.killed(job, bool(stored))
            if stored:
                return self.answer(job, stored)
        raise AssertionError(f"{event} never came to its end")

    def at_random(self, job: dict[str, Any], event: str, rng: Random, longest_us: int) -> None:
        """Kill at any moment, up to three times; then let it be answered."""
        for _ in range(3):
            after = rng.randrange(1, longest_us)
            answer = self.victims.run({**job, "die_after_us": after})
            stored = self.check(job, event)
            if answer is not None:
                assert stored
                return self.answer(job, stored)
            self.summary.killed(job, bool(stored))
            if stored:
                break
        return self.answer(job, self.check(job, event))

    def answer(self, job: dict[str, Any], stored: list[Event]) -> None:
        """The client sends the same command again and is answered; it counts once."""
        answer = self.victims.run(job)
        assert answer is not None
        assert answer["created"] is not bool(stored)
        again = self.events_of(job)
        assert [event.event_id for event in again] == [one["id"] for one in answer["events"]]
        if stored:
            assert again == stored
        self.answered[job["sent"]["command_id"]] = [event.event_id for event in again]
        self.summary.answered += 1
        if job["kind"] == "report":
            self.incident = again[0].stream

    def events_of(self, job: dict[str, Any]) -> list[Event]:
        with self.world.store.view() as connection:
            return self.world.store.by_command(connection, "drill", job["sent"]["command_id"])

    def check(self, job: dict[str, Any], event: str) -> list[Event]:
        """Look at what is there after a restart; gives what of the command is."""
        self.world.database.close()  # nothing in memory knows better than the files
        with self.world.database.writing() as connection:  # the dead one holds the lock no more
            if self.world.database.dialect == "sqlite":
                whole = connection.execute(text("PRAGMA integrity_check")).scalar()
                assert whole == "ok", whole
            everything = self.world.store.since(connection, "drill", 0)
        assert broken_links(everything) == []
        for stream in {one.stream for one in everything}:
            numbers = [one.seq for one in everything if one.stream == stream]
            assert numbers == list(range(1, len(numbers) + 1))
        by_command: dict[str, list[str]] = {}
        for one in everything:
            by_command.setdefault(one.command_id, []).append(one.event_id)
        for command_id, ids in self.answered.items():
            assert by_command.get(command_id) == ids, "an answered command is gone or came twice"
        stored = [one for one in everything if one.command_id == job["sent"]["command_id"]]
        also = {"accept": ["accept", "reserve"], "depart": ["depart", "bind"]}.get(event, [event])
        wanted = also if job["sent"].get("region", "INC") == "T2" else [event]
        assert [one.event for one in stored] in ([], wanted), "half a command is there"
        self._check_journal(everything)
        return stored

    def _check_journal(self, everything: list[Event]) -> None:
        """What the live stream was told is what was stored, neither more nor less."""
        told = len([one for one in self.world.journal.since(0, 100_000)
                    if one.kind in ("incident", "platoon")])  # fmt: skip
        assert told == len({(one.command_id, one.stream) for one in everything})


def run_cycle(fuzz: Fuzz) -> None:
    """Every write step of every command of one incident's life."""
    fuzz.every_step(fuzz.job("report", "INC", "report", "duty"), "report")
    for kind, region, event, user in CYCLE:
        fuzz.every_step(fuzz.job(kind, region, event, user), event)


def run_random(fuzz: Fuzz, rng: Random, kills: int, longest_us: int) -> None:
    """Lives of incidents, killed at moments that nobody chose, until there were enough kills."""
    wanted = fuzz.summary.kills + kills
    while fuzz.summary.kills < wanted:
        fuzz.at_random(fuzz.job("report", "INC", "report", "duty"), "report", rng, longest_us)
        for kind, region, event, user in CYCLE[:26]:
            fuzz.at_random(fuzz.job(kind, region, event, user), event, rng, longest_us)
