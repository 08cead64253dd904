"""Where something is: MGRS squares there and back, and a place by its name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.kosovo.places import places
from domain.errors import InvalidField
from domain.geodesy import distance_m
from pages.places import mgrs_of, near_words, place_choices, place_words, point_of, position_of_mgrs
from pages.strings import text

BRIDGE = 42.8914, 20.8660


@given(st.floats(41.85, 43.27), st.floats(20.01, 21.79), st.booleans())
def test_a_square_that_was_read_out_is_found_again(
    latitude: float, longitude: float, whole: bool
) -> None:
    square = mgrs_of(latitude, longitude)
    typed = square if whole else square.removeprefix("34T ").replace(" ", "").lower()
    assert distance_m(latitude, longitude, *position_of_mgrs(typed)) < 8


@pytest.mark.parametrize(
    ("typed", "off"),
    [("34T DN 8905 4868", 8), ("34TDN890486", 72), ("dn 89 48", 710), ("DN 89050 48680", 2)],
)
def test_a_coarser_square_means_its_middle(typed: str, off: float) -> None:
    fine = position_of_mgrs("34T DN 89050 48680")
    assert distance_m(*fine, *position_of_mgrs(typed)) < off


@pytest.mark.parametrize(
    "typed", ["bridge", "34T DN", "34T DN 89048", "34T DN 8 4", "99T DN 890 486", "34T ZZ 890 486"]
)
def test_what_is_no_square_is_a_fault_at_its_field(typed: str) -> None:
    with pytest.raises(InvalidField) as fault:
        position_of_mgrs(typed)
    assert fault.value.field == "position.mgrs"


def test_a_place_has_both_names_and_a_point() -> None:
    summary = {"place_ref": "crossing-jarinje", "position": None}
    assert place_words(summary, "en") == "Jarinje/Jarinjë"
    assert point_of("crossing-jarinje") == (43.2186, 20.6917)
    assert point_of(None) is point_of("nowhere") is None
    assert len(place_choices()) == len(places())


def test_without_a_place_the_nearest_settlement_is_named() -> None:
    position = {"lat": BRIDGE[0], "lon": BRIDGE[1]}
    words = place_words({"place_ref": None, "position": position}, "en")
    assert words == near_words(*BRIDGE, "en")
    assert "/" in words
    nowhere = place_words({"place_ref": None, "position": None}, "en")
    assert nowhere == text("incident.place_unknown")
