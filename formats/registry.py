"""Every wire and file format by name. To add one: ``docs/recipes/add-a-format.md``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from domain.errors import InvalidField
from domain.fixes import Report
from domain.reports import Track
from formats import (
    cot,
    csv_table,
    geojson,
    geopackage,
    gpx,
    gpx_writer,
    osmand,
    owntracks,
    owntracks_mqtt,
    traccar_client,
)
from formats.message import HttpMessage, MqttMessage


class HttpDecoder(Protocol):
    """Reads one request; raises ``formats.message.Unreadable`` and nothing else."""

    def __call__(self, message: HttpMessage, *, speed_unit: str = "knots") -> tuple[Report, ...]:
        """The reports of the message; none where it says nothing about a position."""


class FileDecoder(Protocol):
    """Reads a file segment by segment; raises ``formats.message.Unreadable`` and nothing else."""

    def __call__(
        self, data: bytes, *, device: str = "", utc: bool = False
    ) -> Iterator[list[Report]]:
        """One list a segment; reports are of ``device`` where the file names none. ``utc`` says
        that times without a zone are UTC, where the format does not say it itself."""


def _nothing(_: bytes) -> Mapping[str, int]:
    return {}


@dataclass(frozen=True, slots=True)
class HttpFormat:
    """A format in which devices send requests; ``label`` is what its users call it."""

    label: str
    identify: Callable[[HttpMessage], str | None]
    decode: HttpDecoder


@dataclass(frozen=True, slots=True)
class MqttFormat:
    """A format that comes over a broker: ``identify`` reads the topic, ``decode`` the message of
    the device that was found and raises ``formats.message.Unreadable`` and nothing else."""

    label: str
    identify: Callable[[str], str | None]
    decode: Callable[[MqttMessage, str], owntracks_mqtt.Said]


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format of track files; ``suffix`` is how their names end, ``media`` their media type,
    ``encode`` is None where files are only read, and ``passed_over`` counts by name what is no
    position of a track. The module of ``decode`` is what the reading process loads; where it has a
    ``passed_over``, that is it."""

    label: str
    suffix: str
    media: str
    decode: FileDecoder
    encode: Callable[[Iterable[Track]], bytes] | None
    passed_over: Callable[[bytes], Mapping[str, int]] = _nothing


HTTP_FORMATS: Mapping[str, HttpFormat] = {
    "osmand": HttpFormat("OsmAnd / Traccar Client", osmand.identify, osmand.decode),
    "traccar_client": HttpFormat(
        "Traccar Client 9", traccar_client.identify, traccar_client.decode
    ),
    "owntracks": HttpFormat("OwnTracks", owntracks.identify, owntracks.decode),
    "cot": HttpFormat("Cursor on Target (ATAK, WinTAK, iTAK)", cot.identify, cot.decode),
}

MQTT_FORMATS: Mapping[str, MqttFormat] = {
    "owntracks_mqtt": MqttFormat(
        "OwnTracks over MQTT", owntracks_mqtt.Topics().device, owntracks_mqtt.decode
    ),
}

FILE_FORMATS: Mapping[str, FileFormat] = {
    "gpx": FileFormat(
        "GPX",
        ".gpx",
        "application/gpx+xml",
        gpx.decode,
        gpx_writer.encode,
        gpx.passed_over,
    ),
    "geojson": FileFormat(
        "GeoJSON", ".geojson", "application/geo+json", geojson.decode, geojson.encode
    ),
    "csv_table": FileFormat("CSV", ".csv", "text/csv", csv_table.decode, csv_table.encode),
    "geopackage": FileFormat(
        "GeoPackage",
        ".gpkg",
        "application/geopackage+sqlite3",
        geopackage.decode,
        geopackage.encode,
    ),
}

FORMATS: Mapping[str, HttpFormat | MqttFormat | FileFormat] = {
    **HTTP_FORMATS,
    **MQTT_FORMATS,
    **FILE_FORMATS,
}


def file_format(file_name: str) -> tuple[str, FileFormat]:
    """Name and format of a track file by how its name ends; raises ``InvalidField``."""
    folded = file_name.casefold().removesuffix(".json")
    if len(folded) < len(file_name):
        folded += ".geojson"  # what many programs call it
    for name, found in FILE_FORMATS.items():
        if folded.endswith(found.suffix):
            return name, found
    known = ", ".join(found.suffix for found in FILE_FORMATS.values())
    raise InvalidField("file", f"must end in {known}")
