"""``/account``: the own password, sessions and tokens, as a page of plain forms.

It stands alone like the sign-in page: a password never enters a component or a callback of Dash,
nothing of the screens needs to be open to somebody who must change a password first, and it works
without a script. The gate refuses forms that other sites send.
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

import flask_login
from flask import Flask, make_response, redirect, render_template, request, session
from werkzeug.wrappers import Response

from api.access import known_browser
from api.access.gate import safe_next
from api.access.user_agent import in_words
from domain.access.passwords import LONGEST, SHORTEST
from domain.access.rights import Act, Data, requires
from domain.access.sessions import LIMITS
from domain.errors import InvalidField, NoRoom, NotFound, NotPermitted, NotSignedIn, TooManyRequests
from domain.time import to_date_time_group
from pages.session import Visitor, current_language, visitor
from pages.strings import catalogue, text
from services.container import Services
from services.security.asking import remember_proof

_TOLD = ("password", "session", "sessions", "token", "gone")
"""What the page may say after something was done; anything else in the address is not said."""


def register(server: Flask, services: Services) -> None:
    """Add the addresses; the gate has let somebody in."""

    @server.get("/account")
    @requires(Act.SEE, Data.OWN_ACCOUNT)
    def account_page() -> Response:
        return _page(services, _person())

    @server.post("/account/password")
    @requires(Act.CHANGE, Data.OWN_ACCOUNT)
    def change_password() -> Response:
        return _change_password(services, _person())

    @server.post("/account/sessions/<identifier>/end")
    @requires(Act.CHANGE, Data.OWN_ACCOUNT)
    def end_session(identifier: str) -> Response:
        who = _person()
        try:
            services.credentials.end_session(who.user.name, identifier, by=who.user.name)
        except NotFound:
            return _told("gone")
        return _told("session")

    @server.post("/account/sessions/end-others")
    @requires(Act.CHANGE, Data.OWN_ACCOUNT)
    def end_other_sessions() -> Response:
        who = _person()
        services.credentials.end_other_sessions(who.user.name, who.credential)
        return _told("sessions")

    @server.post("/account/tokens/<identifier>/revoke")
    @requires(Act.CHANGE, Data.OWN_ACCOUNT)
    def revoke_token(identifier: str) -> Response:
        name = _person().user.name
        try:
            services.credentials.revoke_token(identifier, by=name, name=name)
        except NotFound:
            return _told("gone")
        return _told("token")

    @server.post("/account/present")
    @requires(Act.CHANGE, Data.OWN_ACCOUNT)
    def present() -> Response:
        # a key or the pointer was moved; the gate has noted it, as it does for all that is sent
        _person()
        return Response(status=204)


def _person() -> Visitor:
    """Who is signed in at a screen; a program with a token has no password to change."""
    who = visitor()
    if who is None:
        raise NotSignedIn("sign in first")
    if not who.credential:
        raise NotPermitted("a token opens no account: sign in with the password")
    return who


def _change_password(services: Services, who: Visitor) -> Response:
    present, new = request.form.get("present", ""), request.form.get("password", "")
    if new != request.form.get("again", ""):
        return _page(services, who, fault="account.not_the_same", status=400)
    device = in_words(request.user_agent.string)
    try:
        opened = services.accounts.change_own_password(
            who.credential,
            present,
            new,
            request.remote_addr or "",
            browser=known_browser.name_for(session, who.user.name),
            device=device,
        )
    except (TooManyRequests, NoRoom) as refusal:
        remember_proof("throttled")
        fault, status = "account.too_many", 429
        if isinstance(refusal, NoRoom):
            fault, status = "sign_in.busy", 503
        answer = _page(services, who, fault=fault, status=status)
        answer.headers["Retry-After"] = str(refusal.extra["retry_after"])
        return answer
    except InvalidField as refused:
        # a new one that is refused tells that the present one was right
        remember_proof("refused" if refused.field == "present" else "done")
        return _page(services, who, fault=_words_of(refused), status=400)
    remember_proof("done")
    flask_login.login_user(Visitor(opened.user, opened.secret, lambda: opened.user))
    if who.user.must_change:
        return redirect(safe_next(request.form.get("next")), 303)
    return _told("password")


def _words_of(refused: InvalidField) -> str:
    rule = refused.extra.get("rule", "present" if refused.field == "present" else "same")
    key = f"account.refused_{rule}"
    return key if key in catalogue(current_language()) else "account.refused"


def _told(what: str) -> Response:
    return redirect("/account?" + urlencode({"told": what}), 303)


def _page(services: Services, who: Visitor, *, fault: str = "", status: int = 200) -> Response:
    language = current_language()
    told = request.args.get("told", "")
    now = services.clock()
    page = render_template(
        "account.html",
        say=lambda key, **values: text(key, language, **values),
        language=language,
        user=who.user,
        idle=LIMITS[who.user.role].idle,
        sessions=services.credentials.sessions(who.user.name),
        tokens=services.credentials.good_tokens(who.user.name),
        group=to_date_time_group,
        age=lambda moment: _age(now, moment, language),
        shortest=SHORTEST,
        longest=LONGEST,
        fault=fault,
        told=told if told in _TOLD and not fault else "",
        next=safe_next(request.values.get("next")),
    )
    return make_response(page, status)


def _age(now: datetime, moment: datetime, language: str) -> str:
    """How long ago, as roughly as it matters."""
    minutes = int((now - moment.astimezone(UTC)).total_seconds() // 60)
    if minutes < 2:
        return text("account.just_now", language)
    if minutes < 120:
        return text("account.minutes_ago", language, n=minutes)
    if minutes < 48 * 60:
        return text("account.hours_ago", language, n=minutes // 60)
    return text("account.days_ago", language, n=minutes // (24 * 60))
