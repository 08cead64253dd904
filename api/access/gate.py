"""The one door: nothing behind it answers a stranger, and no other site can knock for a user.

Registered before everything else, so it also guards what Dash adds: layout, dependencies,
callbacks, component suites and assets. The feeds are answered in front of it (``api/feeds.py``):
devices have keys of their own and no cookies.
"""

from __future__ import annotations

import posixpath
import re
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

import flask_login
from flask import Flask, Request, redirect, request
from werkzeug.wrappers import Response

from api.problems import problem
from domain.errors import InvalidField, NotPermitted, NotSignedIn, StoreUnavailable
from pages.session import Visitor, visitor
from services.access.accounts import Accounts
from services.access.start_check import StartCheck

_OPEN = frozenset(
    {
        "/healthz",
        "/readyz",
        "/sign-in",
        "/assets/favicon.ico",
        "/assets/sign-in.css",
    }
)
_HEALTH = ("/healthz", "/readyz")
_OPEN_BELOW = ("/assets/fonts/",)
_NO_PAGES_BELOW = ("/api/", "/feeds", "/live", "/map/", "/assets/", "/strings/", "/_dash")
_TO_CHANGE = frozenset({"/account", "/account/password", "/sign-out"})
"""All that is open to somebody whose password somebody else has set."""

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_JSON_ONLY = ("/api/", "/_dash-update-component")
_FILES = re.compile(r"/api/v1/operations/[^/]+/imports")


def register(server: Flask, accounts: Accounts, start_check: StartCheck) -> None:
    """Ask who it is before every request of ``server``, and whether it may be served at all."""
    manager = flask_login.LoginManager(server)
    manager.session_protection = None  # a session is a random secret that the server can end
    manager.user_loader(lambda secret: _of_session(accounts, secret))
    manager.request_loader(lambda asked: _of_token(accounts, asked))
    server.before_request(partial(_check, accounts, start_check))


def is_open(path: str) -> bool:
    """Whether strangers may ask for this path."""
    if posixpath.normpath(path) != path:  # "/assets/fonts/../x" is not a font
        return False
    return path in _OPEN or path.startswith(_OPEN_BELOW)


def safe_next(wanted: str | None) -> str:
    """A page of this site to go on to; anything that could lead elsewhere becomes ``/``."""
    if not wanted or not wanted.startswith("/") or wanted.startswith("//") or "\\" in wanted:
        return "/"
    if any(letter < " " or letter == "\x7f" for letter in wanted):
        return "/"
    parts = urlsplit(wanted)
    return "/" if parts.scheme or parts.netloc or parts.path == "/sign-in" else wanted


def _check(accounts: Accounts, start_check: StartCheck) -> Response | None:
    if request.path not in _HEALTH:
        start_check.check()
    _refuse_other_encodings()
    if request.method not in _READING:
        _refuse_other_sites()
    if is_open(request.path):
        return None
    who = visitor()
    if who is None:
        return _to_sign_in()
    if who.user.must_change and request.path not in _TO_CHANGE:
        return _to_change()
    if who.credential and _is_use():
        _note_use(accounts, who.credential)
    if request.method not in _READING and request.path.startswith(_JSON_ONLY):
        return _refuse_other_types()
    return None


def _refuse_other_encodings() -> None:
    # request.args would end in an exception, for strangers too
    try:
        request.query_string.decode()
    except UnicodeDecodeError as fault:
        raise InvalidField("query", "must be UTF-8") from fault


def _refuse_other_sites() -> None:
    # Bearer tokens are never sent by a browser on its own, so another site cannot use them.
    if request.authorization is not None and request.authorization.type == "bearer":
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None and site not in ("same-origin", "none"):
        raise NotPermitted(f"the request comes from another site ({site})")
    if origin is not None and origin != request.host_url.rstrip("/"):
        raise NotPermitted("the request comes from another origin")


def _refuse_other_types() -> Response | None:
    # A form of another site cannot send JSON without asking first, which is always refused.
    # Neither can it send bytes as such.
    if _FILES.fullmatch(request.path) and request.mimetype == "application/octet-stream":
        return None
    if request.is_json or (request.method == "DELETE" and not request.content_length):
        return None
    return problem(415, "Unsupported media type", "send application/json")


def _is_use() -> bool:
    """Whether a person has done this: opened a page, or sent something.

    What the screens ask for by themselves is not; their script tells of keys and the pointer.
    """
    if request.path.startswith("/_dash"):
        return False
    return request.method not in _READING or _wants_page()


def _note_use(accounts: Accounts, secret: str) -> None:
    # who only looks is not turned away while nothing can be written
    with suppress(StoreUnavailable):
        accounts.use(secret)


def _to_change() -> Response:
    """Somebody must change the password before anything else."""
    if request.method in _READING and _wants_page():
        return redirect("/account" + _back_to(request.full_path), 302)
    raise NotPermitted("change your password first: somebody else has set it", guard="password")


def _to_sign_in() -> Response:
    if not _wants_page():
        raise NotSignedIn("sign in, or send a bearer token")
    if request.method not in _READING:
        return redirect("/sign-in", 303)
    return redirect("/sign-in" + _back_to(request.full_path), 302)


def _back_to(path: str) -> str:
    """The query that leads back to where somebody wanted to be."""
    wanted = safe_next(path.rstrip("?"))
    return "" if wanted == "/" else "?" + urlencode({"next": wanted})


def _wants_page() -> bool:
    if request.path.startswith(_NO_PAGES_BELOW):
        return False
    if request.method in _READING:
        return bool(request.accept_mimetypes.accept_html)  # also what asks for anything
    return "text/html" in request.headers.get("Accept", "")


def _of_session(accounts: Accounts, secret: str) -> Visitor | None:
    user = accounts.by_session(secret)
    return None if user is None else Visitor(user, secret, lambda: accounts.by_session(secret))


def _of_token(accounts: Accounts, asked: Request) -> Visitor | None:
    sent: Any = asked.authorization
    if sent is None or sent.type != "bearer" or not sent.token:
        return None
    token = sent.token
    user = accounts.by_token(token)
    return None if user is None else Visitor(user, "", lambda: accounts.by_token(token))
