"""Nothing but what the design lists answers a stranger, and no other site acts for a user."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from api.access.gate import is_open, safe_next
from services.container import Services
from settings import Settings
from tests.api.conftest import BEARER

OPEN_TO_STRANGERS = {"/healthz", "/readyz", "/sign-in"}
HTML = {"Accept": "text/html,application/xhtml+xml"}
PAGE = "/incident/demo-0001?operation=demo"


def _addresses(server: Flask) -> list[tuple[str, str]]:
    """Every method and address of the application, with something in place of each variable."""
    found = []
    for rule in server.url_map.iter_rules():
        path = re.sub(r"<[^>]*>", "x", rule.rule)
        found += [(method, path) for method in sorted(rule.methods or ()) if method != "OPTIONS"]
    return found


def test_every_address_is_closed_unless_listed(server: Flask, stranger: FlaskClient) -> None:
    tried = 0
    for method, path in _addresses(server):
        if path in OPEN_TO_STRANGERS or path.startswith("/feeds/"):
            continue
        with stranger.open(path, method=method) as answer:
            assert answer.status_code == 401, (method, path)
            assert answer.content_type == "application/problem+json"
        tried += 1
    assert tried > 30


@pytest.mark.parametrize(
    "path",
    [
        "/_dash-layout",
        "/_dash-dependencies",
        "/_dash-component-suites/dash/dcc/dash_core_components.js",
        "/assets/00-text.js",
        "/assets/fonts/../00-text.js",
        "/assets/fonts/%2e%2e/00-text.js",
        "/api/v1/operations",
        "/map/style-day.json",
        "/live?operation=demo",
        "/strings/en.js",
        "/favicon.ico",
    ],
)
def test_what_the_screens_load_is_closed(stranger: FlaskClient, path: str) -> None:
    with stranger.get(path, headers=HTML if path == "/live" else {}) as answer:
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/sign-in", "/assets/sign-in.css"])
def test_the_sign_in_page_and_health_are_open(stranger: FlaskClient, path: str) -> None:
    with stranger.get(path) as answer:
        assert answer.status_code == 200


def test_below_feeds_there_is_no_screen_for_strangers(stranger: FlaskClient) -> None:
    below = ("/feeds", "/feeds/", "/feeds//x", "/feeds/nothing", "/feeds/../api/v1/operations")
    for path in below:
        answer = stranger.get(path, headers=HTML, follow_redirects=True)
        assert answer.status_code == 401, path
        assert answer.content_type == "application/problem+json"


def test_the_document_of_one_user_tells_nothing_of_another(
    sign_in: Callable[[str], FlaskClient],
) -> None:
    first = sign_in("commander").get("/quarantine", headers=HTML).get_data(as_text=True)
    second = sign_in("patrol").get("/", headers=HTML).get_data(as_text=True)
    for document in (first, second):
        assert "validation_layout" not in document
        assert "commander" not in document


@pytest.mark.parametrize("path", ["/sign-in", "/", "/live", "/api/v1/operations"])
def test_an_address_that_is_no_text_is_refused(stranger: FlaskClient, path: str) -> None:
    answer = stranger.get(path, environ_overrides={"QUERY_STRING": "next=\xff"}, headers=HTML)
    assert answer.status_code == 400
    assert answer.get_json()["field"] == "query"


def test_a_page_redirects_to_sign_in_and_remembers_where(stranger: FlaskClient) -> None:
    answer = stranger.get(PAGE, headers=HTML)
    assert answer.status_code == 302
    assert answer.headers["Location"] == (
        "/sign-in?next=%2Fincident%2Fdemo-0001%3Foperation%3Ddemo"
    )


@pytest.mark.parametrize("path", ["/", "/_dash-layout", "/api/v1/operations", "/assets/00-text.js"])
def test_a_session_and_a_token_open_everything(
    stranger: FlaskClient, duty: FlaskClient, path: str
) -> None:
    with duty.get(path) as answer:
        assert answer.status_code == 200
    with stranger.get(path, headers=BEARER) as answer:
        assert answer.status_code == 200


@pytest.mark.parametrize("sent", ["Bearer wrong", "Bearer ", "Basic ZHV0eTpkdXR5", "demo-duty", ""])
def test_other_credentials_open_nothing(stranger: FlaskClient, sent: str) -> None:
    answer = stranger.get("/api/v1/operations", headers={"Authorization": sent})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        lambda services: services.accounts.set_enabled("duty", False),
        lambda services: services.accounts.set_password("duty", "another long password"),
        lambda services: services.accounts.set_role("duty", "FPU_CMD"),
        lambda services: services.credentials.end_sessions("duty", by="admin"),
    ],
)
def test_a_session_ends_in_the_middle(
    duty: FlaskClient, services: Services, change: Callable[[Services], None]
) -> None:
    assert duty.get("/api/v1/operations").status_code == 200
    change(services)
    assert duty.get("/api/v1/operations").status_code == 401


def test_a_forged_cookie_opens_nothing(
    duty: FlaskClient, make_app: Callable[[Settings], Flask], settings: Settings
) -> None:
    other = make_app(replace(settings, secret_key="another secret of another server, 32+"))
    browser = other.test_client()
    cookie = duty.get_cookie("fpu")
    assert cookie is not None
    browser.set_cookie("fpu", cookie.value)
    assert browser.get("/api/v1/operations").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/operations/demo/log", "/sign-out", "/sign-in"])
def test_another_site_is_refused(duty: FlaskClient, path: str, headers: dict[str, str]) -> None:
    answer = duty.post(path, json={}, headers=headers)
    assert answer.status_code == 403
    assert duty.get("/api/v1/operations").status_code == 200, "and nobody was signed out"


def test_this_site_and_programs_are_not(duty: FlaskClient, stranger: FlaskClient) -> None:
    path = "/api/v1/operations/demo/log"
    for headers in ({"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}, {}):
        assert duty.post(path, json={}, headers=headers).status_code == 400
    foreign = {**BEARER, "Origin": "https://elsewhere.example"}
    assert stranger.post(path, json={}, headers=foreign).status_code == 400


@pytest.mark.parametrize("path", ["/api/v1/operations/demo/log", "/_dash-update-component"])
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_only_json_is_taken(duty: FlaskClient, path: str, kind: str) -> None:
    answer = duty.post(path, data="{}", content_type=kind)
    assert answer.status_code == 415
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("/", "/"),
        (PAGE, PAGE),
        (None, "/"),
        ("", "/"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example", "/"),
        ("/\\elsewhere.example", "/"),
        ("/a\r\nSet-Cookie: x=y", "/"),
        ("javascript:alert(1)", "/"),
        ("incident", "/"),
        ("/sign-in?next=/", "/"),
    ],
)
def test_next_stays_here(wanted: str | None, given: str) -> None:
    assert safe_next(wanted) == given


@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(start=st.sampled_from(["", "/", "//", "/\\", "/%2f", "http:", "/\t/"]), rest=st.text())
def test_next_stays_here_whatever_is_sent(server: Flask, start: str, rest: str) -> None:
    goes = safe_next(start + rest)
    assert goes.startswith("/")
    assert goes[1:2] not in ("/", "\\")
    assert goes.isprintable() or all(letter >= " " for letter in goes)


@given(st.text())
def test_no_odd_path_is_open(rest: str) -> None:
    for room in ("/assets/", "/api/", "/_dash-", "/assets/fonts/../"):
        path = room + rest
        if is_open(path):
            assert (
                path == "/assets/sign-in.css"
                or path == "/assets/favicon.ico"
                or (path.startswith("/assets/fonts/") and "/../" not in path)
            )
