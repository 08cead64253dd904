"""What is sent with a decision about the quarantine; everything raises ``InvalidField``."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from domain.errors import InvalidField
from domain.time import parse_rfc3339

MOST_AT_ONCE = 200
"""Entries that are decided in one act."""

FARTHEST_SHIFT = timedelta(days=36_525)
"""No clock is wrong by more than a century."""


def mapping(sent: object) -> Mapping[str, Any]:
    """The object that was sent."""
    if not isinstance(sent, dict):
        raise InvalidField("body", "must be a JSON object")
    return sent


def numbers(sent: object) -> list[int]:
    """``entries``: each number once, in their order."""
    entries = sent.get("entries") if isinstance(sent, dict) else None
    if not isinstance(entries, list) or not 0 < len(entries) <= MOST_AT_ONCE:
        raise InvalidField("entries", f"must be a list of 1 to {MOST_AT_ONCE} numbers")
    if not all(type(number) is int and 0 < number < 1 << 53 for number in entries):
        raise InvalidField("entries", "must be numbers of entries")
    return sorted(set(entries))


def command_id(sent: Mapping[str, Any]) -> str:
    """``command_id``; a new one where there is none."""
    said = sent.get("command_id")
    if said is None:
        return str(uuid.uuid4())
    try:
        return str(uuid.UUID(str(said)[:64]))
    except ValueError:
        raise InvalidField("command_id", "must be a UUID") from None


def corrections(sent: Mapping[str, Any]) -> dict[str, Any]:
    """``latitude``, ``longitude`` and ``time``, those that were given, as a ``Report`` names and
    has them."""
    changed: dict[str, Any] = {}
    for name in ("latitude", "longitude"):
        value = sent.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidField(name, "must be a number of degrees")
        changed[name] = float(value)
    if sent.get("time") is not None:
        changed["fix_time"] = parse_rfc3339(sent["time"], "time")
    return changed


def offset(sent: Mapping[str, Any]) -> timedelta:
    """``offset_s``: the whole seconds that a clock is to be shifted by, later or (below 0)
    earlier."""
    said = sent.get("offset_s")
    most = int(FARTHEST_SHIFT.total_seconds())
    if type(said) is not int or not -most <= said <= most:
        raise InvalidField("offset_s", f"must be whole seconds, {most} at most either way")
    return timedelta(seconds=said)
