"""GeoJSON (RFC 7946) track files, in and out.

In: Points with the time in a property; LineStrings and MultiLineStrings with the times of their
positions in ``coordTimes`` (as the converters of GPX write them) or ``times``, or as the fourth
number of a position. Coordinates are WGS84 degrees, longitude first; a ``crs`` that says something
else is refused. Out: one Point a fix, which keeps everything that is known of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from domain.fixes import Rejection, Report
from domain.reports import Track
from formats import points
from formats.message import Unreadable, parse_json
from formats.points import column_name
from formats.values import LONGEST_UNREAD

MOST_BYTES = 128 * 1024 * 1024
_CRS84 = ("crs84", "epsg::4326", "epsg:4326", "ogc:1.3:crs84")
_TIMES = ("coordTimes", "coordtimes", "times")
_DEEPEST = 20  # collections within collections
_Marked = tuple[object, Report]


def decode(data: bytes, *, device: str = "", utc: bool = False) -> Iterator[list[Report]]:
    """One list a line; Points are one list as long as their property ``segment`` is the same.

    What cannot be read becomes a report with a fault that tells its feature. A time without a zone
    is a fault, unless ``utc``. Raises ``Unreadable`` where the file is no GeoJSON, is of another
    reference system, or has too many positions.
    """
    return points.segments(_read(data, device, utc))


def encode(tracks: Iterable[Track]) -> bytes:
    """A FeatureCollection of Points, ``NAMES`` as properties. Numbers keep every digit."""
    features = (
        json.dumps(_feature(record), separators=(",", ":")) for record in points.records(tracks)
    )
    return ('{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n").encode()


def _feature(record: dict[str, Any]) -> dict[str, Any]:
    where = [record["longitude"], record["latitude"]]
    if record["altitude"] is not None:
        where.append(record["altitude"])
    told = {
        name: value
        for name, value in record.items()
        if name not in ("latitude", "longitude") and value not in (None, "")
    }
    geometry = {"type": "Point", "coordinates": where}
    return {"type": "Feature", "geometry": geometry, "properties": told}


def _read(data: bytes, device: str, utc: bool) -> Iterator[_Marked]:
    if len(data) > MOST_BYTES:
        raise Unreadable("file", f"is larger than {MOST_BYTES // 1024 // 1024} MB: split it")
    document = parse_json(data.removeprefix(b"\xef\xbb\xbf"))
    if not isinstance(document, dict):
        raise Unreadable("file", "is no GeoJSON: it is no object")
    _check_reference(document.get("crs"))
    kind = document.get("type")
    if kind == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list):
            raise Unreadable("file", "is a FeatureCollection without features")
    elif kind == "Feature":
        features = [document]
    elif kind in ("Point", "LineString", "MultiLineString", "MultiPoint", "GeometryCollection"):
        features = [{"type": "Feature", "geometry": document, "properties": {}}]
    else:
        raise Unreadable("file", "is no GeoJSON: its type is none of a map")
    for number, feature in enumerate(features, 1):
        yield from _of_feature(feature, f"feature {number}", device, utc)


def _check_reference(reference: Any) -> None:
    if reference is None:
        return
    name = str(reference)[:200].casefold()
    if not any(known in name for known in _CRS84):
        raise Unreadable("file", "is of another reference system: GeoJSON here is WGS84 degrees")


def _of_feature(feature: Any, where: str, device: str, utc: bool) -> Iterator[_Marked]:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        yield None, _unreadable(where, "is no Feature", device, feature)
        return
    said = feature.get("properties")
    properties = (
        {column_name(key): value for key, value in said.items()} if isinstance(said, dict) else {}
    )
    times = _times(said if isinstance(said, dict) else {})
    for name in ("coordTimes", "coordtimes", "times", "coordinateProperties"):
        properties.pop(name, None)
    reader = _Reader(where, device, utc, properties)
    yield from reader.geometry(feature.get("geometry"), times, 0)


def _times(properties: Mapping[str, Any]) -> Any:
    nested = properties.get("coordinateProperties")
    for source in (properties, nested if isinstance(nested, dict) else {}):
        for name in _TIMES:
            if isinstance(source.get(name), list):
                return source[name]
    return []


class _Reader:
    """Reads the geometry of one feature."""

    def __init__(self, where: str, device: str, utc: bool, properties: dict[str, Any]) -> None:
        self._where = where
        self._device = device
        self._utc = utc
        self._properties = properties

    def geometry(self, geometry: Any, times: Any, depth: int) -> Iterator[_Marked]:
        kind = geometry.get("type") if isinstance(geometry, dict) else None
        found = geometry.get("coordinates") if isinstance(geometry, dict) else None
        if kind == "Point":
            own = {} if "time" in self._properties else {"time": self._fourth(found)}
            mark = (
                str(self._properties.get("segment")) if "segment" in self._properties else "points"
            )
            yield mark, self._point(found, {**self._properties, **own}, self._where)
        elif kind in ("LineString", "MultiPoint"):
            yield from self._line(found, times, self._where)
        elif kind == "MultiLineString" and isinstance(found, list):
            for number, line in enumerate(found):
                at = times[number] if number < len(times) else []
                inner = at if isinstance(at, list) else []
                yield from self._line(line, inner, f"{self._where}, line {number + 1}")
        elif kind == "GeometryCollection" and depth < _DEEPEST:
            members = geometry.get("geometries")
            for member in members if isinstance(members, list) else []:
                yield from self.geometry(member, times, depth + 1)
        elif geometry is None or kind in ("Polygon", "MultiPolygon"):
            return  # no position: an area, or a feature without a place
        else:
            yield (
                None,
                _unreadable(self._where, "has no geometry of a track", self._device, geometry),
            )

    def _line(self, line: Any, times: Sequence[Any], where: str) -> Iterator[_Marked]:
        if not isinstance(line, list):
            yield None, _unreadable(where, "has no list of positions", self._device, line)
            return
        for number, position in enumerate(line):
            time = times[number] if number < len(times) else self._fourth(position)
            record = {**self._common(), "time": time}
            yield where, self._point(position, record, f"{where}, position {number + 1}")

    def _common(self) -> dict[str, Any]:
        """What a line says of all its positions: whose they are. Its own time and speed are not."""
        return {key: self._properties[key] for key in ("unit", "device") if key in self._properties}

    def _point(self, position: Any, record: dict[str, Any], where: str) -> Report:
        if not isinstance(position, list) or len(position) < 2:
            said = {**record, "position": position}
            return _unreadable(where, "has no longitude and latitude", self._device, said)
        record["longitude"], record["latitude"] = position[:2]
        if len(position) > 2 and "altitude" not in record:
            record["altitude"] = position[2]
        return points.report(record, where=where, device=self._device, utc=self._utc)

    def _fourth(self, position: Any) -> Any:
        return position[3] if isinstance(position, list) and len(position) > 3 else None


def _unreadable(where: str, what: str, device: str, said: Any) -> Report:
    fault = Rejection("unreadable", "geometry", f"{where} {what}")
    try:
        text = str(said)[:LONGEST_UNREAD]
    except RecursionError:
        text = "..."
    kept = {"unread": {"geometry": text}}
    return Report(
        device, None, None, None, None, None, None, None, None, None, kept, (fault,), where
    )
