"""Cursor on Target: the events that TAK clients send, as reports. What goes out: ``cot_writer``.

Wire format: ``docs/formats.md``. Where in the bytes of a connection an event ends is found by
``cot_stream``, its XML is read by ``cot_xml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.fixes import Rejection, Report
from formats.cot_shapes import said_by_shape
from formats.cot_stream import Splitter
from formats.cot_xml import Said, bare, read_one, read_together
from formats.message import HttpMessage, Unreadable, basic_credentials, device_id
from formats.values import instant, number, shown


class Kind(StrEnum):
    """What an event is for us."""

    POSITION = "position"  # where a device is
    EMERGENCY = "emergency"  # a person calls for help
    CANCEL = "cancel"  # and takes the call back
    SPOT = "spot"  # something that a person saw
    PING = "ping"  # asks whether we are there
    OTHER = "other"  # drawings, chat, files, answers, and what is not yet invented


REPORTED = (Kind.POSITION, Kind.EMERGENCY)
"""What is a position of the device that says it."""

ALARMS = {
    "b-a-o-tbl": "911",
    "b-a-o-pan": "ring the bell",
    "b-a-o-opn": "in contact",
    "b-a-g": "geo-fence breached",
}
"""How the emergencies that a person chooses in the client are called; any other is ``sos``."""

UNKNOWN = 999_999
"""Heights and errors from here on mean that the sender does not know."""

_BEACON = "-9-1-1"  # the uid of an emergency is that of its device with this behind it


@dataclass(slots=True)
class CotEvent:
    """One event. ``device`` is who says it and ``uid`` what it is about; a position is about the
    device itself. ``title`` is the call sign that the event shows, ``remarks`` its text, ``raw``
    its bytes without an XML declaration."""

    uid: str
    type: str
    kind: Kind
    device: str
    report: Report
    title: str
    remarks: str
    raw: bytes


@dataclass(slots=True)
class Refused:
    """Bytes that are no event, and why."""

    raw: bytes
    fault: Unreadable


Reading = CotEvent | Refused


def read(pieces: Sequence[bytes]) -> list[Reading]:
    """What the pieces of a stream are, in order; never raises.

    Of a piece with a broken beginning the last event is read and the beginning refused, so a
    connection that lost bytes is understood again with its next event.
    """
    found: list[Reading] = []
    for begin in range(0, len(pieces), _AT_ONCE):
        found += _read_some(pieces[begin : begin + _AT_ONCE])
    return found


_AT_ONCE = 32
"""Enough to share a parser, and few enough that the processor's cache holds all they consist of:
where hundreds were read together, each took half as long again."""


def _read_some(pieces: Sequence[bytes]) -> list[Reading]:
    bared = [bare(piece) for piece in pieces]
    usual = [None if piece is None else said_by_shape(piece) for piece in bared]
    places = [place for place, said in enumerate(usual) if said is None]
    odd = iter(_read_odd([pieces[place] for place in places], [bared[place] for place in places]))
    found: list[Reading] = []
    for piece, said in zip(bared, usual, strict=True):
        if said is None or piece is None:
            found += next(odd)
        else:
            found.append(_event(piece, said))
    return found


def _read_odd(pieces: Sequence[bytes], bared: Sequence[bytes | None]) -> list[list[Reading]]:
    """What expat makes of each piece."""
    together = [piece for piece in bared if piece is not None]
    said = read_together(together) if len(together) == len(pieces) else None
    if said is not None:
        return [[_event(piece, one)] for piece, one in zip(together, said, strict=True)]
    return [
        _encoded(piece) if stripped is None else _read_alone(stripped)
        for piece, stripped in zip(pieces, bared, strict=True)
    ]


def identify(message: HttpMessage) -> str | None:
    """The device: the user of HTTP Basic, else ``id`` in the query, else who the event is from."""
    credentials = basic_credentials(message)
    if credentials is not None:
        return device_id(credentials[0])
    if "id" in message.query:
        return device_id(message.query["id"])
    events = (each for each in _of_body(message.body) if isinstance(each, CotEvent))
    return next((event.device for event in events), None)


def decode(message: HttpMessage, *, speed_unit: str = "knots") -> tuple[Report, ...]:
    """The positions and emergencies of one or several events, all of one device.

    ``speed_unit`` changes nothing here: the format fixes it. Raises ``Unreadable`` for what is no
    event, and for an event of another device than the one that proved itself.
    """
    device = identify(message)
    if device is None:
        raise Unreadable("uid", "names no device")
    reports, cancelled = [], False
    for event in events_of(message.body, device):
        if event.kind is Kind.CANCEL:
            cancelled = True
            reports.append(_taken_back(event.report))
        elif event.kind in REPORTED:
            event.report.goes_on &= not cancelled
            reports.append(event.report)
    return tuple(reports)


def _taken_back(said: Report) -> Report:
    """A sign of life; its place is that of the call and not of the moment."""
    return replace(
        said, latitude=None, longitude=None, alarm=None, faults=(), attributes={}, takes_back=True
    )


def events_of(body: bytes, device: str) -> list[CotEvent]:
    """The events of a request of ``device``; raises ``Unreadable`` as ``decode`` does."""
    events = []
    for each in _of_body(body):
        if isinstance(each, Refused):
            raise each.fault
        if each.device != device:
            raise Unreadable("uid", "is of another device than the one that proved itself")
        events.append(each)
    return events


def _of_body(body: bytes) -> list[Reading]:
    splitter = Splitter()
    pieces = splitter.feed(body)
    rest = splitter.rest()
    return read([*pieces, rest] if rest.strip() or not pieces else pieces)


def _encoded(piece: bytes) -> list[Reading]:
    return [Refused(piece, Unreadable("event", "is in another encoding than UTF-8"))]


def _read_alone(piece: bytes) -> list[Reading]:
    """One piece. An event without content, ``<event …/>``, has no end mark of its own and stands in
    front of the next one."""
    try:
        return [_event(piece, read_one(piece))]
    except Unreadable as fault:
        start = piece.rfind(b"<event")
        if start <= 0:
            return [_refused(piece, fault)]
        return [*_before(piece[:start], fault), *_read_alone(piece[start:])]


def _before(piece: bytes, fault: Unreadable) -> list[Reading]:
    stripped = bare(piece[: piece.rfind(b">") + 1])
    if not stripped:
        return [_refused(piece, fault)] if piece.strip() else []
    try:
        return [_event(stripped, read_one(stripped))]
    except Unreadable:
        return [_refused(piece, fault)]


def _refused(piece: bytes, fault: Unreadable) -> Refused:
    """The fault without how it came about, which holds on to a parser; there may be thousands."""
    return Refused(piece, Unreadable(fault.field, fault.detail))


# --- one event -----------------------------------------------------------------------------------


def _event(piece: bytes, said: Said) -> Reading:
    uid, name = device_id(said.get("event.uid")), said.get("event.type")
    if uid is None:
        return Refused(piece, Unreadable("uid", "names no device"))
    if not name:
        return Refused(piece, Unreadable("type", "is missing"))
    device = _speaker(uid, said)
    kind = _kind(name, uid, device, said)
    title = said.get("contact.callsign", "")
    remarks = said.get("remarks", "").strip()
    report = _report(device, name, kind, said)
    if kind is Kind.EMERGENCY:
        caller = uid.removesuffix(_BEACON)
        report.uid = "" if caller == device else caller
        report.goes_on = True  # the client repeats it every few seconds until it is cancelled
    return CotEvent(uid, name, kind, device, report, title, remarks, piece)


def _speaker(uid: str, said: Said) -> str:
    """Who says it: the producer that a marker or an emergency links to, else what it is about."""
    if said.get("link.relation") == "p-p":
        return device_id(said.get("link.uid")) or uid
    return uid.removesuffix(_BEACON) or uid


def _kind(name: str, uid: str, device: str, said: Said) -> Kind:
    if name.startswith("a-"):
        if uid == device:
            return Kind.POSITION
        # a marker that a person has set for something seen
        return Kind.SPOT if said.get("event.how", "").startswith("h-") else Kind.OTHER
    if name.startswith("b-a-"):
        cancelled = said.get("emergency.cancel", "").lower() == "true"
        return Kind.CANCEL if cancelled or name == "b-a-o-can" else Kind.EMERGENCY
    if name.startswith(("b-m-p-s-m", "b-r-")):
        return Kind.SPOT
    return Kind.PING if name == "t-x-c-t" else Kind.OTHER


def _report(device: str, name: str, kind: Kind, said: Said) -> Report:
    faults: list[Rejection] = []
    dropped: dict[str, str] = {}
    latitude = _coordinate("latitude", said.get("point.lat"), faults)
    longitude = _coordinate("longitude", said.get("point.lon"), faults)
    accuracy = _measure("accuracy", said.get("point.ce"), dropped)
    if latitude == 0 and longitude == 0 and accuracy is None:
        # what a client says before its receiver has found itself
        latitude = longitude = None
    attributes = _attributes(name, said)
    report = Report(
        device,
        _moment(said.get("event.time") or said.get("event.start"), faults),
        latitude,
        longitude,
        _measure("speed", said.get("track.speed"), dropped),
        _measure("course", said.get("track.course"), dropped),
        _measure("altitude", said.get("point.hae"), dropped),
        accuracy,
        _measure("battery", said.get("status.battery"), dropped),
        ALARMS.get(name, "sos") if kind is Kind.EMERGENCY else None,
        attributes,
        tuple(faults),
    )
    if dropped:
        attributes["dropped"] = dropped
    return report


_KEPT = (
    ("how", "event.how"),
    ("stale", "event.stale"),
    ("callsign", "contact.callsign"),
    ("group", "__group.name"),
    ("role", "__group.role"),
    ("platform", "takv.platform"),
    ("source", "precisionlocation.geopointsrc"),
)


def _attributes(name: str, said: Said) -> dict[str, Any]:
    """What is said beside the numbers; ``stale`` is until when the sender vouches for it."""
    kept: dict[str, Any] = {"type": name}
    for key, place in _KEPT:
        if word := said.get(place):
            kept[key] = word
    return kept


def _coordinate(field: str, text: str | None, faults: list[Rejection]) -> float | None:
    if text is None or not text.strip():
        faults.append(Rejection("unreadable", field, f"{field} is missing"))
        return None
    try:
        return _number(text)
    except ValueError as fault:
        faults.append(Rejection("not_a_number", field, f"{field}: {fault}"))
        return None


def _measure(field: str, text: str | None, dropped: dict[str, str]) -> float | None:
    if text is None or not text:
        return None
    try:
        value = _number(text)
    except ValueError:
        dropped[field] = text
        return None
    return None if value >= UNKNOWN else value


def _number(text: str) -> float:
    """Most are plain; what only Python reads ("1_000", other digits) is left to ``number``."""
    if text.isascii() and "_" not in text:
        try:
            return float(text)
        except ValueError:
            pass
    return number(text)


def _moment(text: str | None, faults: list[Rejection]) -> datetime | None:
    if text is None:
        return None
    if len(text) in _PLAIN_TIMES and text.endswith("Z") and text[10] == "T":
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    try:
        return instant(text)
    except OverflowError:
        reason = "before_mission" if text.strip().startswith(("-", "0")) else "future_time"
        detail = "the time is beyond every calendar"
    except ValueError:
        reason, detail = "unreadable", f"{shown(text)} is not a time"
    faults.append(Rejection(reason, "fix_time", detail))
    return None


_PLAIN_TIMES = frozenset(range(len("2026-11-21T20:30:00Z"), len("2026-11-21T20:30:00.000000Z") + 1))
