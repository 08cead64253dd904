"""OwnTracks over HTTP: one JSON object a request, told apart by its ``_type``.

Wire format: ``docs/formats.md``; read from the OwnTracks booklet (``tech/json``, ``tech/http``).
What the objects say is the same over MQTT, which ``formats/owntracks_mqtt.py`` reads.
What is not a position of this device (waypoints, cards, commands, types not yet invented) and an
empty body give no report, as the booklet asks: the app would send a refused message for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from domain.fixes import CONNECTION_LOST, Report
from formats.message import HttpMessage, Unreadable, basic_credentials, device_id, parse_json
from formats.values import Values

_METRES_PER_SECOND = 1 / 3.6  # velocities are in km/h


def identify(message: HttpMessage) -> str | None:
    """The device: the user of HTTP Basic, else ``X-Limit-D``, ``d``, the topic, then the user.

    The proven name goes first, so that no message moves another device.
    """
    credentials = basic_credentials(message)
    if credentials is not None:
        return device_id(credentials[0])
    names = (
        message.header("X-Limit-D"),
        message.query.get("d"),
        _topic_device(message),
        message.header("X-Limit-U"),
        message.query.get("u"),
    )
    known = (device_id(name) for name in names)
    return next((name for name in known if name is not None), None)


def decode(message: HttpMessage, *, speed_unit: str = "knots") -> tuple[Report, ...]:
    """The reports of a message, often one, none for what is no position.

    ``speed_unit`` changes nothing here: the format fixes it. Raises ``Unreadable`` for what is not
    JSON, for an encrypted message, and where no device is named.
    """
    if not message.body.strip():
        return ()
    device = identify(message)
    if device is None:
        raise Unreadable("topic", "names no device")
    document = parse_json(message.body)
    entries = document if isinstance(document, list) else [document]
    reports = (report_of(device, entry) for entry in entries)
    return tuple(report for report in reports if report is not None)


def report_of(device: str, entry: object) -> Report | None:
    """What one object of the app says of ``device``; None for what is no position.

    Raises ``Unreadable`` for what is no object, and for an encrypted one.
    """
    if not isinstance(entry, dict):
        raise Unreadable("body", f"is {type(entry).__name__}, not a JSON object")
    kind = entry.get("_type")
    if kind == "encrypted":
        raise Unreadable("_type", "is encrypted: switch off the encryption key in the app")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    return reader(device, entry) if reader else None


def _location(device: str, entry: Mapping[str, Any]) -> Report:
    """A location, or a transition: of one moment the app says both, in no order that it keeps."""
    values = Values(entry)
    return Report(
        device=device,
        latitude=values.coordinate("latitude", "lat"),
        longitude=values.coordinate("longitude", "lon"),
        fix_time=values.moment("tst"),
        speed=values.optional("speed", "vel", factor=_METRES_PER_SECOND),
        course=values.optional("course", "cog"),
        altitude=values.optional("altitude", "alt"),
        accuracy=values.optional("accuracy", "acc"),
        battery=values.optional("battery", "batt"),
        alarm=None,
        attributes=values.attributes(),
        faults=tuple(values.faults),
        in_parts=True,
    )


def _connection_lost(device: str, entry: Mapping[str, Any]) -> Report:
    """The last will: its ``tst`` is when the device connected, which is the time of no position."""
    attributes = {**entry, CONNECTION_LOST: True}
    return Report(device, None, None, None, None, None, None, None, None, None, attributes)


_READERS: Mapping[str, Callable[[str, Mapping[str, Any]], Report]] = {
    "location": _location,
    "transition": _location,
    "lwt": _connection_lost,
}


def _topic_device(message: HttpMessage) -> str | None:
    """The third part of ``owntracks/<user>/<device>``, from the body."""
    try:
        document = parse_json(message.body)
    except Unreadable:
        return None
    topic = document.get("topic") if isinstance(document, dict) else None
    parts = topic.split("/") if isinstance(topic, str) else []
    return parts[2] if len(parts) > 2 else None
