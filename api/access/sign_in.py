"""Signing in, changing the user on a shared desk, signing out, and the language of a browser."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import flask_login
from flask import Flask, make_response, redirect, render_template, request, session
from werkzeug.wrappers import Response

from api.access import known_browser
from api.access.gate import safe_next
from api.access.user_agent import in_words
from domain.access.accounts import User
from domain.access.rights import Act, Data, requires
from domain.access.sessions import LIMITS, Ending
from domain.errors import NoRoom, NotFound, NotSignedIn, TooManyRequests
from pages.session import LANGUAGE_COOKIE, Visitor, current_language, visitor
from pages.strings import LANGUAGES, text
from services.access.checks import LONGEST_NAME
from services.access.demonstration_accounts import DEMONSTRATION_ACCOUNTS
from services.container import Services

_DESK = "desk"
_FLASK_LOGIN = "_user_id"
"""Where Flask-Login keeps the secret in the signed cookie."""

_DESK_SIZE = 6
_A_YEAR = 31_536_000


@dataclass(frozen=True, slots=True)
class Choice:
    """An account that the page offers as a button; ``role`` is empty where it is not told."""

    name: str
    role: str = ""


def register(server: Flask, services: Services) -> None:
    """Add the addresses; ``/sign-in`` alone is open to strangers."""

    @server.get("/sign-in")
    @requires(Act.SEE, Data.PUBLIC)
    def sign_in_page() -> Response:
        now = visitor()
        if now is not None and "switch" not in request.args:
            return redirect(safe_next(request.args.get("next")), 303)
        return _page(services, name=request.args.get("name", ""))

    @server.post("/sign-in")
    @requires(Act.CHANGE, Data.PUBLIC)
    def sign_in() -> Response:
        return _sign_in(services)

    @server.post("/sign-out")
    @requires(Act.CHANGE, Data.OWN_ACCOUNT)
    def sign_out() -> Response:
        _end(services)
        return redirect("/sign-in", 303)

    @server.get("/language/<code>")
    @requires(Act.SEE, Data.PROGRAM)
    def language(code: str) -> Response:
        if code not in LANGUAGES:
            raise NotFound(f"there is no language {code!r}")
        answer = redirect(safe_next(request.args.get("next")), 303)
        return _remember_language(answer, code)


def _sign_in(services: Services) -> Response:
    # Nothing is cut: what was sent is the name and the password, or it is not.
    name = request.form.get("name", "").strip()
    password = request.form.get("password", "")
    browser = known_browser.name_for(session, name)
    try:
        address, device = request.remote_addr or "", in_words(request.user_agent.string)
        opened = services.accounts.sign_in(name, password, address, browser, device=device)
    except NotSignedIn:
        return _page(services, name=name, fault="sign_in.refused", status=401)
    except NoRoom as refusal:
        return _wait(services, name, "sign_in.busy", 503, refusal)
    except TooManyRequests as refusal:
        return _wait(services, name, "sign_in.too_many", 429, refusal)
    _end(services)
    session.permanent = True
    flask_login.login_user(Visitor(opened.user, opened.secret, lambda: opened.user))
    session[_DESK] = [name, *(other for other in _desk() if other != name)][:_DESK_SIZE]
    known_browser.remember(session, name)
    return redirect(safe_next(request.form.get("next")), 303)


def _wait(
    services: Services, name: str, fault: str, status: int, refusal: TooManyRequests | NoRoom
) -> Response:
    seconds = int(refusal.extra["retry_after"])
    answer = _page(services, name=name, fault=fault, wait_s=seconds, status=status)
    answer.headers["Retry-After"] = str(seconds)
    return answer


def _end(services: Services) -> None:
    """End the session of whoever sits here now; the desk remembers the names."""
    now = visitor()
    if now is not None and now.credential:
        services.accounts.sign_out(now.credential)
    flask_login.logout_user()


def _page(
    services: Services, *, name: str, fault: str = "", wait_s: int = 0, status: int = 200
) -> Response:
    now = visitor()
    wanted = request.args.get("language", "")
    language = wanted if wanted in LANGUAGES else current_language()
    ended, minutes = ("", 0) if now or fault else _why_ended(services)
    page = render_template(
        "sign_in.html",
        say=lambda key, **values: text(key, language, **values),
        language=language,
        languages=LANGUAGES,
        demonstration=services.demonstration,
        demonstration_accounts=DEMONSTRATION_ACCOUNTS if services.demonstration else {},
        user=None if now is None else now.user,
        choices=_choices(services, None if now is None else now.user),
        name=name if len(name) <= LONGEST_NAME else "",
        fault=fault,
        ended=ended,
        ended_minutes=minutes,
        minutes=math.ceil(wait_s / 60),
        next=safe_next(request.values.get("next")),
    )
    answer = make_response(page, status)
    return _remember_language(answer, wanted) if wanted in LANGUAGES else answer


def _why_ended(services: Services) -> tuple[str, int]:
    """Why the session that this browser still has the cookie of is over, and its idle minutes."""
    secret = session.get(_FLASK_LOGIN)
    found = services.accounts.why_ended(secret) if isinstance(secret, str) else None
    if found is None or found[0] is Ending.SIGNED_OUT:
        return "", 0
    idle = LIMITS[found[1]].idle
    return found[0].value, 0 if idle is None else int(idle.total_seconds() // 60)


def _choices(services: Services, user: User | None) -> Sequence[Choice]:
    """Who used this desk lately; to somebody signed in also every other enabled account.

    A stranger at another desk learns no names.
    """
    desk = [name for name in _desk() if user is None or name != user.name]
    if user is None:
        return [Choice(name) for name in desk]
    enabled = {each.name: each.role for each in services.accounts.accounts() if each.enabled}
    enabled.pop(user.name, None)
    recent = [name for name in desk if name in enabled]
    others = [name for name in enabled if name not in recent]
    return [Choice(name, enabled[name]) for name in recent + others]


def _desk() -> list[str]:
    names = session.get(_DESK, [])
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _remember_language(answer: Response, code: str) -> Response:
    answer.set_cookie(LANGUAGE_COOKIE, code, max_age=_A_YEAR, samesite="Lax", httponly=True)
    return answer
