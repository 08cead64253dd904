"""Files of tracks, whatever the format: what is written is read back as the same fixes."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.file_budget import MOST_REFUSED
from domain.fixes import Fix, Report, judge
from domain.reports import TooMuch, Track, numbered
from domain.stored_fixes import SEGMENT
from formats import csv_table, geojson, geopackage, gpx, points
from formats.message import Unreadable
from formats.registry import FILE_FORMATS, file_format
from tests.formats.samples import RECEIVED_AT

START = datetime(2026, 11, 20, 8, 0, 0, 250_001, tzinfo=UTC)
extras = st.none() | st.floats(0, 100, allow_nan=False)
said = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
devices = st.text(
    st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20
) | st.sampled_from(["=1+1", "-phone", "'=x", "@home", "a,b;c", 'q"'])
attributes = st.dictionaries(
    said.filter(lambda name: name not in ("valid", SEGMENT)),
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | said | st.lists(said, max_size=2)
    | st.floats(allow_nan=False, allow_infinity=False),
    max_size=3,
) | st.just({SEGMENT: 3, "dropped": {"speed": -1.0}})  # fmt: skip
fixes = st.builds(
    Fix,
    device=devices,
    fix_time=st.datetimes(datetime(2008, 1, 2), datetime(2026, 11, 1)).map(  # noqa: DTZ001
        lambda moment: moment.replace(tzinfo=UTC)
    ),
    latitude=st.floats(-90, 90).filter(lambda value: abs(value) > 1),
    longitude=st.floats(45, 180) | st.floats(-180, -45),
    speed=extras,
    course=extras,
    altitude=st.none() | st.floats(-400, 9000),
    accuracy=extras,
    battery=extras,
    attributes=attributes,
)


def fix(second: int = 0, **changed: Any) -> Fix:
    nothing = dict.fromkeys(("speed", "course", "altitude", "accuracy", "battery"))
    at = START.replace(second=second)
    values = {"device": "phone-1", "latitude": 42.1, "longitude": 20.1, **nothing, **changed}
    return Fix(fix_time=at, attributes={}, **values)


def back(name: str, raw: bytes, **told: Any) -> list[Any]:
    """What an import of the file would store."""
    reports = numbered(FILE_FORMATS[name].decode(raw, **told))
    return [judge(report, RECEIVED_AT, anywhere=True) for report in reports]


def read(name: str, raw: str | bytes, **told: Any) -> list[Report]:
    data = raw.encode() if isinstance(raw, str) else raw
    return [report for part in FILE_FORMATS[name].decode(data, **told) for report in part]


@pytest.mark.parametrize("name", FILE_FORMATS)
@settings(max_examples=60)
@given(segments=st.lists(st.lists(fixes, min_size=1, max_size=4), max_size=3))
def test_an_export_gives_the_same_fixes_again(name: str, segments: list[list[Fix]]) -> None:
    encode = FILE_FORMATS[name].encode
    assert encode is not None
    raw = encode([Track("PAPA 11", segments), Track("-PAPA 12", [[fix()]])])
    assert back(name, raw) == [one for part in segments for one in part] + [fix()]
    parts = [[one.unit for one in part] for part in FILE_FORMATS[name].decode(raw) if part]
    assert parts == [["PAPA 11"] * len(part) for part in segments] + [["-PAPA 12"]]


def test_the_device_of_a_file_goes_before_the_one_of_the_import() -> None:
    for found in FILE_FORMATS.values():
        assert found.encode is not None
        raw = found.encode([Track("P", [[fix(), fix(1, device="")]])])
        reports = [one for part in found.decode(raw, device="import") for one in part]
        assert [one.device for one in reports] == ["phone-1", "import"]


def test_how_a_name_ends_tells_the_format() -> None:
    names = {
        end: file_format(f"Walk.{end}")[0] for end in ("GPX", "geojson", "json", "csv", "gpkg")
    }
    assert list(names.values()) == ["gpx", "geojson", "geojson", "csv_table", "geopackage"]


# --- CSV -----------------------------------------------------------------------------------------


def cells(*tracks: Track) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_table.encode(tracks).decode())))


@pytest.mark.parametrize("name", ["=cmd|x", "+1", "-1", "@x", "\tx", "\rx", "'=x", "\uff1dx"])
def test_no_text_of_a_table_is_a_formula(name: str) -> None:
    (row,) = cells(Track(name, [[fix(longitude=-20.1, altitude=-3.5)]]))
    assert row["unit"] == "'" + name
    assert (row["longitude"], row["altitude"]) == ("-20.1", "-3.5")  # numbers stay numbers


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_are_found_out(separator: str) -> None:
    lines = ["Timestamp,LAT,Lng", "2026-11-20T08:00:00Z,42.1,20.1"]
    (report,) = read("csv_table", "\n".join(lines).replace(",", separator))
    assert (report.latitude, report.longitude, report.where) == (42.1, 20.1, "row 2")


def test_a_table_of_a_spreadsheet_in_utf_16_is_read() -> None:
    raw = "time\tlat\tlon\r\n2026-11-20T08:00:00Z\t42.1\t20.1\r\n".encode("utf-16")
    assert [one.latitude for one in read("csv_table", raw)] == [42.1]


def test_decimal_commas_are_refused_in_clear_words() -> None:
    for raw in ("time;lat;lon\n1;42,1;20,1\n", 'time,lat,lon\n1,"42,1","20,1"\n'):
        with pytest.raises(Unreadable, match=r"decimal commas \(row 2, latitude: '42,1'\)"):
            read("csv_table", raw)


@pytest.mark.parametrize("time", ["2026-11-20 08:00", "2026-11-20T08:00:00", "20261120T080000.5"])
def test_a_time_without_a_zone_is_utc_only_when_somebody_says_so(time: str) -> None:
    table = f"time,lat,lon\n{time},42.1,20.1\n"
    point = {"type": "Point", "coordinates": [20.1, 42.1]}
    feature = json.dumps({"type": "Feature", "properties": {"time": time}, "geometry": point})
    for name, raw in (("csv_table", table), ("geojson", feature)):
        (asked,) = read(name, raw)
        assert [fault.reason for fault in asked.faults] == ["no_zone"]
        (believed,) = read(name, raw, utc=True)
        assert believed.fix_time is not None
        assert believed.fix_time.replace(second=0, microsecond=0) == START.replace(
            second=0, microsecond=0
        )


def test_times_are_read_as_gdal_writes_them(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame(
        {"time": [datetime(2026, 11, 30, 22, 2, 13, tzinfo=UTC)]},
        geometry=[shapely.Point(20.9, 42.6)],
        crs="EPSG:4326",
    )
    path = tmp_path / "gdal.csv"
    pyogrio.write_dataframe(frame, path, driver="CSV", layer_options={"GEOMETRY": "AS_XY"})
    assert b"2026/11/30 22:02:13" in path.read_bytes()
    ((one,),) = csv_table.decode(path.read_bytes(), device="d")
    assert one.fix_time == datetime(2026, 11, 30, 22, 2, 13, tzinfo=UTC)
    assert not one.faults
    ((zoneless,),) = csv_table.decode(b"X,Y,time\n20.9,42.6,2026/11/30 22:02:13\n", device="d")
    assert [fault.reason for fault in zoneless.faults] == ["no_zone"]


def test_what_is_broken_is_told_in_our_words() -> None:
    number = b'{"type":"Point","coordinates":[' + b"1" * 5000 + b",1]}"
    with pytest.raises(Unreadable) as long:
        list(geojson.decode(number))
    assert long.value.detail == "has a number of thousands of digits"
    with pytest.raises(Unreadable) as broken:
        list(gpx.decode(b"<gpx><trk"))
    assert broken.value.detail.startswith("is broken: unclosed token")
    assert not broken.value.detail.endswith("'")


def test_a_bad_row_tells_its_number_and_the_rest_goes_on() -> None:
    rows = "time,lat,lon\n2026-11-20T08:00:00Z,42.1,20.1\n2026-11-20T08:00:01Z,x,20.1\n"
    reports = read("csv_table", rows + "2026-11-20T08:00:02Z,42.1,20.1,and,more\n")
    assert [len(one.faults) for one in reports] == [0, 1, 0]
    assert reports[1].faults[0].detail == "row 3: latitude: 'x' is not a number"


def test_there_are_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "MOST_POINTS", 2)
    monkeypatch.setattr(geojson, "MOST_BYTES", 2_000)
    monkeypatch.setattr(geopackage, "MOST_BYTES", 100_000)
    many = [Track("P", [[fix(second) for second in range(3)]])]
    for name in ("csv_table", "geojson", "geopackage"):
        encode = FILE_FORMATS[name].encode
        assert encode is not None
        parts = FILE_FORMATS[name].decode(encode(many))
        assert len(next(parts)) == 2
        with pytest.raises(Unreadable, match="more than 2"):
            next(parts)
    for name, raw in (("geojson", b"[" * 2_001), ("geopackage", b"SQLite format 3\0" * 9_999)):
        with pytest.raises(Unreadable, match="larger than"):
            read(name, raw)
    with pytest.raises(Unreadable, match="columns"):
        read("csv_table", "lat,lon" + ",a" * 200)


# --- GeoPackage ----------------------------------------------------------------------------------


def written(tmp_path: Path, segments: Sequence[Sequence[Fix]]) -> Path:
    path = tmp_path / "out.gpkg"
    path.write_bytes(geopackage.encode([Track("PAPA 11", segments)]))
    return path


def test_the_library_under_qgis_opens_both_layers(tmp_path: Path) -> None:
    path = written(tmp_path, [[fix(0, speed=3.5), fix(1, latitude=42.2)], [fix(2)]])
    layers = dict(pyogrio.list_layers(path).tolist())
    assert layers == {"fixes": "Point", "tracks": "LineString"}
    for name in layers:
        info = pyogrio.read_info(path, layer=name)
        assert info["crs"] == "EPSG:4326"
    frame = geopandas.read_file(path, layer="fixes")
    assert frame.geometry.tolist() == [
        shapely.Point(20.1, 42.1), shapely.Point(20.1, 42.2), shapely.Point(20.1, 42.1),
    ]  # fmt: skip
    assert frame["fix_time_us"].tolist()[0] % 1_000_000 == 250_001
    assert frame["time"][0].to_pydatetime() == START.replace(microsecond=250_000)
    assert frame["speed"].tolist()[0] == 3.5
    (line,) = geopandas.read_file(path, layer="tracks").geometry
    assert line == shapely.LineString([(20.1, 42.1), (20.1, 42.2)])


def test_the_file_is_what_the_standard_asks_for(tmp_path: Path) -> None:
    database = sqlite3.connect(written(tmp_path, [[fix()]]))
    try:
        assert database.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
        assert database.execute("PRAGMA user_version").fetchone() == (10300,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        references = database.execute("SELECT srs_id FROM gpkg_spatial_ref_sys").fetchall()
        assert {one for (one,) in references} >= {-1, 0, 4326}
    finally:
        database.close()


@pytest.mark.parametrize(
    "made",
    [
        "CREATE VIEW fixes AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT i AS fid, x'' AS geom FROM n",
        "CREATE VIRTUAL TABLE fixes USING fts5(geom)",
        "CREATE TABLE fixes (fid, geom AS (zeroblob(900000000)))",
        f"CREATE TABLE fixes (fid, geom, {', '.join(f'c{n}' for n in range(300))})",
        "CREATE TABLE fixes (fid, other)",
    ],
)
def test_a_database_that_wants_to_run_something_is_refused(made: str) -> None:
    database = sqlite3.connect(":memory:")
    database.deserialize(geopackage.encode([Track("P", [[fix()]])]))
    database.execute("DROP TABLE fixes")
    database.execute(made)
    database.commit()
    raw = database.serialize()
    database.close()
    with pytest.raises(Unreadable, match=r"something else than a table|columns|geometry"):
        read("geopackage", raw)


_ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"


@pytest.mark.parametrize(
    "made",
    [
        f"CREATE VIEW gpkg_spatial_ref_sys AS {_ENDLESS} 4326 AS srs_id,"
        " 4326 AS organization_coordsys_id FROM n WHERE i < 0",
        f"CREATE VIEW gpkg_geometry_columns AS {_ENDLESS} 'fixes' AS table_name, 'geom' AS"
        " column_name, 'POINT' AS geometry_type_name, 4326 AS srs_id FROM n WHERE i < 0",
        f"CREATE VIEW gpkg_contents AS {_ENDLESS} 'fixes' AS table_name FROM n",
    ],
)
def test_lists_of_a_database_that_are_endless_are_not_read(made: str) -> None:
    database = sqlite3.connect(":memory:")
    database.deserialize(geopackage.encode([Track("P", [[fix()]])]))
    name = made.split()[2]
    database.execute(f"DROP TABLE {name}")
    database.execute(made)
    database.commit()
    raw = database.serialize()
    database.close()
    if name == "gpkg_contents":  # nobody asks for it
        assert len(read("geopackage", raw)) == 1
        return
    with pytest.raises(Unreadable, match=f"has '{name}' as something else than a table"):
        read("geopackage", raw)


def test_what_a_database_would_compute_is_not_computed() -> None:
    database = sqlite3.connect(":memory:")
    database.deserialize(geopackage.encode([Track("P", [[fix()]])]))
    (geometry,) = database.execute("SELECT geom FROM fixes").fetchone()
    database.execute("DROP TABLE fixes")
    database.execute(
        "CREATE TABLE fixes (fid, geom, time, a AS (zeroblob(900000000)), b AS (hex(time)) STORED)"
    )
    moment = "2026-11-20T08:00:00Z"
    database.execute("INSERT INTO fixes VALUES (1, ?, ?)", (geometry, moment))
    database.executemany("INSERT INTO fixes VALUES (?, NULL, NULL)", [(2,), (3,)])
    database.commit()
    (found,) = read("geopackage", database.serialize())  # and rows that say nothing are none
    database.close()
    assert found.fix_time is not None
    assert found.attributes == {}


def test_a_file_of_points_that_are_none_is_cut_off() -> None:
    raw = b"time,lat,lon\n" + b"x,1,2\n" * (MOST_REFUSED + 10)
    with pytest.raises(TooMuch, match="20,000 points that would be refused, such as row 20002"):
        read("csv_table", raw)
    gpx_points = b"<trkpt/>" * (MOST_REFUSED + 10)
    with pytest.raises(TooMuch, match="latitude is missing"):
        read("gpx", b"<gpx><trk><trkseg>" + gpx_points + b"</trkseg></trk></gpx>")


def test_a_document_that_is_nested_deeply_is_refused() -> None:
    deep = b"<gpx>" + b"<a>" * 100_000
    with pytest.raises(Unreadable, match="nested deeper than 100"):
        read("gpx", deep)
    many = b'<gpx><trk><trkseg><trkpt lat="42" lon="20">' + b"<a/>" * 1_001
    with pytest.raises(Unreadable, match="a point of more than 1,000 elements"):
        read("gpx", many)
    with pytest.raises(Unreadable, match="nested too deeply"):
        read("geojson", b'{"type":"Feature","x":' + b"[" * 100_000)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"altitude DOUBLE", b"altitud\xe9 DOUBLE"),
        (b"CREATE TABLE fixes", b"CREATE T\xe9BLE fixes"),
    ],
    ids=["a column", "the schema"],
)
def test_a_database_with_names_that_are_no_utf_8_is_refused(old: bytes, new: bytes) -> None:
    raw = geopackage.encode([Track("P", [[fix()]])])
    assert raw.count(old) == 1
    with pytest.raises(Unreadable, match=r"no such column|codec can't decode"):
        list(geopackage.decode(raw.replace(old, new)))
