"""OsmAnd and Traccar Client over HTTP, as parameters of the query or of a form.

Wire format: ``docs/formats.md``; read from Traccar's documentation (traccar.org/osmand). One
position a request. A request without a position is a heartbeat.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from domain.fixes import Report
from formats.message import HttpMessage, Unreadable, device_id
from formats.values import Values, alarm_name, blank

SPEED_UNITS: Mapping[str, float] = {"knots": 1852 / 3600, "kmh": 1 / 3.6, "mps": 1.0}
"""Metres per second in one of each unit that a device may send."""

_MOST_PARAMETERS = 200
_OTHER_BODIES = ("application/json", "multipart/form-data")


def parameters(message: HttpMessage) -> dict[str, str]:
    """Query and form as one; the query wins. A body of another type is read as a form, too."""
    fields = dict(message.form)
    if not fields and message.body and not message.content_type.startswith(_OTHER_BODIES):
        text = message.body.decode("utf-8", "replace")
        try:
            fields = dict(parse_qsl(text, max_num_fields=_MOST_PARAMETERS))
        except ValueError as fault:
            raise Unreadable("body", "has too many parameters") from fault
    return {**fields, **message.query}


def identify(message: HttpMessage) -> str | None:
    """The device of ``id`` or ``deviceid``; ``None`` where it is missing or no name."""
    try:
        values = Values(parameters(message))
    except Unreadable:
        values = Values(message.query)
    return device_id(values.take("id", "deviceid"))


def decode(message: HttpMessage, *, speed_unit: str = "knots") -> tuple[Report, ...]:
    """One report. ``speed_unit`` is a key of ``SPEED_UNITS``, a setting of the device.

    Raises ``Unreadable`` without a device, and ``KeyError`` for another unit.
    """
    device = identify(message)
    if device is None:
        raise Unreadable("id", "names no device")
    values = Values(_with_location(parameters(message)))
    values.take("id", "deviceid", "key")
    valid = values.take("valid")
    report = Report(
        device=device,
        latitude=values.coordinate("latitude", "lat"),
        longitude=values.coordinate("longitude", "lon"),
        fix_time=values.moment("timestamp"),
        speed=values.optional("speed", "speed", factor=SPEED_UNITS[speed_unit]),
        course=values.optional("course", "bearing", "heading"),
        altitude=values.optional("altitude", "altitude"),
        accuracy=values.optional("accuracy", "accuracy"),
        battery=values.optional("battery", "batt"),
        alarm=alarm_name(values.take("alarm")),
        attributes=values.attributes(),
        faults=tuple(values.faults),
    )
    if valid is not None:
        report.attributes["valid"] = valid.strip().lower() in ("1", "true")
    return (report,)


def _with_location(fields: dict[str, str]) -> dict[str, str]:
    """``location=lat,lon`` as the two parameters it stands for; these win where they are given."""
    location = fields.pop("location", "")
    if blank(location) or not (blank(fields.get("lat")) and blank(fields.get("lon"))):
        return fields
    latitude, _, longitude = location.partition(",")
    return {**fields, "lat": latitude, "lon": longitude}
