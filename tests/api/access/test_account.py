"""The page of one's own account: password, sessions, tokens, and nothing else before a change."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from domain.access.passwords import WeakPassword
from domain.access.security import NewSecurityEvent
from domain.roster import Unit
from services.container import Services

GIVEN = "four green boats today"
OWN = "a bridge at four o'clock"
HTML = {"Accept": "text/html"}
PHONE = {
    "User-Agent": "Mozilla/5.0 (Linux; Android 14; <b>x</b>) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/130.0 Mobile Safari/537.36"
}


@pytest.fixture
def anna(server: Flask, services: Services) -> FlaskClient:
    """A browser of somebody whose password an administrator has just set."""
    services.accounts.add("anna", "FPU_DUTY", GIVEN, by="admin", must_change=True)
    browser = server.test_client()
    assert browser.post("/sign-in", data={"name": "anna", "password": GIVEN}).status_code == 303
    return browser


def _change(browser: FlaskClient, present: str, new: str, again: str = "", **more: str) -> int:
    fields = {"present": present, "password": new, "again": again or new, **more}
    answer = browser.post("/account/password", data=fields)
    for secret in (present, new):
        assert secret not in answer.text
        assert secret not in str(answer.headers)
    return answer.status_code


def test_until_it_is_changed_nothing_else_opens(anna: FlaskClient, server: Flask) -> None:
    tried = 0
    for rule in server.url_map.iter_rules():
        path = rule.rule.replace("<", "").replace(">", "")
        open_to_all = ("/healthz", "/readyz", "/sign-in", "/feeds/")
        if path.startswith(("/account", "/sign-out", *open_to_all)):
            continue
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            answer = anna.open(path, method=method, json={} if method == "POST" else None)
            assert answer.status_code in (302, 403), (method, path)
            if answer.status_code == 302:
                assert answer.headers["Location"].startswith("/account")
        tried += 1
    assert tried > 30
    refused = anna.get("/api/v1/operations")
    assert refused.get_json()["guard"] == "password"
    for path in ("/account/sessions/end-others", "/account/tokens/x/revoke", "/account/present"):
        assert anna.post(path).status_code == 403


def test_the_change_leads_to_where_one_wanted_to_be(anna: FlaskClient, services: Services) -> None:
    answer = anna.get("/quarantine?operation=demo", headers=HTML)
    assert answer.headers["Location"] == "/account?next=%2Fquarantine%3Foperation%3Ddemo"
    page = anna.get(answer.headers["Location"]).text
    assert "Choose a password of your own first" in page
    assert "own-sessions" not in page
    fields = {"present": GIVEN, "password": OWN, "again": OWN, "next": "/quarantine"}
    changed = anna.post("/account/password", data=fields)
    assert (changed.status_code, changed.headers["Location"]) == (303, "/quarantine")
    assert anna.get("/api/v1/operations").status_code == 200
    assert services.accounts.sign_in("anna", OWN, "192.0.2.1")


@pytest.mark.parametrize(
    ("new", "again", "said"),
    [
        ("short", "", "at least 12 characters"),
        ("x1y2z3w4v5" * 110, "", "at most 1024 characters"),
        ("123456789012", "", "tried first"),
        ("aaaaaaaaaaaa", "", "again and again"),
        ("anna-2026-12-01", "", "name of your account"),
        ("kosovo-eulex-fpu", "", "words of the unit"),
        (OWN, OWN + "x", "not the same"),
        (GIVEN, "", "the present one"),
    ],
)
def test_what_is_refused_is_told_and_changes_nothing(
    anna: FlaskClient, services: Services, new: str, again: str, said: str
) -> None:
    fields = {"present": GIVEN, "password": new, "again": again or new}
    answer = anna.post("/account/password", data=fields)
    assert answer.status_code == 400
    assert said in answer.text
    assert 'role="alert"' in answer.text
    assert new not in answer.text
    assert services.accounts.sign_in("anna", GIVEN, "192.0.2.1").user.must_change


def test_the_present_password_is_asked_for_and_counted(anna: FlaskClient) -> None:
    statuses = [_change(anna, f"wrong {number}", OWN) for number in range(7)]
    assert statuses[0] == 400
    assert statuses[-1] == 429


def test_who_tries_passwords_at_an_open_session_is_recorded(
    anna: FlaskClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[NewSecurityEvent] = []
    monkeypatch.setattr(services.security, "note", noted.append)
    monkeypatch.setattr(services.security, "record", noted.append)
    _change(anna, "wrong", "another one", "not the same")  # nothing was tried
    _change(anna, "wrong", OWN)
    _change(anna, GIVEN, "short")  # and this tells that the present one was right
    _change(anna, GIVEN, OWN)
    statuses = [_change(anna, f"wrong {number}", OWN) for number in range(7)]
    told = [(one.outcome, one.status) for one in noted]
    assert told == [
        ("refused", 400),
        ("done", 400),
        ("done", 303),
        *(("refused", 400) if status == 400 else ("throttled", 429) for status in statuses),
    ]
    assert {(one.kind, one.account, one.address, one.reason) for one in noted} == {
        ("password", "anna", "127.0.0.1", "own_password")
    }


def test_call_signs_of_the_roster_are_no_passwords(services: Services) -> None:
    services.accounts.add("bert", "WALL", "Falkenberg-2026")
    services.roster.add(Unit("p1", "FALKENBERG-1"))
    for password in ("Falkenberg-2026", "1-GREBNEKLAF-1"):
        with pytest.raises(WeakPassword):
            services.accounts.set_password("bert", password)


@pytest.mark.parametrize("headers", [{"Origin": "https://x.example"}, {"Sec-Fetch-Site": "none "}])
def test_no_other_site_changes_or_ends_anything(duty: FlaskClient, headers: dict[str, str]) -> None:
    for path in ("/account/password", "/account/sessions/end-others", "/account/present"):
        assert duty.post(path, data={}, headers=headers).status_code == 403


def test_sessions_are_listed_and_ended(
    sign_in: Callable[[str], FlaskClient], server: Flask, services: Services
) -> None:
    desk, wall = sign_in("duty"), server.test_client()
    wall.post("/sign-in", data={"name": "duty", "password": "duty"}, headers=PHONE)
    stranger = sign_in("commander")
    page = desk.get("/account").text
    assert page.count("this one") == 1
    assert "Chrome · Android" in page
    assert "<b>x</b>" not in page
    other = next(
        one.id for one in services.credentials.sessions("duty") if one.device == "Chrome · Android"
    )
    stranger.post(f"/account/sessions/{other}/end")
    assert wall.get("/api/v1/operations").status_code == 200, "it was not the commander's to end"
    for odd in ("x", "%", "_" * 16, other[:8]):
        desk.post(f"/account/sessions/{odd}/end")
    assert wall.get("/api/v1/operations").status_code == 200
    answer = desk.post(f"/account/sessions/{other}/end")
    assert answer.headers["Location"] == "/account?told=session"
    assert wall.get("/api/v1/operations").status_code == 401
    assert "another session of this account" in wall.get("/sign-in").text
    third = sign_in("duty")
    desk.post("/account/sessions/end-others")
    assert third.get("/api/v1/operations").status_code == 401
    assert desk.get("/api/v1/operations").status_code == 200


def test_tokens_are_listed_and_revoked_by_their_owner_alone(
    sign_in: Callable[[str], FlaskClient], services: Services, stranger: FlaskClient
) -> None:
    token = services.accounts.issue_token("duty", "the <i>archive</i>", by="admin", days=5)
    bearer = {"Authorization": f"Bearer {token}"}
    kept = next(one.id for one in services.credentials.good_tokens("duty") if one.expires_at)
    desk = sign_in("duty")
    assert "the &lt;i&gt;archive&lt;/i&gt;" in desk.get("/account").text
    assert token not in desk.get("/account").text
    sign_in("commander").post(f"/account/tokens/{kept}/revoke")
    assert stranger.get("/api/v1/operations", headers=bearer).status_code == 200
    assert stranger.get("/account", headers=bearer).status_code == 403
    desk.post(f"/account/tokens/{kept}/revoke")
    assert stranger.get("/api/v1/operations", headers=bearer).status_code == 401


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: one.accounts.set_role("duty", "FPU_CMD"), "role of the account"),
        (lambda one: one.accounts.set_password("duty", OWN), "password was changed"),
        (lambda one: one.accounts.set_enabled("duty", False), "by an administrator"),
        (lambda one: one.credentials.end_sessions("duty", by="admin"), "by an administrator"),
    ],
)
def test_the_sign_in_page_says_why_the_session_is_over(
    duty: FlaskClient, services: Services, change: Callable[[Services], None], said: str
) -> None:
    change(services)
    assert said in duty.get("/sign-in").text
    assert said not in duty.application.test_client().get("/sign-in").text


def test_signing_out_needs_no_explanation(duty: FlaskClient) -> None:
    duty.post("/sign-out")
    assert 'role="status"' not in duty.get("/sign-in").text
