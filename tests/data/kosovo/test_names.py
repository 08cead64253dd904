"""Both names, in local order, and found however they are typed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.kosovo.names import display_name, fold
from data.kosovo.places import Gazetteer, Place, crossing_points, places
from domain.errors import NotFound

GAZETTEER = Gazetteer()


@pytest.mark.parametrize(
    ("order", "shown"),
    [("sq/sr", "Zveçan/Zvečan"), ("sr/sq", "Zvečan/Zveçan")],
)
def test_the_order_is_the_local_one(order: str, shown: str) -> None:
    row = {"name_sq": "Zveçan", "name_sr": "Zvečan", "name_order": order}
    assert display_name(row) == shown


def test_a_name_that_is_the_same_in_both_is_written_once() -> None:
    row = {"name_sq": "Prizren", "name_sr": "Prizren", "name_order": "sq/sr"}
    assert display_name(row) == "Prizren"


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.sampled_from(places()))
def test_every_place_is_found_without_its_diacritics(place: Place) -> None:
    name = place.name.split("/")[0]
    bare = unicodedata.normalize("NFKD", name.translate(str.maketrans("đĐ–", "dD-")))
    typed = bare.encode("ascii", "ignore").decode().upper()
    assert place in GAZETTEER.search(typed, limit=1000)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("prishtina", "settlement-prishtine"),
        ("Приштина", "settlement-prishtine"),
        ("Djakovica", "settlement-gjakove"),
        ("dakovica", "settlement-gjakove"),
        ("zvecan", "settlement-zvecan"),
        ("kosovska mitrovica", "settlement-mitrovice"),
        ("north mitrovica", "settlement-mitrovice-e-veriut"),
        ("Gate 31", "crossing-brnjak"),
        ("koncul", "crossing-dheu-i-bardhe"),
        ("slatina", "crossing-prn-airport"),
        ("mamusa", "settlement-mamushe"),
        ("banjska", "settlement-banjske"),
        ("gazivode", "lake-gazivode"),
    ],
)
def test_people_find_what_they_mean(typed: str, first: str) -> None:
    assert GAZETTEER.search(typed)[0].id == first


def test_nothing_typed_finds_nothing() -> None:
    assert GAZETTEER.search("  ") == ()
    assert GAZETTEER.search("qqqq") == ()


def test_a_place_by_its_id_and_none_that_there_is_not() -> None:
    assert GAZETTEER.place("crossing-jarinje").name == "Jarinje/Jarinjë"
    with pytest.raises(NotFound):
        GAZETTEER.place("crossing-nowhere")


def test_a_crossing_point_is_known_by_its_own_id_too() -> None:
    for point in crossing_points():
        for name in (point.id, f"crossing-{point.id}"):
            assert GAZETTEER.position_of(name) == (point.latitude, point.longitude)
    assert GAZETTEER.position_of("nowhere") is None


def test_the_cyrillic_name_is_the_serbian_name() -> None:
    assert fold("Ђаковица") == fold("Đakovica")
    assert fold("Љубенић") == fold("Ljubenić")
    assert GAZETTEER.place("settlement-gjakove").name == "Gjakovë/Đakovica"
