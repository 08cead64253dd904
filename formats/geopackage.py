"""GeoPackage (OGC 12-128r17, version 1.3) files, in and out: what QGIS and other programs open.

Written are two layers in EPSG:4326: ``fixes``, a point with every value of each fix, and
``tracks``, a line between two gaps. A GeoPackage is an SQLite database, so SQLite itself writes and
reads it, in memory: nothing touches the disk, and numbers keep every digit. A date there has
milliseconds only; the column ``fix_time_us`` has the microseconds since 1970 UTC beside it.

A file that comes in is a stranger's database: only tables are read, nothing in it may be run, and
what it may cost is bounded.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from domain.fixes import Fix, Report
from domain.reports import Track
from domain.time import from_microseconds, to_microseconds
from formats import points
from formats.message import Unreadable, plain_words
from formats.points import column_name

MOST_BYTES = 256 * 1024 * 1024
_APPLICATION = 0x47504B47  # "GPKG"
_MAGIC = b"SQLite format 3\x00"
MOST_LAYERS = 1_000
_INSTRUCTIONS, _CALLS = 10_000, 20_000  # of SQLite's machine, before a file costs too much
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1024 * 1024,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 256 * 1024,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 50,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 0,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_LISTS = ("gpkg_geometry_columns", "gpkg_spatial_ref_sys")
_SCHEMA_TABLE = ("sqlite_master", "sqlite_schema")
_ENVELOPES = (0, 32, 48, 48, 64)  # bytes, by kind
_WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG",'
    '"7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT['
    '"degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]'
)
_SCHEMA = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,
 organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL,
 description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL,
 identifier TEXT UNIQUE, description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT
 (strftime('%Y-%m-%dT%H:%M:%fZ','now')), min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE,
 srs_id INTEGER, CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES
 gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
 geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
 CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE
 (table_name), CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
 CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE fixes (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom POINT, unit TEXT,
 device TEXT, segment INTEGER, time DATETIME, fix_time_us INTEGER, altitude DOUBLE, speed DOUBLE,
 course DOUBLE, accuracy DOUBLE, battery DOUBLE, attributes TEXT);
CREATE TABLE tracks (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom LINESTRING, unit TEXT,
 device TEXT, segment INTEGER, start DATETIME, end DATETIME, fixes INTEGER);
"""
_REFERENCES = (
    ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined", None),
    ("Undefined geographic SRS", 0, "NONE", 0, "undefined", None),
    ("WGS 84 geodetic", 4326, "EPSG", 4326, _WGS84, "longitude, latitude in degrees"),
)

# --- out -----------------------------------------------------------------------------------------


def encode(tracks: Iterable[Track]) -> bytes:
    """A GeoPackage with the layers ``fixes`` and ``tracks``."""
    given = list(tracks)
    database = sqlite3.connect(":memory:")
    try:
        database.execute(f"PRAGMA application_id = {_APPLICATION}")
        database.execute("PRAGMA user_version = 10300")
        database.executescript(_SCHEMA)
        reference = "INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)"
        database.executemany(reference, _REFERENCES)
        database.executemany(f"INSERT INTO fixes VALUES (NULL{', ?' * 12})", _fix_rows(given))  # noqa: S608
        database.executemany(f"INSERT INTO tracks VALUES (NULL{', ?' * 7})", _track_rows(given))  # noqa: S608
        box = _box([fix for track in given for part in track.segments for fix in part])
        for table, kind in (("fixes", "POINT"), ("tracks", "LINESTRING")):
            database.execute(
                "INSERT INTO gpkg_contents (table_name, data_type, identifier, min_x, min_y, max_x,"
                " max_y, srs_id) VALUES (?, 'features', ?, ?, ?, ?, ?, 4326)",
                (table, table, *box),
            )
            database.execute(
                "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, 4326, 0, 0)", (table, kind)
            )
        database.commit()
        return database.serialize()
    finally:
        database.close()


def _fix_rows(tracks: Sequence[Track]) -> Iterator[tuple[Any, ...]]:
    parts = (
        (track.name, number, fix)
        for number, (track, part) in enumerate(_parts(tracks))
        for fix in part
    )
    for unit, number, fix in parts:
        geometry = _HEADER + struct.pack("<BI2d", 1, 1, fix.longitude, fix.latitude)
        yield (
            geometry, _storable(unit), _storable(fix.device), number, _date(fix.fix_time),
            to_microseconds(fix.fix_time), fix.altitude, fix.speed, fix.course, fix.accuracy,
            fix.battery, points.own_attributes(fix),
        )  # fmt: skip


