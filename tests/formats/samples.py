"""The payloads of ``tests/payloads``: one folder a format, each with what is expected beside it.

``<name>.http`` is one request as it goes over the wire, ``<name>.mqtt`` one message of a broker
(``PUBLISH``, its topic, and ``retained`` where it was kept; a blank line; the payload), every other
file is a track file.
``<name>.json`` tells what must come out: the device, the segments of reports, how each is judged,
and the fault where the format refuses.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from domain.fixes import Rejection, Report, judge
from domain.time import to_rfc3339
from formats.message import HttpMessage, MqttMessage, Unreadable
from formats.registry import FORMATS, HttpFormat, MqttFormat

FOLDER = Path(__file__).parent.parent / "payloads"
RECEIVED_AT = datetime(2026, 11, 21, 20, 30, 5, tzinfo=UTC)


def samples(name: str) -> list[Path]:
    """The payloads of one format."""
    folder = FOLDER / name
    return sorted(path for path in folder.iterdir() if path.suffix != ".json")


def every_sample() -> list[tuple[str, Path]]:
    """Format and payload, for all formats."""
    return [(name, path) for name in FORMATS for path in samples(name)]


def message(raw: bytes) -> HttpMessage:
    """A request out of its bytes, as a server would hand it on."""
    head, _, body = raw.partition(b"\n\n")
    first, *lines = head.decode().splitlines()
    method, target, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    content_type = headers.get("Content-Type", "")
    form = dict(parse_qsl(body.decode())) if content_type.endswith("urlencoded") else {}
    query = dict(parse_qsl(urlsplit(target).query))
    return HttpMessage(method, query, form, headers, body, content_type)


def mqtt_message(raw: bytes) -> MqttMessage:
    """A message out of its sample, as a broker would hand it on."""
    head, _, payload = raw.partition(b"\n\n")
    _, topic, *flags = head.decode().split(" ")
    return MqttMessage(topic, payload, "retained" in flags)


def outcome(name: str, raw: bytes) -> dict[str, Any]:
    """What a format makes of a payload, in the shape of the ``.json`` beside it."""
    found = FORMATS[name]
    segments: list[Sequence[Report]] = []
    result: dict[str, Any] = {}
    try:
        if isinstance(found, HttpFormat):
            sample = message(raw)
            result["device"] = found.identify(sample)
            segments.append(found.decode(sample))
        elif isinstance(found, MqttFormat):
            sent = mqtt_message(raw)
            result["device"] = device = found.identify(sent.topic)
            if device is not None:
                said = found.decode(sent, device)
                result["kind"] = said.kind
                segments.append([said.report] if said.report else [])
        else:
            segments.extend(found.decode(raw))
    except Unreadable as fault:
        result["unreadable"] = fault.field
    result["segments"] = [[_shown(report) for report in segment] for segment in segments]
    return result


def expected(path: Path) -> dict[str, Any]:
    """What was written down for a payload."""
    return json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))


def _shown(report: Report) -> dict[str, Any]:
    verdict = judge(report, RECEIVED_AT)
    told = {field.name: getattr(report, field.name) for field in fields(report)}
    told["fix_time"] = to_rfc3339(report.fix_time) if report.fix_time else None
    told["faults"] = [f"{fault.reason} {fault.field}" for fault in report.faults]
    told["judged"] = verdict.reason if isinstance(verdict, Rejection) else type(verdict).__name__
    said_nothing = (None, [], {}, "")
    shown = {
        key: value
        for key, value in told.items()
        if value is not False and value not in said_nothing
    }
    return {key: _comparable(value) for key, value in shown.items()}


def _comparable(value: Any) -> Any:
    """NaN equals nothing, not even itself, and JSON knows no infinity."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def numbers(segments: Iterable[list[Report]]) -> list[list[tuple[Any, ...]]]:
    """What two readers of the same track must agree on."""
    return [
        [(each.latitude, each.longitude, each.altitude, each.fix_time) for each in segment]
        for segment in segments
    ]
