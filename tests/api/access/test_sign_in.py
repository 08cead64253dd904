"""Signing in as a person does it: the page, the desk, the language, and signing out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.access.demonstration_accounts import DEMONSTRATION_ACCOUNTS
from services.container import Services, services_of
from settings import Settings

PRODUCTION_SECRET = "a secret of this test that is long enough"


@pytest.fixture
def production(make_app: Callable[[Settings], Flask], settings: Settings) -> Flask:
    """The same accounts in the production profile, as if nobody had looked for them."""
    made = make_app(
        replace(settings, profile="production", secret_key=PRODUCTION_SECRET, trusted_proxy="::1")
    )
    services_of(made.extensions).start_check.passed()
    return made


def _sign_in(browser: FlaskClient, name: str, **fields: str) -> int:
    sent = {"name": name, "password": name, **fields}
    return browser.post("/sign-in", data=sent, base_url="https://localhost").status_code


def test_the_page_offers_every_demonstration_account(stranger: FlaskClient) -> None:
    page = stranger.get("/sign-in").text
    assert "DEMONSTRATION" in page
    for name in DEMONSTRATION_ACCOUNTS:
        assert f'name="password" value="{name}"' in page
    assert "<script" not in page
    assert page.count("Kosovo*") == 1
    assert "* This designation is without prejudice" in page


def test_production_offers_none_and_asks_for_a_password(production: Flask) -> None:
    page = production.test_client().get("/sign-in").text
    assert "DEMONSTRATION" not in page
    for name in ("commander", "exercise", "demo-"):
        assert f'value="{name}' not in page
    assert 'autocomplete="current-password"' in page


def test_signing_in_goes_to_where_one_wanted_to_be(stranger: FlaskClient) -> None:
    wanted = "/incident/demo-0001?operation=demo"
    fields = {"name": "duty", "password": "duty", "next": wanted}
    answer = stranger.post("/sign-in", data=fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, wanted)
    assert stranger.get("/sign-in", query_string={"next": wanted}).headers["Location"] == wanted


def test_never_to_another_site(stranger: FlaskClient) -> None:
    fields = {"name": "duty", "password": "duty", "next": "https://elsewhere.example/"}
    assert stranger.post("/sign-in", data=fields).headers["Location"] == "/"


def test_a_refusal_says_so_and_keeps_the_name(stranger: FlaskClient) -> None:
    answer = stranger.post("/sign-in", data={"name": "duty", "password": "wrong"})
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert 'value="duty"' in answer.text
    assert "wrong" not in answer.text


def test_too_many_refusals_make_one_wait(stranger: FlaskClient) -> None:
    for _ in range(5):
        stranger.post("/sign-in", data={"name": "duty", "password": "wrong"})
    answer = stranger.post("/sign-in", data={"name": "duty", "password": "duty"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_what_was_typed_is_text(stranger: FlaskClient) -> None:
    typed = '"><img src=x onerror=alert(1)>'
    page = stranger.post("/sign-in", data={"name": typed, "password": typed}).text
    assert "<img" not in page
    assert "&#34;&gt;&lt;img" in page


@pytest.mark.parametrize("fields", [{}, {"name": "duty"}, {"password": "x"}, {"name": "x" * 9000}])
def test_odd_forms_are_refused(stranger: FlaskClient, fields: dict[str, str]) -> None:
    assert stranger.post("/sign-in", data=fields).status_code == 401


def test_changing_the_user_takes_two_clicks_and_a_password(production: Flask) -> None:
    desk = production.test_client()
    _sign_in(desk, "duty")
    _sign_in(desk, "commander")
    first = desk.get("/sign-in?switch&next=/x", base_url="https://localhost").text
    link = '/sign-in?switch=&amp;name=duty&amp;next=/x"'
    assert link in first or link.replace("/x", "%2Fx") in first
    assert first.index(">duty<") < first.index(">admin<"), "who used this desk comes first"
    assert ">commander<" not in first, "who sits here need not be chosen"
    second = desk.get("/sign-in?switch=&name=duty&next=/x", base_url="https://localhost").text
    assert 'value="duty"' in second
    assert "required autofocus" in " ".join(second.split())


def test_changing_the_user_ends_the_session_before(production: Flask) -> None:
    desk = production.test_client()
    _sign_in(desk, "duty")
    before = desk.get_cookie("__Host-fpu")
    assert before is not None
    _sign_in(desk, "commander")
    left_behind = production.test_client()
    left_behind.set_cookie("__Host-fpu", before.value, secure=True)
    answer = left_behind.get("/api/v1/operations", base_url="https://localhost")
    assert answer.status_code == 401


def test_strangers_learn_no_names_and_the_desk_remembers_its_own(production: Flask) -> None:
    assert ">duty<" not in production.test_client().get("/sign-in?switch").text
    desk = production.test_client()
    _sign_in(desk, "duty")
    desk.post("/sign-out", base_url="https://localhost")
    page = desk.get("/sign-in", base_url="https://localhost").text
    assert ">duty<" in page
    assert ">admin<" not in page


def test_disabled_accounts_are_not_offered(production: Flask, services: Services) -> None:
    services.accounts.set_enabled("exercise", False)
    desk = production.test_client()
    _sign_in(desk, "duty")
    page = desk.get("/sign-in?switch", base_url="https://localhost").text
    assert ">admin<" in page
    assert ">exercise<" not in page


def test_signing_out_ends_the_session_on_the_server(duty: FlaskClient, server: Flask) -> None:
    cookie = duty.get_cookie("fpu")
    assert cookie is not None
    assert duty.post("/sign-out").headers["Location"] == "/sign-in"
    assert duty.get("/api/v1/operations").status_code == 401
    copy = server.test_client()
    copy.set_cookie("fpu", cookie.value)
    assert copy.get("/api/v1/operations").status_code == 401


def test_the_cookie_is_for_no_script(stranger: FlaskClient, production: Flask) -> None:
    fields = {"name": "duty", "password": "duty"}
    cookie = stranger.post("/sign-in", data=fields).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    browser = production.test_client()
    safe = browser.post("/sign-in", data=fields, base_url="https://localhost").headers["Set-Cookie"]
    assert safe.startswith("__Host-fpu=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in safe
    assert "Domain" not in safe


def test_the_language_is_chosen_asked_for_or_english(stranger: FlaskClient) -> None:
    assert 'lang="en"' in stranger.get("/sign-in").text
    polish = {"Accept-Language": "pl-PL,pl;q=0.9,en;q=0.5"}
    assert "Zaloguj" in stranger.get("/sign-in", headers=polish).text
    assert 'lang="en"' in stranger.get("/sign-in", headers={"Accept-Language": "sq"}).text
    assert "Zaloguj" in stranger.get("/sign-in?language=pl").text
    assert "Zaloguj" in stranger.get("/sign-in").text, "the browser keeps the choice"
    assert stranger.get("/sign-in?language=../../x").status_code == 200


def test_the_language_of_a_screen_can_be_changed(duty: FlaskClient) -> None:
    answer = duty.get("/language/pl?next=/incident/x")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/incident/x")
    assert '<html lang="pl">' in duty.get("/").text
    assert duty.get("/language/xx").status_code == 404
