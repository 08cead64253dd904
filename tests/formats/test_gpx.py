"""GPX against an independent reader and writer (gpxpy), and against files made to do harm."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

import gpxpy
import gpxpy.gpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.fixes import Fix, judge
from domain.reports import Track, numbered
from formats import gpx, points
from formats.gpx_writer import encode
from formats.message import Unreadable
from tests.formats.samples import RECEIVED_AT, numbers, samples

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
degrees = st.floats(-90, 90, allow_nan=False)
extras = st.none() | st.floats(0, 100, allow_nan=False)
fixes = st.builds(
    Fix,
    device=st.just(""),
    fix_time=st.datetimes(datetime(2008, 1, 2), datetime(2026, 11, 1)).map(  # noqa: DTZ001
        lambda moment: moment.replace(tzinfo=UTC)
    ),
    latitude=degrees.filter(lambda value: abs(value) > 1),
    longitude=st.floats(45, 180),
    speed=extras,
    course=extras,
    altitude=extras,
    accuracy=extras,
    battery=extras,
    attributes=st.just({}),
)


def theirs(raw: bytes) -> list[list[tuple[object, ...]]]:
    """What gpxpy reads; a time without a zone is UTC there, too."""
    return [
        [(p.latitude, p.longitude, p.elevation, _utc(p.time)) for p in segment.points]
        for track in gpxpy.parse(raw.decode()).tracks
        for segment in track.segments
    ]


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def document(*points: str) -> bytes:
    inside = "".join(points)
    return f'<gpx version="1.1"><trk><trkseg>{inside}</trkseg></trk></gpx>'.encode()


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_file_of_another_writer_is_read_as_its_reader_reads_it(version: str) -> None:
    file = gpxpy.gpx.GPX()
    for count in (0, 3, 1):
        track = gpxpy.gpx.GPXTrack(name="Šar / Sharri")
        for part in (count, 0, count + 2):
            points = [
                gpxpy.gpx.GPXTrackPoint(
                    42.1 + index / 7,
                    20.1 + index / 11,
                    elevation=500.5 if index % 2 else None,
                    time=START + timedelta(seconds=index) if index % 3 else None,
                )
                for index in range(part)
            ]
            track.segments.append(gpxpy.gpx.GPXTrackSegment(points))
        file.tracks.append(track)
    file.waypoints.append(gpxpy.gpx.GPXWaypoint(42, 20))
    raw = file.to_xml(version=version).encode()
    assert numbers(gpx.decode(raw)) == theirs(raw)


@pytest.mark.parametrize("stem", ["version_1_0", "version_1_1_extensions", "no_namespace"])
def test_the_payloads_are_read_as_another_reader_reads_them(stem: str) -> None:
    (path,) = (path for path in samples("gpx") if path.stem == stem)
    raw = path.read_bytes()
    assert numbers(gpx.decode(raw)) == theirs(raw)


@settings(max_examples=40)
@given(st.lists(st.lists(fixes, max_size=4), max_size=3))
def test_what_is_written_is_read_back_here_and_elsewhere(segments: list[list[Fix]]) -> None:
    raw = encode([Track("Sokol 1", segments)])
    back = [
        [judge(report, RECEIVED_AT, anywhere=True) for report in numbered([segment])]
        for segment in gpx.decode(raw)
    ]
    assert back == segments
    assert [[point[:3] for point in segment] for segment in theirs(raw)] == [
        [(fix.latitude, fix.longitude, fix.altitude) for fix in segment] for segment in segments
    ]


def test_the_device_is_the_one_of_the_import() -> None:
    point = '<trkpt lat="42.8" lon="20.8"><time>2026-11-20T08:00:00Z</time></trkpt>'
    ((report,),) = gpx.decode(document(point), device="Sokol 1")
    assert report.device == "Sokol 1"


def test_extensions_never_overwrite_the_position_or_invent_a_time() -> None:
    inner = "<x><lat>1</lat><time>2026-11-20T08:00:00Z</time><ele>9</ele><speed>4</speed></x>"
    point = f'<trkpt lat="42.8" lon="20.8"><extensions>{inner}</extensions></trkpt>'
    ((report,),) = gpx.decode(document(point))
    assert (report.latitude, report.altitude, report.fix_time) == (42.8, None, None)
    assert report.speed == 4.0
    assert [fault.reason for fault in report.faults] == ["no_time"]


def test_elements_in_odd_places_lose_no_point() -> None:
    point = '<trkpt lat="42.8" lon="20.8"><time>2026-11-20T08:00:00Z</time></trkpt>'
    odd = document(point, f"<trkseg>{point}</trkseg>", f"<group>{point}</group>", point)
    (segment,) = gpx.decode(odd)
    assert len(segment) == 4


def test_a_file_with_too_many_points_is_refused_after_what_was_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(points, "MOST_POINTS", 3)
    point = '<trkpt lat="42.8" lon="20.8"/>'
    segments = gpx.decode(document(*[point] * 5))
    assert len(next(segments)) == 3
    with pytest.raises(Unreadable, match="more than 3 points"):
        next(segments)


@pytest.mark.parametrize(
    ("begin", "letter", "end"),
    [("<!--", "x", "-->"), ("<wpt a='", "x", "'/>"), ("<", "n", "/>"), ("<?a ", "x", "?>")],
    ids=["comment", "attribute", "name", "instruction"],
)
def test_a_part_without_an_end_is_refused_after_what_was_read(
    begin: str, letter: str, end: str
) -> None:
    point = '<trkpt lat="42.8" lon="20.8"/>'
    short = f"{begin}{letter * 400_000}{end}"
    assert [len(each) for each in gpx.decode(document(point, short, point))] == [2]
    long = f"{begin}{letter * (gpx.LONGEST_PART + 100_000)}{end}"
    segments = gpx.decode(document(point, long, point))
    assert len(next(segments)) == 1
    with pytest.raises(Unreadable, match="tag or comment"):
        next(segments)


@pytest.mark.parametrize("begin", ["<!--", "<![CDATA["])
def test_counting_looks_for_an_end_once(begin: str) -> None:
    point = '<wpt lat="42.8" lon="20.8"/>'
    twice = document(point, "<!-- <wpt/> -->", "<![CDATA[<wpt/>]]>", point)
    assert gpx.passed_over(twice) == {"waypoints": 2}
    # were every beginning looked at to the end of the file, this would take a quarter of an hour
    assert gpx.passed_over(document(point, begin * 200_000, point)) == {"waypoints": 1}


def test_a_text_may_be_long() -> None:
    point = '<trkpt lat="42.8" lon="20.8"><desc>' + "x &amp; " * 400_000 + "</desc></trkpt>"
    (segment,) = gpx.decode(document(point))
    assert len(segment) == 1


@pytest.mark.parametrize(
    "inner",
    [
        '<!ENTITY a0 "ha">'
        + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9)),
        f'<!ENTITY a8 "{"x" * 2_000_000}">',
        '<!ENTITY a8 SYSTEM "file:///etc/passwd">',
        '<!ENTITY a8 SYSTEM "http://127.0.0.1:9/x">',
        '<!ENTITY % a8 SYSTEM "http://127.0.0.1:9/x.dtd"> %a8;',
    ],
    ids=["laughs", "large", "file", "network", "parameter"],
)
def test_a_document_type_is_refused_before_anything_grows(inner: str) -> None:
    raw = f"<!DOCTYPE gpx [{inner}]><gpx><trk><name>&a8;</name></trk></gpx>".encode()
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable, match="document type"):
            list(gpx.decode(raw))
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_large_file_is_read_segment_by_segment() -> None:
    point = '<trkpt lat="42.8" lon="20.8"><time>2026-11-20T08:00:00Z</time></trkpt>'
    segment = f"<trkseg>{point * 100}</trkseg>"
    raw = f"<gpx><wpt/>{'<rte/>' * 100}<trk>{segment * 200}</trk></gpx>".encode()
    tracemalloc.start()
    try:
        segments: Iterator[list[object]] = gpx.decode(raw)
        assert [len(each) for each in islice(segments, 100)] == [100] * 100
        assert sum(len(each) for each in segments) == 100 * 100
        assert tracemalloc.get_traced_memory()[1] < len(raw)
    finally:
        tracemalloc.stop()
