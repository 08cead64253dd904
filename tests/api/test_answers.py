"""Problem documents, health, headers, compression, and the words for scripts."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

import domain.errors as errors
from api.problems import STATUS, from_error
from domain.access.rights import Act, Data, requires
from pages.strings import catalogue
from services.access.demonstration_accounts import DEMONSTRATION_ACCOUNTS
from services.container import Services, services_of
from settings import Settings
from tests.api.conftest import BEARER

_SCRIPT = r'<script(?: id="[^"]*" type="application/javascript")?>(.*?)</script>'
INLINE = re.compile(_SCRIPT, re.DOTALL)


def test_every_refusal_has_a_status() -> None:
    kinds = {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.DashboardError)
    }
    assert kinds - {errors.DashboardError} == set(STATUS)


@pytest.mark.parametrize(
    ("error", "status", "extra"),
    [
        (errors.InvalidField("record.title", "is needed"), 400, {"field": "record.title"}),
        (errors.NotFound("no such incident"), 404, {}),
        (
            errors.VersionConflict("too late", since=[3]),
            409,
            {"since": [3]},
        ),
        (errors.GuardRefused("kp_request", "no request"), 422, {"guard": "kp_request"}),
        (errors.TooManyRequests("wait", retry_after=7), 429, {"retry_after": 7}),
    ],
)
def test_a_refusal_is_a_problem_document(
    server: Flask, error: errors.DashboardError, status: int, extra: dict[str, object]
) -> None:
    answer = from_error(error)
    document = json.loads(answer.get_data())
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert document["type"].startswith("urn:fpu:problem:")
    assert (document["title"], document["detail"]) == (error.title, error.detail)
    assert {name: document[name] for name in extra} == extra


def test_unknown_addresses_and_methods_are_problems(duty: FlaskClient) -> None:
    assert duty.get("/api/v1/nothing").json["status"] == 404
    answer = duty.post("/healthz", json={})
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert duty.open("/sign-in", method="TRACE").status_code == 405


def test_a_fault_tells_nothing_of_the_inside(server: Flask, stranger: FlaskClient) -> None:
    @server.get("/api/fault")
    @requires(Act.SEE, Data.PROGRAM)
    def fault() -> str:
        raise RuntimeError("the inside")

    server.config["PROPAGATE_EXCEPTIONS"] = False
    answer = stranger.get("/api/fault", headers=BEARER)
    assert answer.status_code == 500
    assert "inside" not in answer.text
    assert answer.content_type == "application/problem+json"


def test_ready_only_with_the_schema_of_this_code(
    make_app: Callable[[Settings], Flask], settings: Settings, tmp_path: Path
) -> None:
    assert make_app(settings).test_client().get("/readyz").status_code == 200
    empty = make_app(replace(settings, database_url=f"sqlite:///{tmp_path / 'empty.db'}"))
    browser = empty.test_client()
    assert browser.get("/healthz").status_code == 200
    answer = browser.get("/readyz")
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers


def test_why_it_is_not_ready_is_told_to_those_who_are_signed_in(
    server: Flask, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_ready() -> None:
        raise errors.StoreUnavailable("the database refused: host 192.0.2.1 is away")

    object.__setattr__(services, "ready", not_ready)
    stranger, said = server.test_client(), "192.0.2.1"
    for headers in ({}, {"Authorization": "Bearer nobody"}, {"Cookie": "fpu=forged"}):
        answer = stranger.get("/readyz", headers=headers)
        assert answer.status_code == 503
        assert (answer.json["title"], answer.json["detail"]) == ("Not ready", "not ready")
        assert said not in answer.text + str(answer.headers)
    for name in DEMONSTRATION_ACCOUNTS:
        answer = stranger.get("/readyz", headers={"Authorization": f"Bearer demo-{name}"})
        assert answer.status_code == 503
        assert said in answer.json["detail"]


def test_why_the_store_is_away_is_no_news_for_strangers(
    server: Flask, stranger: FlaskClient
) -> None:
    refused = errors.StoreUnavailable("the database refused: host 192.0.2.1 is away")
    for headers, told in (({}, False), (BEARER, True)):
        with server.test_request_context(headers=headers):
            document = json.loads(from_error(refused).get_data())
        assert document["status"] == 503
        assert ("192.0.2.1" in document["detail"]) is told


def test_without_its_database_everything_says_503(
    make_app: Callable[[Settings], Flask], settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "a folder, not a database"
    folder.mkdir()
    lost = make_app(replace(settings, database_url=f"sqlite:///{folder}")).test_client()
    assert lost.get("/healthz").status_code == 200
    assert lost.get("/readyz").status_code == 503
    bearer = {"Authorization": "Bearer demo-duty"}
    assert lost.get("/api/v1/operations", headers=bearer).status_code == 503


def test_pages_carry_a_policy_that_names_every_inline_script(duty: FlaskClient) -> None:
    answer = duty.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "'unsafe-eval'" not in policy
    assert "script-src 'self' 'sha256-" in policy
    for part in ("worker-src blob:", "frame-ancestors 'none'", "connect-src 'self'"):
        assert part in policy
    inline = INLINE.findall(answer.text)
    assert inline
    for words in inline:
        digest = base64.b64encode(hashlib.sha256(words.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_every_answer_carries_the_headers(duty: FlaskClient, stranger: FlaskClient) -> None:
    for browser, path in ((duty, "/"), (duty, "/api/v1/operations"), (stranger, "/sign-in")):
        headers = browser.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Referrer-Policy" in headers
        assert "Strict-Transport-Security" not in headers
    assert (
        duty.get("/api/v1/operations")
        .headers["Content-Security-Policy"]
        .startswith("default-src 'none'")
    )


def test_only_what_has_its_version_in_its_address_is_kept(duty: FlaskClient) -> None:
    with duty.get("/assets/00-text.js?m=1") as kept, duty.get("/assets/00-text.js") as asked:
        assert "immutable" in kept.headers["Cache-Control"]
        assert asked.headers["Cache-Control"] == "private, no-cache"


def test_production_says_that_it_is_served_over_tls(
    make_app: Callable[[Settings], Flask], settings: Settings
) -> None:
    production = replace(settings, profile="production", secret_key="s" * 32, trusted_proxy="::1")
    server = make_app(production)
    services_of(server.extensions).start_check.passed()
    headers = server.test_client().get("/sign-in").headers
    assert "max-age=" in headers["Strict-Transport-Security"]


@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_answers_are_small(duty: FlaskClient, coding: str) -> None:
    for path in ("/strings/en.js", "/map/municipalities.geojson", "/_dash-dependencies"):
        with duty.get(path, headers={"Accept-Encoding": coding}) as answer:
            assert answer.headers["Content-Encoding"] == coding, path
    with duty.get("/map/hillshade-day.webp", headers={"Accept-Encoding": coding}) as picture:
        assert "Content-Encoding" not in picture.headers


def test_scripts_get_the_words_of_their_language(duty: FlaskClient) -> None:
    page = duty.get("/").text
    address = page.split('src="/strings/')[1].split('"')[0]
    script = duty.get("/strings/" + address).text
    words = json.loads(script.split("window.fpu.strings = ")[1].rstrip().rstrip(";"))
    assert words == dict(catalogue("en"))
    assert duty.get("/strings/xx.js").status_code == 404


def test_the_proxy_alone_tells_who_is_asking(
    make_app: Callable[[Settings], Flask], settings: Settings
) -> None:
    server = make_app(replace(settings, trusted_proxy="192.0.2.7, 198.51.100.0/24"))

    @server.get("/api/who")
    @requires(Act.SEE, Data.PROGRAM)
    def who() -> dict[str, str | None]:
        return {"address": request.remote_addr, "scheme": request.scheme}

    told = BEARER | {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    browser = server.test_client()
    for proxy in ("192.0.2.7", "198.51.100.3"):
        answer = browser.get("/api/who", headers=told, environ_base={"REMOTE_ADDR": proxy})
        assert answer.json == {"address": "203.0.113.9", "scheme": "https"}
    for other in ("192.0.2.8", "", "unix:"):
        answer = browser.get("/api/who", headers=told, environ_base={"REMOTE_ADDR": other})
        assert answer.json == {"address": other, "scheme": "http"}


def test_the_second_address_has_feeds_only(
    make_app: Callable[[Settings], Flask], settings: Settings
) -> None:
    server = make_app(replace(settings, feed_host="0.0.0.0", feed_port=5055))
    phone = {"environ_overrides": {"SERVER_PORT": "5055"}}
    browser = server.test_client()
    told = {"Host": "localhost:8050", "X-Forwarded-Port": "8050"}
    for path in ("/", "/sign-in", "/readyz", "/api/v1/operations", "/_dash-layout"):
        assert browser.get(path, headers=told, **phone).status_code == 404
    assert browser.get("/healthz", **phone).status_code == 200
    assert browser.get("/feeds/osmand?id=x&key=y", **phone).status_code == 401
    assert browser.get("/sign-in").status_code == 200


def test_services_are_there_for_commands(services: Services) -> None:
    assert services.demonstration
    services.ready()
