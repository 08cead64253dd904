"""What an entry of the quarantine says, as far as it can be read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import parse_qsl

from domain.fixes import Report, judge
from domain.stored_fixes import QuarantineEntry
from formats.message import HttpMessage, MqttMessage, Unreadable
from formats.point_report import point_report
from formats.registry import FILE_FORMATS, HTTP_FORMATS, MQTT_FORMATS
from formats.values import Values

_DESCRIBED = ("latitude", "longitude", "time", "altitude", "speed", "course", "accuracy", "battery")


def read_entry(entry: QuarantineEntry, speed_unit: str = "knots") -> Report | None:
    """The report that was refused; None where nothing can be read of it."""
    if entry.source in FILE_FORMATS:
        return _of_file(entry)
    try:
        found = _refused_so(_reports(entry, speed_unit), entry)
    except Unreadable:
        return None
    return None if found is None else replace(found, device=entry.device)


def _reports(entry: QuarantineEntry, speed_unit: str) -> Sequence[Report]:
    """What a device sent, read once more; raises ``Unreadable``."""
    if entry.source in MQTT_FORMATS:
        said = MQTT_FORMATS[entry.source].decode(MqttMessage("", entry.raw), entry.device)
        return () if said.report is None else (said.report,)
    found = HTTP_FORMATS.get(entry.source)
    return () if found is None else found.decode(_message(entry), speed_unit=speed_unit)


def _refused_so(reports: Sequence[Report], entry: QuarantineEntry) -> Report | None:
    """Of several positions of one message the first that is refused in those words."""
    if len(reports) == 1:
        return reports[0]
    judged = ((report, judge(report, entry.received_at)) for report in reports)
    return next((report for report, verdict in judged if verdict == entry.rejection), None)


def _message(entry: QuarantineEntry) -> HttpMessage:
    """The request as far as it was kept. What was not kept is who had proved to be the device, and
    an app may say that beside the body alone."""
    text = entry.raw.decode("utf-8", "replace")
    document = text.lstrip().startswith(("{", "["))
    query = {"id": entry.device} if document else dict(parse_qsl(text))
    headers = {"X-Limit-D": entry.device}
    return HttpMessage("POST", query, {}, headers, entry.raw, "application/json")


def _of_file(entry: QuarantineEntry) -> Report | None:
    """What ``services.submissions`` describes of a point of a file."""
    try:
        said = json.loads(entry.raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    values = Values({name: said.get(name) for name in _DESCRIBED})
    found = point_report(
        values,
        device=entry.device,
        fix_time=values.moment("time"),
        latitude=values.optional("latitude", "latitude"),
        longitude=values.optional("longitude", "longitude"),
    )
    rest = {name: value for name, value in said.items() if name not in _DESCRIBED}
    return replace(found, attributes=rest)
