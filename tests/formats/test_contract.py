"""What every format of the registry keeps to, whichever it is."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fixes import Fix, Rejection, Report, judge
from domain.reports import Track, numbered
from formats.message import HttpMessage, MqttMessage, Unreadable
from formats.registry import (
    FILE_FORMATS,
    FORMATS,
    HTTP_FORMATS,
    MQTT_FORMATS,
    HttpFormat,
    MqttFormat,
)
from tests.formats.samples import FOLDER, RECEIVED_AT, every_sample, expected, message, samples

DOCUMENT = Path(__file__).parents[2] / "docs" / "formats.md"
DEEP = b"[" * 20_000
Reader = Callable[[bytes], list[Report]]

HOSTILE = {
    "nothing": b"",
    "blank": b"  \n",
    "zero bytes": b"\x00" * 500,
    "wrong utf-8": b"\xff\xfe\xfa{}\x80",
    "utf-16": "{}".encode("utf-16"),
    "deep list": DEEP,
    "deep object": b'{"location":' * 20_000,
    "deep value": b'{"device_id":"d","_type":"location","location":'
    + b"[" * 900
    + b"]" * 900
    + b"}",
    "deep coordinate": b'{"_type":"location","lat":' + b"[" * 500 + b"]" * 500 + b',"lon":1}',
    "deep elements": b"<gpx>" + b"<a>" * 20_000,
    "long digits": b'{"_type":"location","lat":' + b"9" * 60_000 + b"}",
    "many digits": b'{"_type":"location","lat":1' + b"0" * 4_000 + b',"lon":1e400,"tst":1e300}',
    "digits as text": b'{"_type":"location","lat":"' + b"1" * 60_000 + b'x","lon":"1e99999"}',
    "half characters": b'{"_type":"location","lat":"\\ud800","lon":"\\udfff","\\ud800":1}',
    "null": b"null",
    "text": b'"hello"',
    "list of nothing": b"[null, 1, []]",
    "other types": b'{"_type":["location"],"location":7,"device_id":{"a":1}}',
    "many parameters": b"&".join(b"p%d=1" % count for count in range(5_000)),
    "no end": b"<gpx><trk><trkseg><trkpt",
    "unknown encoding": b'<?xml version="1.0" encoding="klingon"?><gpx/>',
    "two byte encoding": b'<?xml version="1.0" encoding="shift_jis"?><gpx/>',
    "unbound prefix": b"<gpx><a:trk/></gpx>",
    "outer entity": b'<!DOCTYPE gpx [<!ENTITY x SYSTEM "file:///etc/passwd">]><gpx>&x;</gpx>',
    "laughs": b'<!DOCTYPE gpx [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><gpx>&b;</gpx>',
    "far times": b"<gpx><trk><trkseg><trkpt lat='1' lon='1'><time>0000-00-00T00:00:00Z</time>"
    b"</trkpt><trkpt lat='1' lon='1'><time>9999-12-31T23:59:59-12:00</time></trkpt>"
    b"<trkpt lat='1' lon='1'><time>0001-01-01T00:00:00+14:00</time></trkpt></trkseg></trk></gpx>",
}


def reader(name: str) -> Reader:
    """Reads bytes as a format: files as they are, requests as their bodies."""
    found = FORMATS[name]
    if isinstance(found, HttpFormat):
        return lambda raw: list(found.decode(posted(raw)))
    if isinstance(found, MqttFormat):
        return lambda raw: published(found, raw)
    return lambda raw: [report for segment in found.decode(raw) for report in segment]


def posted(body: bytes, content_type: str = "application/json", **query: str) -> HttpMessage:
    return HttpMessage("POST", {"id": "d", "d": "d", **query}, {}, {}, body, content_type)


def published(found: MqttFormat, raw: bytes) -> list[Report]:
    """As a message that has just come, and as one that the broker had kept."""
    said = [found.decode(MqttMessage("owntracks/u/d", raw, kept), "d") for kept in (False, True)]
    return [one.report for one in said if one.report is not None]


def check(reports: list[Report]) -> None:
    """Whatever came out can be judged, and nothing that is kept is wild."""
    for report in reports:
        assert isinstance(report, Report)
        assert report.fix_time is None or report.fix_time.tzinfo is UTC
        verdict = judge(report, RECEIVED_AT, anywhere=True)
        if isinstance(verdict, Fix):
            assert math.isfinite(verdict.latitude + verdict.longitude)


def read_or_refused(read: Reader, raw: bytes) -> None:
    """Reports that can be judged, or a refusal that can be shown; no other exception."""
    refusal: Unreadable | None = None
    try:
        check(read(raw))
    except Unreadable as fault:
        refusal = fault
    if refusal is not None:
        assert refusal.field
        assert refusal.detail.isascii()
        assert len(refusal.detail) < 200


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_has_payloads_and_a_section_in_the_documents(name: str) -> None:
    assert FORMATS[name].label
    assert len(samples(name)) >= 5
    assert any(path.with_suffix(".json").is_file() for path in samples(name))
    assert f"\n## `{name}`" in DOCUMENT.read_text(encoding="utf-8")


def test_no_payload_is_left_without_its_format() -> None:
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_the_payloads_show_a_fix_a_fault_and_a_refusal(name: str) -> None:
    outcomes = [expected(path) for path in samples(name)]
    reports = [each for outcome in outcomes for part in outcome["segments"] for each in part]
    assert any(each["judged"] == "Fix" for each in reports)
    assert any("unreadable" in outcome for outcome in outcomes)
    assert any(each["judged"] != "Fix" for each in reports)


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("name", FORMATS)
def test_hostile_input_is_read_or_refused_and_never_raises_otherwise(name: str, raw: bytes) -> None:
    read_or_refused(reader(name), raw)


@pytest.mark.parametrize("name", HTTP_FORMATS)
@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_hostile_input_never_stops_the_identification(name: str, raw: bytes) -> None:
    for content_type in ("application/json", "text/plain", ""):
        device = HTTP_FORMATS[name].identify(HttpMessage("POST", {}, {}, {}, raw, content_type))
        assert device is None or device.isprintable()


@pytest.mark.parametrize("name", MQTT_FORMATS)
@given(topic=st.text(max_size=200) | st.text("abc/+#", max_size=40).map("owntracks/".__add__))
def test_any_topic_names_a_device_or_none(name: str, topic: str) -> None:
    device = MQTT_FORMATS[name].identify(topic)
    assert device is None or (device.isprintable() and f"/{device}" in topic)


@pytest.mark.parametrize("name", FORMATS)
@given(raw=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8")))
def test_any_bytes_are_read_or_refused(name: str, raw: bytes) -> None:
    read_or_refused(reader(name), raw)


@pytest.mark.parametrize(
    ("name", "path"), every_sample(), ids=lambda value: getattr(value, "stem", value)
)
def test_a_damaged_payload_is_read_or_refused(name: str, path: Path) -> None:
    found, whole = FORMATS[name], path.read_bytes()
    dice = random.Random(path.stem)
    for _ in range(60):
        raw = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(raw) + 1)
            raw[at : at + dice.randint(0, 3)] = dice.randbytes(dice.randint(0, 3))
        if isinstance(found, HttpFormat):
            sample, body = message(whole), bytes(raw).rpartition(b"\n\n")[2]
            damaged = HttpMessage(
                "POST", sample.query, {}, sample.headers, body, "application/json"
            )
            read_or_refused(lambda _, each=damaged: list(found.decode(each)), b"")
        else:
            read_or_refused(reader(name), bytes(raw))


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)
KEYS = ("lat", "lon", "tst", "vel", "cog", "acc", "batt", "alarm", "timestamp", "coords", "extras")


@given(record=st.dictionaries(st.sampled_from(KEYS), json_values))
def test_any_json_in_the_right_places_is_read_or_refused(record: dict[str, Any]) -> None:
    for document in (
        {"_type": "location", **record},
        {"device_id": "d", "location": record},
        {"device_id": "d", "location": {"coords": {"latitude": record.get("lat"), **record}}},
    ):
        body = json.dumps(document).encode()
        for name in ("owntracks", "owntracks_mqtt", "traccar_client"):
            read_or_refused(reader(name), body)


@given(
    query=st.dictionaries(
        st.sampled_from(("lat", "lon", "location", "timestamp", "speed", "alarm", "valid", "batt")),
        st.text(max_size=24) | st.floats().map(str) | st.integers().map(str),
    )
)
def test_any_text_in_the_right_parameters_is_read_or_refused(query: dict[str, str]) -> None:
    sample = HttpMessage("GET", {"id": "d", **query}, {}, {}, b"", "")
    read_or_refused(lambda _: list(HTTP_FORMATS["osmand"].decode(sample)), b"")


@pytest.mark.parametrize("name", [name for name, each in FILE_FORMATS.items() if each.encode])
def test_what_is_written_is_read_back(name: str) -> None:
    def fix(second: int, **extra: float | None) -> Fix:
        at = datetime(2026, 11, 20, 8, 0, second, 250_000, tzinfo=UTC)
        nothing = dict.fromkeys(("speed", "course", "altitude", "accuracy", "battery"))
        return Fix("", at, 42.1 + second / 3, 20.1, attributes={}, **{**nothing, **extra})

    segments = [
        [fix(0, speed=1e-7, course=0.0, altitude=-3.5, accuracy=4.1, battery=100.0), fix(1)],
        [],
        [fix(2, accuracy=9.0), fix(3, course=359.9)],
    ]
    written = FILE_FORMATS[name].encode
    assert written is not None
    raw = written([Track("Sokol 1 <&> \x00\ud800", segments), Track("Sokol 2", [[fix(4)]])])
    back = [
        [judge(report, RECEIVED_AT, anywhere=True) for report in numbered([segment])]
        for segment in FILE_FORMATS[name].decode(raw)
    ]
    assert [part for part in back if part] == [*filter(None, segments), [fix(4)]]


def test_every_reason_that_a_decoder_gives_is_one_of_the_contract() -> None:
    known = set(Rejection.__doc__.replace("\n", " ").replace(",", " ").replace(".", " ").split())
    for name, path in every_sample():
        for part in expected(path)["segments"]:
            for report in part:
                reasons = {fault.split()[0] for fault in report.get("faults", [])}
                assert reasons <= known, name
