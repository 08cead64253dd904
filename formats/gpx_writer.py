"""GPX 1.1 files, out: strict, one ``trk`` a unit, one ``trkseg`` between two gaps.

Source: the schema of topografix.com/GPX/1/1. Speed and course go into Garmin's TrackPointExtension
version 2, which most programs read; accuracy, battery, the device and what else it said into a
namespace of our own, which ``formats/gpx.py`` reads back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from xml.sax.saxutils import escape

from domain.fixes import Fix
from domain.reports import Track
from domain.time import to_rfc3339
from formats.points import own_attributes

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="FPU Operations Dashboard"
 xmlns="http://www.topografix.com/GPX/1/1"
 xmlns:garmin="http://www.garmin.com/xmlschemas/TrackPointExtension/v2"
 xmlns:fpu="urn:fpu-operations-dashboard:track:1">
"""  # formats/gpx.py knows the last one as OWN
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def encode(tracks: Iterable[Track]) -> bytes:
    """A GPX 1.1 file. Numbers keep every digit, times their fractions of a second."""
    return "".join(_lines(tracks)).encode("utf-8")


def _lines(tracks: Iterable[Track]) -> Iterator[str]:
    yield _HEAD
    for track in tracks:
        yield f" <trk>\n  <name>{escape(_FORBIDDEN.sub('', track.name))}</name>\n"
        for segment in track.segments:
            yield "  <trkseg>\n"
            yield from (_point(fix) for fix in segment)
            yield "  </trkseg>\n"
        yield " </trk>\n"
    yield "</gpx>\n"


def _point(fix: Fix) -> str:
    garmin = _element("garmin:speed", fix.speed) + _element("garmin:course", fix.course)
    if garmin:
        name = "garmin:TrackPointExtension"
        garmin = f"<{name}>{garmin}</{name}>"
    own = _element("fpu:accuracy", fix.accuracy) + _element("fpu:battery", fix.battery)
    own += _text("fpu:device", fix.device) + _text("fpu:attributes", own_attributes(fix))
    extensions = f"<extensions>{garmin}{own}</extensions>"
    position = f'lat="{_decimal(fix.latitude)}" lon="{_decimal(fix.longitude)}"'
    time = f"<time>{to_rfc3339(fix.fix_time)}</time>"
    return f"   <trkpt {position}>{_element('ele', fix.altitude)}{time}{extensions}</trkpt>\n"


def _element(name: str, value: float | None) -> str:
    return "" if value is None else f"<{name}>{_decimal(value)}</{name}>"


def _text(name: str, value: str) -> str:
    return f"<{name}>{escape(_FORBIDDEN.sub('', value))}</{name}>" if value else ""


def _decimal(value: float) -> str:
    """All digits of a number and never an exponent, which XML decimals do not have."""
    return format(Decimal(repr(value)), "f")
