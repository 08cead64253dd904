"""Cursor on Target out: strict, with every attribute that the schema requires."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import quoteattr

from domain.fixes import Fix

DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
"""Stands in front of every event on a connection."""

_UNKNOWN = "9999999.0"
_FRIENDLY_UNIT = "a-f-G-U-C"
_ILLEGAL = {code: None for code in range(0x20) if code not in (0x9, 0xA, 0xD)} | {
    0xFFFE: None,
    0xFFFF: None,
}


def encode(fix: Fix, callsign: str, stale_after: timedelta) -> bytes:
    """The event of a position, shown under ``callsign`` and vouched for until ``stale_after``."""
    detail = [f"<contact callsign={_text(callsign)}/>"]
    if fix.speed is not None or fix.course is not None:
        detail.append(f'<track speed="{_or_zero(fix.speed)}" course="{_or_zero(fix.course)}"/>')
    if fix.battery is not None:
        detail.append(f'<status battery="{round(fix.battery)}"/>')
    return event(
        fix.device,
        str(fix.attributes.get("type") or _FRIENDLY_UNIT),
        str(fix.attributes.get("how") or "m-g"),
        fix.fix_time,
        stale_after,
        position=(fix.latitude, fix.longitude),
        altitude=fix.altitude,
        accuracy=fix.accuracy,
        detail="".join(detail),
    )


def pong(now: datetime) -> bytes:
    """The answer to a ping."""
    return event("fpu-operations-dashboard", "t-x-c-t-r", "h-g-i-g-o", now, timedelta(seconds=20))


def event(
    uid: str,
    kind: str,
    how: str,
    time: datetime,
    stale_after: timedelta,
    *,
    position: tuple[float, float] = (0.0, 0.0),
    altitude: float | None = None,
    accuracy: float | None = None,
    detail: str = "",
) -> bytes:
    """One event; ``detail`` is XML. Degrees, metres."""
    moment, stale = _time(time), _time(time + stale_after)
    return (
        f'<event version="2.0" uid={_text(uid)} type={_text(kind)} how={_text(how)}'
        f' time="{moment}" start="{moment}" stale="{stale}">'
        f'<point lat="{position[0]!r}" lon="{position[1]!r}" hae="{_or_unknown(altitude)}"'
        f' ce="{_or_unknown(accuracy)}" le="{_UNKNOWN}"/><detail>{detail}</detail></event>'
    ).encode("utf-8", "replace")


def _text(value: str) -> str:
    return quoteattr(value.translate(_ILLEGAL))


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _or_unknown(value: float | None) -> str:
    return _UNKNOWN if value is None else repr(float(value))


def _or_zero(value: float | None) -> str:
    return "0.0" if value is None else repr(float(value))
