"""Commands: the JSON that the interface takes, read until its record is judged."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from flask import Flask

from api.strict_json import StrictJson
from domain.errors import InvalidField
from domain.events import Actor
from domain.fixes import Report
from domain.transitions import INC, ROWS_OF
from services.commands import read_command
from services.shape import check_envelope, check_record
from tests.domain.harness import sample_record, two_sides

_ACTOR = Actor("fuzz", "FPU_DUTY")


class _Nowhere:
    def position_of(self, place_ref: str) -> tuple[float, float] | None:
        return None


@cache
def _json() -> StrictJson:
    return StrictJson(Flask("fuzz"))


def command(raw: bytes) -> Sequence[Report]:
    """The body of a command as ``api/v1/incidents.py`` takes it, with its record."""
    try:
        sent = _json().loads(raw)
    except ValueError as fault:  # a 400 of Flask
        raise InvalidField("body", str(fault)) from fault
    if not isinstance(sent, dict):
        raise InvalidField("body", "must be a JSON object")
    if "steps" in sent:
        check_envelope("sequence", sent)
        return ()
    kind = "event" if "region" in sent else "report" if "asserted_by" in sent else "log"
    said = read_command(kind, sent, _ACTOR, _Nowhere())
    check_record(said.region, said.event, said.record)
    json.dumps(said.record, allow_nan=False).encode()
    return ()


def commands() -> Iterable[bytes]:
    """One of each event of the machine, a line of the log, a sequence."""
    told: dict[str, Any] = {
        "command_id": "5e0c2a9e-7a54-4c39-9c11-5f6f2f1f0a11",
        "occurred_at": "2026-11-21T20:30:00Z",
        "position": {"lat": 42.8914, "lon": 20.8660},
    }
    for rows in ROWS_OF.values():
        row = rows[0]
        envelope = {
            **told, "asserted_by": {"org": "KP", "function": "commander"}, "channel": "radio",
            "channel_ref": "channel 7", "confirmations": two_sides(),
            "record": sample_record(row),
        }  # fmt: skip
        if (row.region, row.event) != (INC, "report"):
            envelope |= {"region": row.region, "event": row.event, "expected_version": 1}
        yield json.dumps(envelope).encode()
    yield json.dumps({**told, "record": {"text": "quiet", "significant": True}}).encode()
    said = {"org": "FPU", "function": "patrol leader"}
    step = {**told, "region": INC, "event": "note", "asserted_by": said, "record": {}}
    number = step.pop("command_id")
    steps = {"command_id": number, "expected_version": 1, "steps": [step, step]}
    yield json.dumps(steps).encode()
