"""What is particular to one HTTP format: units, names of the device, which value wins."""

from __future__ import annotations

import base64
import json

import pytest

from formats import osmand, owntracks, traccar_client
from formats.message import HttpMessage, Unreadable, basic_credentials, bearer_token, device_id


def get(**query: str) -> HttpMessage:
    return HttpMessage("GET", query, {}, {}, b"", "")


def post(document: object, query: dict[str, str] | None = None, **headers: str) -> HttpMessage:
    body = json.dumps(document).encode()
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return HttpMessage("POST", query or {}, {}, names, body, "application/json")


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("unit", "expected"), [("knots", 18.5 * 1852 / 3600), ("kmh", 18.5 / 3.6), ("mps", 18.5)]
)
def test_osmand_speed_is_in_the_unit_of_the_device(unit: str, expected: float) -> None:
    (report,) = osmand.decode(get(id="d", speed="18.5"), speed_unit=unit)
    assert report.speed == pytest.approx(expected)


def test_osmand_refuses_a_unit_that_nobody_defined() -> None:
    with pytest.raises(KeyError):
        osmand.decode(get(id="d"), speed_unit="furlongs")


def test_osmand_keeps_the_key_out_of_what_is_stored() -> None:
    (report,) = osmand.decode(get(id="d", key="secret", lat="42.8", lon="20.8"))
    assert "secret" not in repr(report)


def test_osmand_query_wins_over_form_and_lat_lon_over_location() -> None:
    sample = HttpMessage("POST", {"id": "a"}, {"id": "b", "lat": "1"}, {}, b"id=b", "")
    assert osmand.identify(sample) == "a"
    (report,) = osmand.decode(get(id="a", lat="42.8", lon="20.8", location="1,2"))
    assert (report.latitude, report.longitude) == (42.8, 20.8)
    (report,) = osmand.decode(get(id="a", lat="", lon="", location="42.8, 20.8"))
    assert (report.latitude, report.longitude) == (42.8, 20.8)


@pytest.mark.parametrize("location", ["42.8", "42.8,", ",20.8", "42.8;20.8", "a,b"])
def test_osmand_half_a_location_is_no_silent_heartbeat(location: str) -> None:
    (report,) = osmand.decode(get(id="a", location=location))
    assert report.faults or (report.latitude is None) != (report.longitude is None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("fpu-test", "fpu-test"),
        (" 867440061234567 ", "867440061234567"),
        (867440061234567, "867440061234567"),
        ("Vozilo č", "Vozilo č"),
        ("", None),
        ("x" * 81, None),
        ("a\x00b", None),
        ("a\nb", None),
        ("\ud800", None),
        (True, None),
        (1.5, None),
        (-1, None),
        ([], None),
        (None, None),
    ],
)
def test_the_name_of_a_device(value: object, expected: str | None) -> None:
    assert device_id(value) == expected


def test_traccar_client_names_its_device_in_the_body_else_in_the_query() -> None:
    assert traccar_client.identify(post({"device_id": "a"}, {"id": "b"})) == "a"
    assert traccar_client.identify(post({}, {"id": "b"})) == "b"
    assert traccar_client.identify(post([], {"deviceid": "b"})) == "b"
    assert traccar_client.identify(post({"device_id": ["a"]}, {"id": "b"})) is None


def test_traccar_client_reads_a_list_of_locations() -> None:
    place = {"coords": {"latitude": 42.8, "longitude": 20.8}}
    reports = traccar_client.decode(post({"device_id": "a", "location": [place, place, {}]}))
    assert [report.latitude for report in reports] == [42.8, 42.8, None]


def test_owntracks_the_proven_name_goes_before_every_other() -> None:
    body = {"_type": "location", "topic": "owntracks/u/topic-device"}
    query = {"u": "u", "d": "query-device"}
    proven = post(body, query, Authorization=basic("basic-device:k"), X_Limit_D="header-device")
    assert owntracks.identify(proven) == "basic-device"
    assert owntracks.identify(post(body, query, X_Limit_D="header-device")) == "header-device"
    assert owntracks.identify(post(body, query)) == "query-device"
    assert owntracks.identify(post(body)) == "topic-device"
    assert owntracks.identify(post({}, X_Limit_U="only-user")) == "only-user"
    assert owntracks.identify(post({"topic": "owntracks/u"}, {"u": "only-user"})) == "only-user"
    assert owntracks.identify(post({"topic": 5})) is None


def test_owntracks_an_encrypted_message_says_what_to_do() -> None:
    with pytest.raises(Unreadable, match="encryption key in the app"):
        owntracks.decode(post({"_type": "encrypted", "data": "x"}, {"d": "a"}))


@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic !!!", "Basic " + "A" * 5, basic("no-colon"), "Digest a=b"]
)
def test_credentials_that_are_none(header: str) -> None:
    assert basic_credentials(post({}, Authorization=header)) is None


def test_credentials_and_tokens() -> None:
    assert basic_credentials(post({}, authorization=basic("a:b:c"))) == ("a", "b:c")
    assert bearer_token(post({}, Authorization="Bearer abc ")) == "abc"
    assert bearer_token(post({}, Authorization="Bearer ")) is None
    assert bearer_token(post({}, Authorization="Basic abc")) is None
