"""GPX 1.0 and 1.1 files, in. What goes out is in ``formats/gpx_writer.py``.

Source: the schemas of topografix.com/GPX. Names are read without their namespace, because many
writers get it wrong or leave it out. Speed (m/s) and course (degrees) are children of the point in
1.0 and extensions in 1.1. Only tracks are read: routes and waypoints are plans, not positions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, iterparse

from domain.fixes import Rejection, Report
from formats.message import Unreadable, device_id, plain_words
from formats.point_report import point_report
from formats.points import Tally, read_attributes, unit_name
from formats.values import Values
from formats.xml_text import as_utf8, without_remarks

LONGEST_PART = 1024 * 1024
"""Bytes of one tag, comment or processing instruction. The parser begins each anew with every piece
of the file until it has its end, so what it costs grows with the square of its length."""

DEEPEST = 100
"""Elements within elements."""

MOST_PARTS = 1_000
"""Elements within one point."""

_OUT_OF_MEMORY = 1  # what expat calls it

_PLANS = {
    "waypoints": re.compile(rb"<(?:[\w.-]+:)?wpt[\s/>]"),
    "route_points": re.compile(rb"<(?:[\w.-]+:)?rtept[\s/>]"),
}
_POSITION = frozenset({"lat", "lon", "ele", "time"})
_OWN = "{urn:fpu-operations-dashboard:track:1}"
"""The namespace of what ``formats/gpx_writer.py`` says beyond GPX."""


def decode(data: bytes, *, device: str = "", utc: bool = False) -> Iterator[list[Report]]:
    """The segments of every track, in the file's order, one list each; an empty one stays empty.

    Between two segments the receiver was off or lost: a gap. Times of GPX are UTC also where they
    do not say so, so ``utc`` changes nothing. A point without a time carries the
    fault ``no_time``. Raises ``Unreadable`` where the file is no GPX, has a document type (the
    way in of entity attacks), breaks off or has too many points; what was read before the fault is
    given first.
    """
    reader = _Reader(device)
    try:
        parser = DefusedXMLParser(target=TreeBuilder(), forbid_dtd=True)
        file = _File(as_utf8(data), parser)
        for event, element in iterparse(file, ("start", "end"), parser=parser):
            segment = reader.feed(event, element)
            if segment is not None:
                yield segment
    except DefusedXmlException as fault:
        yield from reader.unfinished()
        raise Unreadable("file", "has a document type or entities, which no GPX file needs") from (
            fault
        )
    except (ParseError, LookupError, ValueError) as fault:
        if getattr(fault, "code", None) == _OUT_OF_MEMORY:
            raise MemoryError from fault
        yield from reader.unfinished()
        raise Unreadable("file", f"is broken: {plain_words(fault)}") from fault
    except Unreadable:
        yield from reader.unfinished()
        raise


def passed_over(data: bytes) -> dict[str, int]:
    """How many ``waypoints`` and ``route_points`` are not read, where there are any."""
    text = without_remarks(as_utf8(data))
    counts = {name: sum(1 for _ in tag.finditer(text)) for name, tag in _PLANS.items()}
    return {name: number for name, number in counts.items() if number}


class _File:
    """What the parser reads; it ends with ``Unreadable`` where a part has no end."""

    def __init__(self, data: bytes, parser: Any) -> None:
        self._data = BytesIO(data)
        self._parser = parser.parser

    def read(self, size: int) -> bytes:
        """The next bytes."""
        if self._data.tell() - max(0, self._parser.CurrentByteIndex) > LONGEST_PART:
            raise Unreadable("file", f"has a tag or comment of more than {LONGEST_PART:,} bytes")
        return self._data.read(size)


class _Reader:
    """Collects the points of a segment and lets go of every element as soon as it has ended."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._path: list[Element] = []
        self._open: Element | None = None
        self._segment: list[Report] = []
        self._point: Element | None = None
        self._parts = 0
        self._points = 0
        self._tally = Tally()
        self._name = ""

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
        if len(self._path) > DEEPEST:
            raise Unreadable("file", f"has elements nested deeper than {DEEPEST}")
        if name == "trkseg" and self._open is None:
            self._open = element
        elif name == "trk" and self._open is None:
            self._name = ""
        elif name == "trkpt" and self._point is None:
            if self._open is None and len(self._path) > 1:
                self._open = self._path[-2]  # of a writer that knows no segments
            self._point, self._parts = element, 0
        if self._point is not None:
            self._parts += 1
            if self._parts > MOST_PARTS:
                raise Unreadable("file", f"has a point of more than {MOST_PARTS:,} elements")

    def _ended(self, element: Element) -> list[Report] | None:
        self._path.pop()
        if element is self._point:
            self._points += 1
            report = _report(self._device, element, f"point {self._points}", self._name)
            self._tally.take(report)
            self._segment.append(report)
            self._point = None
        elif self._path and _local(element.tag) == "name" and _local(self._path[-1].tag) == "trk":
            self._name = unit_name(element.text)
        if self._point is None and self._path:
            self._path[-1].remove(element)
        if element is not self._open:
            return None
        segment, self._segment, self._open = self._segment, [], None
        return segment


def _report(device: str, point: Element, where: str, unit: str) -> Report:
    leaves = _leaves(point)
    said, attributes = leaves.pop(_OWN + "device", ""), leaves.pop(_OWN + "attributes", "")
    own = read_attributes(attributes)
    values = Values(leaves)
    latitude = values.coordinate("latitude", "lat", required=True)
    longitude = values.coordinate("longitude", "lon", required=True)
    fix_time = values.moment("time")
    if fix_time is None and not any(fault.field == "fix_time" for fault in values.faults):
        values.faults.append(Rejection("no_time", "fix_time", "the point has no time"))
    found = point_report(
        values,
        device=device_id(said) or device,
        fix_time=fix_time,
        latitude=latitude,
        longitude=longitude,
        altitude="ele",
        faults=tuple(values.faults),
        where=where,
        unit=unit,
    )
    found.attributes.update(own or {})
    return found


def _leaves(point: Element) -> dict[str, str]:
    """Attributes, children and, after them, extensions by local name; the first of a name wins."""
    record = dict(point.attrib)
    flat = True
    for child in point:
        if len(child) == 0:
            record.setdefault(_local(child.tag), (child.text or "").strip())
            flat = flat and not child.tag.startswith(_OWN)
        else:
            flat = False
    if flat:  # as most points are
        return record
    for child in point.iter():
        name = _local(child.tag)
        if child.tag in (_OWN + "device", _OWN + "attributes"):
            name = child.tag
        if len(child) == 0 and child is not point and name not in _POSITION:
            record.setdefault(name, (child.text or "").strip())
    return record


def _local(tag: str) -> str:
    """The name without its namespace."""
    return tag.rpartition("}")[2]
