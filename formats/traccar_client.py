"""The JSON that Traccar Client 9 and newer posts.

Wire format: ``docs/formats.md``. Speed is in metres per second, the battery's level 0 to 1, and a
negative speed, heading or level means "unknown". Without ``coords`` it is a heartbeat. One location
a message by the book; a list of them is read as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.fixes import Report
from formats.message import HttpMessage, Unreadable, device_id, parse_json
from formats.values import Values, alarm_name


def identify(message: HttpMessage) -> str | None:
    """The device of ``device_id``, else of ``id`` in the query; ``None`` where none is named."""
    query = Values(message.query).take("id", "deviceid")
    try:
        document = parse_json(message.body)
    except Unreadable:
        return device_id(query)
    told = document.get("device_id") if isinstance(document, dict) else None
    return device_id(query if told is None else told)


def decode(message: HttpMessage, *, speed_unit: str = "knots") -> tuple[Report, ...]:
    """One report a location. ``speed_unit`` changes nothing here: the format fixes it.

    Raises ``Unreadable`` for what is not such a message.
    """
    device = identify(message)
    if device is None:
        raise Unreadable("device_id", "names no device")
    document = _mapping(parse_json(message.body), "body")
    locations = document.get("location")
    if not isinstance(locations, list):
        locations = [locations]
    return tuple(_report(device, document, _mapping(each, "location")) for each in locations)


def _report(device: str, document: Mapping[str, Any], location: Mapping[str, Any]) -> Report:
    told = Values(location)
    coordinates = Values(_part(told.take("coords"), "coords"))
    battery = Values(_part(told.take("battery"), "battery"))
    extras = told.take("extras")
    alarm = told.take("alarm")
    if alarm is None and isinstance(extras, dict):
        alarm = extras.get("alarm")
    if alarm is None:
        alarm = document.get("alarm")
    fix_time = told.moment("timestamp")
    level = _known(battery.optional("battery", "level"))
    report = Report(
        device=device,
        fix_time=fix_time,
        latitude=coordinates.coordinate("latitude", "latitude"),
        longitude=coordinates.coordinate("longitude", "longitude"),
        speed=_known(coordinates.optional("speed", "speed")),
        course=_known(coordinates.optional("course", "heading")),
        altitude=coordinates.optional("altitude", "altitude"),
        accuracy=_known(coordinates.optional("accuracy", "accuracy")),
        battery=None if level is None else level * 100,
        alarm=alarm_name(alarm),
        attributes=told.attributes(),
        faults=(*coordinates.faults, *told.faults),
    )
    rest = {"coords": coordinates.attributes(), "battery": battery.attributes(), "extras": extras}
    report.attributes.update({key: value for key, value in rest.items() if value})
    return report


def _mapping(value: object, field: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable(field, f"is {type(value).__name__}, not a JSON object")
    return value


def _part(value: object, field: str) -> Mapping[str, Any]:
    return {} if value is None else _mapping(value, field)


def _known(value: float | None) -> float | None:
    """The sender's own sign for "unknown" is a negative number."""
    return None if value is not None and value < 0 else value
