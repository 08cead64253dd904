"""The files of the map over HTTP: for those signed in, kept by the browser, never stale."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

KINDS = {
    "/map/style-day.json": "application/json",
    "/map/style-night.json": "application/json",
    "/map/crossings.geojson": "application/json",
    "/map/settlements.geojson": "application/json",
    "/map/hillshade-day.webp": "image/webp",
    "/map/hillshade-night.webp": "image/webp",
}


@pytest.mark.parametrize("address", sorted(KINDS))
def test_a_file_is_given_once_and_then_only_confirmed(duty: FlaskClient, address: str) -> None:
    first = duty.get(address)
    assert first.status_code == 200
    assert first.mimetype == KINDS[address]
    assert "private" in first.headers["Cache-Control"]
    again = duty.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""


@pytest.mark.parametrize("address", sorted(KINDS))
def test_a_stranger_gets_nothing(stranger: FlaskClient, address: str) -> None:
    assert stranger.get(address).status_code == 401


@pytest.mark.parametrize(
    "address",
    [
        "/map/style-dusk.json",
        "/map/moon.geojson",
        "/map/..%2Fmanifest.geojson",
        "/map/hillshade-dusk.webp",
        "/map/place_names.csv",
    ],
)
def test_what_there_is_not_is_not_found(duty: FlaskClient, address: str) -> None:
    assert duty.get(address).status_code == 404


def test_a_style_speaks_the_language_of_the_reader(duty: FlaskClient) -> None:
    polish = duty.get("/map/style-day.json?language=pl").get_data(as_text=True)
    english = duty.get("/map/style-day.json?language=en").get_data(as_text=True)
    unknown = duty.get("/map/style-day.json?language=xx", headers={"Accept-Language": "pl"})
    assert "Macedonia Północna" in polish
    assert "North Macedonia" in english
    assert unknown.get_data(as_text=True) == polish


def test_features_are_compressed_on_the_way(duty: FlaskClient) -> None:
    packed = duty.get("/map/municipalities.geojson", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    plain = duty.get("/map/municipalities.geojson", headers={"Accept-Encoding": "identity"})
    assert len(json.loads(plain.data)["features"]) == 38
    assert len(packed.data) < len(plain.data) / 2