def _track_rows(tracks: Sequence[Track]) -> Iterator[tuple[Any, ...]]:
    for number, (track, part) in enumerate(_parts(tracks)):
        if len(part) < 2:
            continue  # a line has two positions at least; the fix is among the points
        line = [value for fix in part for value in (fix.longitude, fix.latitude)]
        west, south, east, north = _box(part)
        envelope = struct.pack("<2sBBi4d", b"GP", 0, 3, 4326, west, east, south, north)
        geometry = envelope + struct.pack(f"<BII{len(line)}d", 1, 2, len(part), *line)
        first, last = part[0], part[-1]
        yield (
            geometry, _storable(track.name), _storable(first.device), number,
            _date(first.fix_time), _date(last.fix_time), len(part),
        )  # fmt: skip


_HEADER = struct.pack("<2sBBi", b"GP", 0, 1, 4326)


def _parts(tracks: Sequence[Track]) -> Iterator[tuple[Track, Sequence[Fix]]]:
    return ((track, part) for track in tracks for part in track.segments)


def _box(fixes: Sequence[Fix]) -> tuple[float | None, float | None, float | None, float | None]:
    """West, south, east, north."""
    if not fixes:
        return None, None, None, None
    east, north = [fix.longitude for fix in fixes], [fix.latitude for fix in fixes]
    return min(east), min(north), max(east), max(north)


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


# --- in ------------------------------------------------------------------------------------------


def decode(data: bytes, *, device: str = "", utc: bool = False) -> Iterator[list[Report]]:
    """The points of the layer ``fixes``, else of the first layer of points; one list as long as
    the column ``segment`` is the same.

    Raises ``Unreadable`` where the file is no GeoPackage with points in WGS84, is damaged, is too
    large or costs too much to read; what was read before is given first.
    """
    return points.segments(_read(data, device, utc))


def _read(data: bytes, device: str, utc: bool) -> Iterator[tuple[object, Report]]:
    if not data.startswith(_MAGIC):
        raise Unreadable("file", "is no GeoPackage")
    if len(data) > MOST_BYTES:
        raise Unreadable("file", f"is larger than {MOST_BYTES // 1024 // 1024} MB: split it")
    database = sqlite3.connect(":memory:")
    try:
        if data[18:20] != b"\x01\x01":
            # which asks for a write-ahead log beside the file, and there is none
            data = data[:18] + b"\x01\x01" + data[20:]
        database.deserialize(data)  # which reads nothing of it yet
        allowed = _confine(database)
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA cell_size_check = ON")
        yield from _points(database, allowed, device, utc)
    except (sqlite3.Error, OverflowError, UnicodeError) as fault:  # names may be of any bytes
        raise Unreadable("file", f"is broken: {plain_words(fault)}") from fault
    finally:
        database.close()


def _confine(database: sqlite3.Connection) -> set[str]:
    """Only reading, only so much of it, and only of the tables in the set that is returned: of no
    view, by no function, and nothing that calls itself."""
    for limit, most in _LIMITS.items():
        database.setlimit(limit, most)
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    calls = iter(range(_CALLS))
    database.set_progress_handler(lambda: next(calls, None) is None, _INSTRUCTIONS)
    allowed = set(_SCHEMA_TABLE)

    def may(action: int, one: str | None, two: str | None, _db: str | None, via: str | None) -> int:
        reads = action == sqlite3.SQLITE_READ and one in allowed and via is None
        asks = action == sqlite3.SQLITE_PRAGMA and one in _PRAGMAS
        good = reads or asks or action == sqlite3.SQLITE_SELECT
        return sqlite3.SQLITE_OK if good else sqlite3.SQLITE_DENY

    database.set_authorizer(may)
    return allowed


_PRAGMAS = ("trusted_schema", "cell_size_check", "table_xinfo")


