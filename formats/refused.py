"""What an entry of the quarantine says, as far as it can be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from domain.fixes import Report
from domain.stored_fixes import QuarantineEntry
from formats.message import HttpMessage, Unreadable
from formats.registry import FILE_FORMATS, HTTP_FORMATS
from formats.values import Values

_DESCRIBED = ("latitude", "longitude", "time", "altitude", "speed", "course", "accuracy", "battery")


def read_entry(entry: QuarantineEntry, speed_unit: str = "knots") -> Report | None:
    """The report that was refused; None where nothing can be read of it."""
    if entry.source in FILE_FORMATS:
        return _of_file(entry)
    found = HTTP_FORMATS.get(entry.source)
    if found is None:
        return None
    try:
        reports = found.decode(_message(entry.raw), speed_unit=speed_unit)
    except Unreadable:
        return None
    return replace(reports[0], device=entry.device) if reports else None


def _message(raw: bytes) -> HttpMessage:
    text = raw.decode("utf-8", "replace")
    query = dict(parse_qsl(text)) if not text.lstrip().startswith(("{", "[")) else {}
    return HttpMessage("POST", query, {}, {}, raw, "application/json")


def _of_file(entry: QuarantineEntry) -> Report | None:
    """What ``services.submissions`` describes of a point of a file."""
    try:
        said = json.loads(entry.raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    values = Values({name: said.get(name) for name in _DESCRIBED})
    return Report(
        device=entry.device,
        fix_time=_moment(values),
        latitude=values.optional("latitude", "latitude"),
        longitude=values.optional("longitude", "longitude"),
        speed=values.optional("speed", "speed"),
        course=values.optional("course", "course"),
        altitude=values.optional("altitude", "altitude"),
        accuracy=values.optional("accuracy", "accuracy"),
        battery=values.optional("battery", "battery"),
        alarm=None,
        attributes=_attributes(said),
    )


def _moment(values: Values) -> datetime | None:
    return values.moment("time")


def _attributes(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in _DESCRIBED}
