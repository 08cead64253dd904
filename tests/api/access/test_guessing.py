"""What a stranger's guesses cost those who sign in as they do every day, over HTTP."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from services.container import Services

FIRST_TIME = "203.0.113.77"
PASSWORD = {
    name: f"{number} herons on the quay" for number, name in enumerate(("anna", "bert", "cleo"))
}


@pytest.fixture(autouse=True)
def _cheap(services: Services) -> None:
    """Accounts whose passwords are tried in no time, and nobody's likewise."""
    hashing = services.accounts._hashing
    hashing._hasher = PasswordHasher(1, 8, 1)
    hashing._nobody = hashing.hash("nobody")
    for name in ("anna", "bert", "cleo"):
        services.accounts.add(name, "FPU_DUTY", PASSWORD[name])


def _sign_in(browser: FlaskClient, name: str, password: str, address: str) -> Any:
    sent = {"name": name, "password": password}
    return browser.post("/sign-in", data=sent, environ_overrides={"REMOTE_ADDR": address})


def _guess_from_everywhere(server: Flask, name: str, addresses: int = 40) -> list[int]:
    return [
        _sign_in(server.test_client(), name, "wrong", f"198.51.100.{number}").status_code
        for number in range(addresses)
    ]


def test_forty_addresses_have_a_handful_of_guesses_and_the_desk_gets_in(server: Flask) -> None:
    desk = server.test_client()
    assert _sign_in(desk, "anna", PASSWORD["anna"], "192.0.2.1").status_code == 303
    desk.post("/sign-out")
    answers = _guess_from_everywhere(server, "anna")
    assert answers.count(401) <= 10
    assert set(answers) == {401, 429}
    assert _sign_in(server.test_client(), "anna", PASSWORD["anna"], FIRST_TIME).status_code == 429
    assert _sign_in(desk, "anna", PASSWORD["anna"], FIRST_TIME).status_code == 303, (
        "the same browser"
    )
    assert _sign_in(server.test_client(), "anna", PASSWORD["anna"], "192.0.2.1").status_code == 303
    assert _sign_in(server.test_client(), "bert", PASSWORD["bert"], FIRST_TIME).status_code == 303


def test_an_account_that_is_none_answers_in_the_same_words(server: Flask) -> None:
    refusals = set()
    for name in ("anna", "anno"):
        answers = _guess_from_everywhere(server, name, 10)
        assert answers == [401] * 8 + [429] * 2
        refusal = _sign_in(server.test_client(), name, name, FIRST_TIME)
        refusals.add((refusal.status_code, refusal.text.replace(f'value="{name}"', "")))
        assert "Too many attempts" in refusal.text
    taken_out = {(status, text.replace('value="anna"', "")) for status, text in refusals}
    assert len(taken_out) == 1


def test_the_page_says_how_long_to_wait_and_what_else_helps(server: Flask) -> None:
    _guess_from_everywhere(server, "anna", 9)
    answer = _sign_in(server.test_client(), "anna", PASSWORD["anna"], FIRST_TIME)
    assert 3000 < int(answer.headers["Retry-After"]) <= 3600
    assert "Wait 60 min" in answer.text
    assert "the browser that you usually use" in answer.text


def test_colleagues_get_in_from_an_address_that_has_failed_sixty_times(server: Flask) -> None:
    for number in range(60):
        _sign_in(server.test_client(), f"guess-{number}", "wrong", "192.0.2.1")
    for name in ("anna", "bert", "cleo"):
        assert _sign_in(server.test_client(), name, PASSWORD[name], "192.0.2.1").status_code == 303


@pytest.mark.parametrize(
    "kept",
    [None, 7, [], {}, {"name": "x"}, {"name": 3, "accounts": ["anna"]},
     {"name": "x", "accounts": "anna"}, {"name": "", "accounts": ["anna"]},
     {"name": "x", "accounts": [1, None]}],
)  # fmt: skip
def test_a_cookie_that_says_nothing_makes_no_browser_known(server: Flask, kept: object) -> None:
    _guess_from_everywhere(server, "anna", 9)
    browser = server.test_client()
    with browser.session_transaction() as session:
        session["browser"] = kept
    assert _sign_in(browser, "anna", PASSWORD["anna"], FIRST_TIME).status_code == 429


def test_a_forged_cookie_makes_no_browser_known(server: Flask, make_app: Any) -> None:
    _guess_from_everywhere(server, "anna", 9)
    other = Flask("elsewhere")
    other.secret_key = "another secret"
    browser = other.test_client()
    with browser.session_transaction() as session:
        session["browser"] = {"name": "x", "accounts": ["anna"]}
    forged = browser.get_cookie("session")
    assert forged is not None
    stranger = server.test_client()
    stranger.set_cookie("fpu", forged.value)
    assert _sign_in(stranger, "anna", PASSWORD["anna"], FIRST_TIME).status_code == 429


def test_one_browser_keeps_one_name_whoever_signs_in_there(server: Flask) -> None:
    desk = server.test_client()
    names = []
    for name in ("anna", "bert", "anna"):
        _sign_in(desk, name, PASSWORD[name], "192.0.2.1")
        with desk.session_transaction() as session:
            names.append(session["browser"]["name"])
            assert session["browser"]["accounts"][0] == name
    assert len(set(names)) == 1
    for _ in range(5):
        assert _sign_in(desk, "bert", "wrong", FIRST_TIME).status_code == 401
        assert _sign_in(desk, "anna", PASSWORD["anna"], FIRST_TIME).status_code == 303
    assert _sign_in(desk, "bert", PASSWORD["bert"], FIRST_TIME).status_code == 429


def test_odd_passwords_are_wrong_and_no_fault(server: Flask, services: Services) -> None:
    long = " ".join(f"heron {number} left the quay at dawn" for number in range(7))
    services.accounts.add("long", "AUDITOR", long)
    for number, odd in enumerate(
        (long + "p", long * 20, long * 2000, long + "\0", "\0", "ä" * 200)
    ):
        address = f"192.0.2.{number + 1}"
        assert _sign_in(server.test_client(), "long", odd, address).status_code == 401
    for number, name in enumerate(("long\0", "long" + "x" * 99, "ł" * 50_000, "")):
        address = f"192.0.2.{number + 1}"
        assert _sign_in(server.test_client(), name, long, address).status_code == 401
    raw = b"name=long&password=%ff%fe%ed%a0%80"
    form = "application/x-www-form-urlencoded"
    answer = server.test_client().post("/sign-in", data=raw, content_type=form)
    assert answer.status_code == 401
    assert _sign_in(server.test_client(), "long", long, FIRST_TIME).status_code == 303


def test_a_full_line_is_told_to_come_back_and_everything_else_answers(
    server: Flask, services: Services
) -> None:
    turnstile = services.accounts._hashing.turnstile
    turnstile._room = 0
    with turnstile.turn(known=True), turnstile.turn(known=True):
        answers: list[Any] = []
        guess = threading.Thread(
            target=lambda: answers.append(
                _sign_in(server.test_client(), "anna", PASSWORD["anna"], "::1")
            )
        )
        guess.start()
        guess.join(30)
        assert answers[0].status_code == 503
        assert int(answers[0].headers["Retry-After"]) > 0
        assert "nothing of yours was counted" in answers[0].text
        assert server.test_client().get("/healthz").status_code == 200
    assert _sign_in(server.test_client(), "anna", PASSWORD["anna"], "::1").status_code == 303
