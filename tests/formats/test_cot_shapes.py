"""Values taken by their places are those that expat gives, whatever the markup around them."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from formats.cot_shapes import LONGEST, said_by_shape
from formats.cot_xml import read_one

PLAIN = st.text("abcXYZ 019.-_:/'>mM", max_size=8)
HOSTILE = st.one_of(
    PLAIN,
    st.text("a<&;\t\n\r\x00\x7f\u0105\ud800'>", max_size=4),
    st.sampled_from(["&amp;", "&#9;", "</event>", "<point lat=", "]]>", "-->", "m1", "mm1"]),
)
WANTED = ("uid", "type", "lat", "lon", "callsign", "how")
NAMES = st.sampled_from(["point", "contact", "track", "status", "x", "event", "remarks", "link"])
VALUE = "\ue000"  # where a value comes


def attributes(quote: str) -> st.SearchStrategy[str]:
    one = st.sampled_from(WANTED).map(lambda name: f" {name}={quote}{VALUE}{quote}")
    return st.lists(one, max_size=3).map("".join)


ELEMENTS = st.one_of(
    st.builds("<{}{}/>".format, NAMES, attributes('"')),
    st.builds("<{0}{1}>{2}</{0}>".format, NAMES, attributes('"'), PLAIN),
    st.builds("<{}{}/>".format, NAMES, attributes("'")),
    st.sampled_from(
        [
            f'say "{VALUE}" now', f'<!-- "{VALUE}" -->', f'<![CDATA["{VALUE}"]]>',
            f'<?word "{VALUE}"?>', f"<x y='a\"{VALUE}\"b'/>", "<x y='m1'/>", "\n", "\"",
        ]
    ),
)  # fmt: skip
MARKUP = st.builds(
    lambda own, inside: f'<event uid="{VALUE}" type="{VALUE}"{own}>{"".join(inside)}</event>',
    attributes('"'),
    st.lists(ELEMENTS, max_size=5),
)


def filled(markup: str, values: list[str]) -> bytes:
    first, *rest = markup.split(VALUE)
    told = "".join(values[place % len(values)] + piece for place, piece in enumerate(rest))
    return (first + told).encode("utf-8", "surrogatepass")


@given(
    markup=MARKUP,
    first=st.lists(PLAIN, min_size=1, max_size=4),
    then=st.lists(st.lists(HOSTILE, min_size=1, max_size=4), min_size=1, max_size=4),
)
def test_what_is_taken_by_its_place_is_what_expat_gives(
    markup: str, first: list[str], then: list[list[str]]
) -> None:
    for values in (first, *then):
        piece = filled(markup, values)
        said = said_by_shape(piece)
        if said is not None:
            expected = read_one(piece)
            assert not expected.pop("remarks", "")
            assert said == expected


def position(**own: str) -> bytes:
    known = {"uid": "phone-1", "lat": "42.89", "callsign": "SOKOL 1", **own}
    return (
        f'<event version="2.0" uid="{known["uid"]}" type="a-f-G-U-C" how="m-g"'
        f' time="2026-11-21T20:30:00Z"><point lat="{known["lat"]}" lon="20.87" ce="4.5"/>'
        f'<detail><contact callsign="{known["callsign"]}"/><remarks/></detail></event>'
    ).encode()


@given(lat=PLAIN, callsign=PLAIN)
def test_a_position_that_clients_send_is_taken_by_its_places(lat: str, callsign: str) -> None:
    said = said_by_shape(position(lat=lat, callsign=callsign))
    assert said is not None
    assert (said["point.lat"], said["contact.callsign"]) == (lat, callsign)
    assert said["event.uid"] == "phone-1"


@given(value=HOSTILE)
def test_a_value_that_is_no_plain_one_is_left_to_expat(value: str) -> None:
    assert said_by_shape(position()) is not None
    assume(not (value.isascii() and value.isprintable()) or "<" in value or "&" in value)
    said = position().replace(b"SOKOL 1", value.encode("utf-8", "surrogatepass"))
    assert said_by_shape(said) is None


def test_what_is_long_broken_or_in_other_marks_is_left_to_expat() -> None:
    usual = position()
    assert said_by_shape(usual) is not None
    assert said_by_shape(position(callsign="x" * LONGEST)) is None
    assert said_by_shape(usual.replace(b'"', b"'")) is None
    assert said_by_shape(usual[:-3]) is None
    assert said_by_shape(usual.replace(b"</detail>", b"")) is None
    assert said_by_shape(usual.replace(b"<remarks/>", b"<remarks>seen</remarks>")) is None
    link = b'<link relation="p-p" uid="other"/>'
    assert said_by_shape(usual.replace(b"<remarks/>", link)) is None
