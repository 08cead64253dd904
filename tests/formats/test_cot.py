"""Cursor on Target: streams cut anywhere, events together or alone, and what each event means."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fixes import Fix, Heartbeat, Rejection, judge
from formats.cot import CotEvent, Kind, Reading, Refused, decode, read
from formats.cot_stream import END, LARGEST_EVENT, Splitter
from formats.cot_writer import DECLARATION, encode, pong
from formats.message import HttpMessage, Unreadable

NOW = datetime(2026, 11, 21, 20, 30, 5, tzinfo=UTC)
POINT = '<point lat="42.89" lon="20.87" hae="560.5" ce="4.5" le="9999999.0"/>'
DETAIL = (
    '<detail><contact callsign="SOKOL 1"/><__group name="Cyan" role="Team Member"/>'
    '<status battery="78"/><track speed="1.5" course="45"/></detail>'
)


def event(
    *, uid: str = "phone-1", kind: str = "a-f-G-U-C", inside: str = POINT + DETAIL, **own: str
) -> bytes:
    known = {
        "version": "2.0", "uid": uid, "type": kind, "how": "m-g",
        "time": "2026-11-21T20:30:00.250Z", "start": "2026-11-21T20:30:00.250Z",
        "stale": "2026-11-21T20:36:00.250Z", **own,
    }  # fmt: skip
    said = " ".join(f'{key}="{value}"' for key, value in known.items() if value)
    return f"<event {said}>{inside}</event>".encode()


def one(data: bytes) -> CotEvent:
    (found,) = read(Splitter().feed(data))
    assert isinstance(found, CotEvent)
    return found


def shown(readings: list[Reading]) -> list[Any]:
    return [
        (each.kind, each.device, each.report, each.raw)
        if isinstance(each, CotEvent)
        else ("refused", each.raw)
        for each in readings
    ]


def test_a_position_is_read_in_our_units() -> None:
    found = one(DECLARATION + event())
    assert (found.kind, found.device, found.title) == (Kind.POSITION, "phone-1", "SOKOL 1")
    fix = judge(found.report, NOW)
    assert isinstance(fix, Fix)
    assert fix.fix_time == NOW.replace(second=0, microsecond=250_000)
    assert (fix.latitude, fix.longitude, fix.altitude, fix.accuracy) == (42.89, 20.87, 560.5, 4.5)
    assert (fix.speed, fix.course, fix.battery) == (1.5, 45.0, 78.0)
    assert fix.attributes == {
        "type": "a-f-G-U-C",
        "how": "m-g",
        "stale": "2026-11-21T20:36:00.250Z",
        "callsign": "SOKOL 1",
        "group": "Cyan",
        "role": "Team Member",
    }


def test_what_a_sender_leaves_out_costs_nothing() -> None:
    found = one(event(how="", start="", stale="", inside='<point lat="42.89" lon="20.87"/>'))
    assert isinstance(judge(found.report, NOW), Fix)


@pytest.mark.parametrize("unknown", ["999999", "9999999.0", "999999.0"])
def test_unknown_heights_and_errors_are_unknown(unknown: str) -> None:
    point = f'<point lat="42.89" lon="20.87" hae="{unknown}" ce="{unknown}" le="{unknown}"/>'
    report = one(event(inside=point)).report
    assert (report.altitude, report.accuracy) == (None, None)
    assert "dropped" not in report.attributes


def test_a_client_without_a_receiver_is_alive_and_nowhere() -> None:
    point = '<point lat="0.0" lon="0.0" hae="9999999.0" ce="9999999.0" le="9999999.0"/>'
    assert isinstance(judge(one(event(inside=point)).report, NOW), Heartbeat)
    believed = point.replace('ce="9999999.0"', 'ce="5"')
    assert isinstance(judge(one(event(inside=believed)).report, NOW), Rejection)


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        ("", "unreadable"),
        ('<point lon="20.87"/>', "unreadable"),
        ('<point lat="1_0" lon="20.87"/>', "not_a_number"),
        ('<point lat="٤٢" lon="20.87"/>', "not_a_number"),
        ('<point lat="nan" lon="20.87"/>', "not_a_number"),
        ('<point lat="91" lon="20.87"/>', "out_of_range"),
    ],
)
def test_a_position_that_cannot_be_has_its_reason(point: str, reason: str) -> None:
    verdict = judge(one(event(inside=point)).report, NOW)
    assert isinstance(verdict, Rejection)
    assert verdict.reason == reason


@pytest.mark.parametrize(
    ("said", "kind", "device"),
    [
        ({"kind": "b-a-o-tbl", "uid": "phone-1-9-1-1"}, Kind.EMERGENCY, "phone-1"),
        ({"kind": "b-a-o-can", "uid": "phone-1-9-1-1"}, Kind.CANCEL, "phone-1"),
        ({"kind": "b-m-p-s-m", "uid": "marker"}, Kind.SPOT, "marker"),
        ({"kind": "t-x-c-t", "uid": "phone-1-ping"}, Kind.PING, "phone-1-ping"),
        ({"kind": "t-x-c-t-r"}, Kind.OTHER, "phone-1"),
        ({"kind": "b-t-f"}, Kind.OTHER, "phone-1"),
        ({"kind": "u-d-f"}, Kind.OTHER, "phone-1"),
    ],
)
def test_kinds(said: dict[str, str], kind: Kind, device: str) -> None:
    found = one(event(**said))
    assert (found.kind, found.device) == (kind, device)


def test_who_sets_a_marker_is_told_by_its_link() -> None:
    link = '<link uid="phone-9" relation="p-p"/>'
    inside = (
        f'{POINT}<detail><link uid="x" relation="c"/>{link}<remarks> two &lt;3 </remarks></detail>'
    )
    spot = one(event(uid="marker", kind="a-h-G", how="h-g-i-g-o", inside=inside))
    assert (spot.kind, spot.device, spot.remarks) == (Kind.SPOT, "phone-9", "two <3")
    sensed = one(event(uid="marker", kind="a-h-G", how="m-g", inside=inside))
    assert sensed.kind is Kind.OTHER  # not a position of the phone, and nobody saw it


def test_alarms_have_names_that_call_for_help() -> None:
    names = {kind: one(event(kind=kind)).report.alarm for kind in ("b-a-o-pan", "b-a-g", "b-a-x")}
    assert names == {"b-a-o-pan": "ring the bell", "b-a-g": "geo-fence breached", "b-a-x": "sos"}
    cancelled = one(event(kind="b-a-o-tbl", inside=POINT + '<emergency cancel="true"/>'))
    assert (cancelled.kind, cancelled.report.alarm) == (Kind.CANCEL, None)


def test_no_document_type_and_no_entity_is_let_in() -> None:
    bomb = b'<!DOCTYPE event [<!ENTITY a "ha">]>' + event(inside=POINT + "&a;")
    outer = b'<!DOCTYPE event SYSTEM "file:///etc/passwd">' + event()
    for data in (bomb, outer, event(inside=POINT + "&nothing;")):
        first = read(Splitter().feed(data))[0]
        assert isinstance(first, Refused)
        assert first.fault.detail.startswith("is broken")


def test_an_event_says_nothing_about_the_one_behind_it() -> None:
    comment = b'<event uid="a" type="a-f"><!--</event>'
    swallowed = b'--></event><event uid="b" type="a-f">' + POINT.encode() + END
    found = read(Splitter().feed(event() + comment + swallowed + event(uid="c")))
    good = [each.device for each in found if isinstance(each, CotEvent)]
    assert good == ["phone-1", "b", "c"]


def test_a_stream_is_understood_again_after_what_is_no_event() -> None:
    hello = b'<event version="2.0" type="t-x-d-d" uid="takPong" how="m-g"/>'
    data = hello + event() + b"\x00rubbish<event uid='x' ty" + event(uid="b") + b"x" * 300_000
    found = read(Splitter().feed(data + DECLARATION + event(uid="c") + b"\n " + event(uid="d")))
    devices = [each.device for each in found if isinstance(each, CotEvent)]
    assert devices == ["takPong", "phone-1", "b", "c", "d"]
    assert sum(isinstance(each, Refused) for each in found) == 2


def test_garbage_costs_bounded_memory() -> None:
    splitter = Splitter()
    for _ in range(400):
        assert splitter.feed(b"<event " + b"x" * 10_000) == []
    assert len(splitter.rest()) <= LARGEST_EVENT
    (piece,) = splitter.feed(b"y" * (3 * LARGEST_EVENT) + END)
    assert len(piece) == LARGEST_EVENT


STREAM = b"".join(
    [
        DECLARATION, event(), b"\n", event(uid="ü"), b"trash", event(kind="b-t-f"), b"<event/>",
        event(inside=POINT + "<remarks>a]]&gt;</remarks>"), b"<a></event>", event(uid="last"),
    ]
)  # fmt: skip


def test_thousands_of_refusals_cost_bounded_memory() -> None:
    pieces = [b"</event>"] * 8_000
    tracemalloc.start()
    try:
        found = read(pieces)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert len(found) == len(pieces)
    assert all(isinstance(each, Refused) and each.fault.detail for each in found)


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_however_a_stream_is_cut_its_events_are_the_same(cuts: list[int]) -> None:
    splitter, pieces, start = Splitter(), [], 0
    for cut in (*sorted(cuts), len(STREAM)):
        pieces += splitter.feed(STREAM[start:cut])
        start = cut
    assert pieces == Splitter().feed(STREAM)
    assert shown(read(pieces)) == shown(read(Splitter().feed(STREAM)))


FRAGMENTS = st.sampled_from(
    [
        event(), event(uid="b"), DECLARATION + event(uid="c"), b"<event uid='d' type='a-f'>", END,
        b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<event/>", b"</s>", b"<s>", b"<x>", b"</x>",
        b"<!DOCTYPE s>", b"&amp;", b"\xff", b" ", b"<?pi?>",
    ]
)  # fmt: skip


@given(parts=st.lists(FRAGMENTS, max_size=12))
def test_together_is_the_same_as_one_by_one(parts: list[bytes]) -> None:
    pieces = Splitter().feed(b"".join(parts))
    alone = [each for piece in pieces for each in read([piece])]
    assert shown(read(pieces)) == shown(alone)


@given(at=st.integers(0, len(STREAM)), cut=st.integers(0, 40), noise=st.binary(max_size=12))
def test_damage_is_read_or_refused_with_a_reason(at: int, cut: int, noise: bytes) -> None:
    data = STREAM[:at] + noise + STREAM[at + cut :]
    for each in read(Splitter().feed(data)):
        if isinstance(each, Refused):
            assert each.fault.field
            assert each.fault.detail.isascii()
        else:
            judge(each.report, NOW)


@given(
    latitude=st.floats(42, 43),
    longitude=st.floats(20.1, 21.7),
    speed=st.none() | st.floats(0, 100),
    accuracy=st.none() | st.floats(0, 10_000),
    callsign=st.text(min_size=1, max_size=20),
    second=st.integers(0, 86_399),
)
def test_what_is_written_is_read_back(
    latitude: float,
    longitude: float,
    speed: float | None,
    accuracy: float | None,
    callsign: str,
    second: int,
) -> None:
    moment = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(seconds=second, microseconds=7)
    course = None if speed is None else 359.5
    fix = Fix(
        "phone-1", moment, latitude, longitude, speed, course, None, accuracy, 50.0, {}
    )  # fmt: skip
    found = one(encode(fix, callsign, timedelta(minutes=5)))
    back = judge(found.report, NOW)
    assert isinstance(back, Fix)
    assert (back.device, back.fix_time) == (fix.device, fix.fix_time)
    told = (back.latitude, back.longitude, back.speed, back.course, back.accuracy, back.battery)
    assert told == (
        latitude, longitude, speed, course, accuracy, 50.0,
    )  # fmt: skip
    assert found.kind is Kind.POSITION
    assert back.attributes["stale"] > back.fix_time.isoformat()[:19]


def test_a_written_event_has_every_attribute_that_the_schema_requires() -> None:
    raw = pong(NOW)
    for name in (b"version=", b"uid=", b"type=", b"how=", b"time=", b"start=", b"stale="):
        assert name in raw
    for name in (b"lat=", b"lon=", b"hae=", b"ce=", b"le="):
        assert name in raw.partition(b"<point ")[2]
    assert one(raw).type == "t-x-c-t-r"


def test_a_request_speaks_for_one_device_only() -> None:
    both = event() + event(uid="other")
    request = HttpMessage("POST", {"id": "phone-1"}, {}, {}, both, "application/xml")
    with pytest.raises(Unreadable, match="another device"):
        decode(request)
    request = HttpMessage("POST", {"id": "phone-1"}, {}, {}, event() + event(), "text/xml")
    assert len(decode(request)) == 2
