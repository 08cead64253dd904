"""GPX 1.0 and 1.1 files, in. What goes out is in ``formats/gpx_writer.py``.

Source: the schemas of topografix.com/GPX. Names are read without their namespace, because many
writers get it wrong or leave it out. Speed (m/s) and course (degrees) are children of the point in
1.0 and extensions in 1.1. Only tracks are read: routes and waypoints are plans, not positions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from domain.fixes import Rejection, Report
from formats.message import Unreadable
from formats.values import Values

MOST_POINTS = 1_000_000
"""Points of one file; more than a year of one device at one a half minute."""

_POINT = re.compile(rb"<(?:\w+:)?trkpt\b")
_OWN = frozenset({"lat", "lon", "ele", "time"})


def decode(data: bytes, *, device: str = "") -> Iterator[list[Report]]:
    """The segments of every track, in the file's order, one list each; an empty one stays empty.

    Between two segments the receiver was off or lost: a gap. A point without a time carries the
    fault ``no_time``. Raises ``Unreadable`` where the file is no GPX, has a document type (the
    way in of entity attacks), breaks off or has too many points; what was read before the fault is
    given first.
    """
    reader = _Reader(device)
    try:
        for event, element in iterparse(BytesIO(data), ("start", "end"), forbid_dtd=True):
            segment = reader.feed(event, element)
            if segment is not None:
                yield segment
    except DefusedXmlException as fault:
        yield from reader.unfinished()
        raise Unreadable("file", "has a document type or entities, which no GPX file needs") from (
            fault
        )
    except (ParseError, LookupError, ValueError) as fault:
        yield from reader.unfinished()
        raise Unreadable("file", f"is broken: {ascii(str(fault))[1:121]}") from fault
    except Unreadable:
        yield from reader.unfinished()
        raise


def count(data: bytes) -> int:
    """How many points there are, as the tags tell."""
    return sum(1 for _ in _POINT.finditer(data))


class _Reader:
    """Collects the points of a segment and lets go of every element as soon as it has ended."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._path: list[Element] = []
        self._open: Element | None = None
        self._segment: list[Report] = []
        self._point: Element | None = None
        self._points = 0

    def feed(self, event: str, element: Element) -> list[Report] | None:
        """Takes one event of the parser; gives the segment, where this was its end."""
        if event == "end":
            return self._ended(element)
        self._started(element)
        return None

    def unfinished(self) -> Iterator[list[Report]]:
        """The segment in which the file broke off."""
        if self._segment:
            yield self._segment

    def _started(self, element: Element) -> None:
        name = _local(element.tag)
        if not self._path and name != "gpx":
            raise Unreadable("file", f"is no GPX: it begins with {name[:40]!a}")
        self._path.append(element)
        if name == "trkseg" and self._open is None:
            self._open = element
        elif name == "trkpt" and self._open is not None and self._point is None:
            self._point = element

    def _ended(self, element: Element) -> list[Report] | None:
        self._path.pop()
        if element is self._point:
            self._count()
            self._segment.append(_report(self._device, element))
            self._point = None
        if self._point is None and self._path:
            self._path[-1].remove(element)
        if element is not self._open:
            return None
        segment, self._segment, self._open = self._segment, [], None
        return segment

    def _count(self) -> None:
        self._points += 1
        if self._points > MOST_POINTS:
            raise Unreadable("file", f"has more than {MOST_POINTS:,} points: split it")


def _report(device: str, point: Element) -> Report:
    values = Values(_leaves(point))
    latitude = values.coordinate("latitude", "lat", required=True)
    longitude = values.coordinate("longitude", "lon", required=True)
    fix_time = values.moment("time")
    if fix_time is None and not any(fault.field == "fix_time" for fault in values.faults):
        values.faults.append(Rejection("no_time", "fix_time", "the point has no time"))
    return Report(
        device=device,
        fix_time=fix_time,
        latitude=latitude,
        longitude=longitude,
        speed=values.optional("speed", "speed"),
        course=values.optional("course", "course"),
        altitude=values.optional("altitude", "ele"),
        accuracy=values.optional("accuracy", "accuracy"),
        battery=values.optional("battery", "battery"),
        alarm=None,
        attributes=values.attributes(),
        faults=tuple(values.faults),
    )


def _leaves(point: Element) -> dict[str, str]:
    """Attributes, children and, after them, extensions by local name; the first of a name wins."""
    record = dict(point.attrib)
    for child in point:
        if len(child) == 0:
            record.setdefault(_local(child.tag), (child.text or "").strip())
    for child in point.iter():
        name = _local(child.tag)
        if len(child) == 0 and child is not point and name not in _OWN:
            record.setdefault(name, (child.text or "").strip())
    return record


def _local(tag: str) -> str:
    """The name without its namespace."""
    return tag.rpartition("}")[2]