def _points(
    database: sqlite3.Connection, allowed: set[str], device: str, utc: bool
) -> Iterator[tuple[object, Report]]:
    table, geometry = _layer(database, allowed)
    asked = _columns(database, table, geometry)
    # qualified, because what is no column would else be read as a text
    listed = ", ".join(f"layer.{_quoted(one)}" for one in asked)
    # columns by name, so that none is computed; no index, which need not say what the table says
    rows = database.execute(f"SELECT {listed} FROM {_quoted(table)} AS layer NOT INDEXED")  # noqa: S608
    names, geometry = [column_name(one) for one in asked], column_name(geometry)
    for number, row in enumerate(rows, 1):
        record = {
            name: value
            for name, value in zip(names, row, strict=True)
            if name not in ("fid", geometry) and value is not None and not isinstance(value, bytes)
        }
        if not record and row[names.index(geometry)] is None:
            continue  # as an empty row of a table
        place = _point(row[names.index(geometry)])
        if place is not None:
            record["longitude"], record["latitude"] = place
        exact = record.pop("fix_time_us", None)
        if isinstance(exact, int) and abs(exact) < 1 << 56:
            record["time"] = from_microseconds(exact).isoformat()
        one = points.report(record, where=f"feature {number}", device=device, utc=utc)
        yield record.get("segment"), one


def _layer(database: sqlite3.Connection, allowed: set[str]) -> tuple[str, str]:
    """Table and geometry column of the layer to read; both are allowed from here on."""
    for table in _LISTS:
        _check_table(database, table)
        allowed.add(table)
    query = (
        "SELECT table_name, column_name, geometry_type_name, srs_id FROM gpkg_geometry_columns"
        " NOT INDEXED LIMIT ?"
    )
    found = database.execute(query, (MOST_LAYERS + 1,)).fetchall()
    if len(found) > MOST_LAYERS:
        raise Unreadable("file", f"has more than {MOST_LAYERS:,} layers")
    layers = [row for row in found if all(isinstance(it, str) for it in row[:3])]
    layers.sort(key=lambda row: (row[0] != "fixes", row[2].upper() != "POINT"))
    if not layers or layers[0][2].upper() not in ("POINT", "GEOMETRY"):
        raise Unreadable("file", "has no layer of points")
    table, column, _, number = layers[0]
    query = (
        "SELECT organization_coordsys_id FROM gpkg_spatial_ref_sys NOT INDEXED"
        " WHERE srs_id = ? LIMIT 1"
    )
    if database.execute(query, (number,)).fetchone() != (4326,):
        raise Unreadable("file", "has its points in another reference system than EPSG:4326")
    _check_table(database, table)
    allowed.add(table)
    return table, column


def _check_table(database: sqlite3.Connection, name: str) -> None:
    """Nothing but a table is read: a view may be endless, a virtual table be anything."""
    query = "SELECT type, rootpage FROM sqlite_master WHERE name = ? COLLATE NOCASE LIMIT 2"
    if [(kind, bool(page)) for kind, page in database.execute(query, (name,))] != [("table", True)]:
        raise Unreadable("file", f"has {name[:40]!a} as something else than a table")


def _columns(database: sqlite3.Connection, table: str, geometry: str) -> list[str]:
    """The columns that are stored; those that SQLite would compute are left out."""
    rows = database.execute(f"PRAGMA table_xinfo({_quoted(table)})").fetchall()
    names = [name for _, name, *_, hidden in rows if not hidden]
    if geometry not in names:
        raise Unreadable("file", "has a layer without its geometry")
    if len(names) > points.MOST_COLUMNS:
        raise Unreadable("file", f"has more than {points.MOST_COLUMNS} columns")
    return names


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _point(blob: Any) -> tuple[float, float] | None:
    """Longitude and latitude of a geometry; None where it is no point."""
    if not isinstance(blob, bytes) or len(blob) < 8 or blob[:2] != b"GP":
        return None
    kind = (blob[3] >> 1) & 7
    start = 8 + (_ENVELOPES[kind] if kind < len(_ENVELOPES) else 0)
    try:
        order = "<" if blob[start] else ">"
        (shape,) = struct.unpack_from(order + "I", blob, start + 1)
        if shape & 0x1FFFFFFF not in (1, 1001, 2001, 3001):
            return None
        longitude, latitude = struct.unpack_from(order + "2d", blob, start + 5)
    except (struct.error, IndexError):
        return None
    return longitude, latitude
