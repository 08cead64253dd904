"""The one door: nothing behind it answers a stranger, and no other site can knock for a user.

Registered before everything else, so it also guards what Dash adds: layout, dependencies,
callbacks, component suites and assets. The feeds are answered in front of it (``api/feeds.py``):
devices have keys of their own and no cookies.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any
from urllib.parse import urlencode, urlsplit

import flask_login
from flask import Flask, Request, redirect, request
from werkzeug.wrappers import Response

from api.problems import problem
from domain.errors import InvalidField, NotPermitted, NotSignedIn
from pages.session import Visitor, visitor
from services.access.accounts import Accounts

_OPEN = frozenset(
    {
        "/healthz",
        "/readyz",
        "/sign-in",
        "/assets/favicon.ico",
        "/assets/sign-in.css",
    }
)
_OPEN_BELOW = ("/assets/fonts/",)
_NO_PAGES_BELOW = ("/api/", "/feeds", "/live", "/map/", "/assets/", "/strings/", "/_dash")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_JSON_ONLY = ("/api/", "/_dash-update-component")
_FILES = re.compile(r"/api/v1/operations/[^/]+/imports")


def register(server: Flask, accounts: Accounts) -> None:
    """Ask who it is before every request of ``server``."""
    manager = flask_login.LoginManager(server)
    manager.session_protection = None  # a session is a random secret that the server can end
    manager.user_loader(lambda secret: _of_session(accounts, secret))
    manager.request_loader(lambda asked: _of_token(accounts, asked))
    server.before_request(_check)


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


def _check() -> Response | None:
    _refuse_other_encodings()
    if request.method not in _READING:
        _refuse_other_sites()
    if is_open(request.path):
        return None
    if visitor() is None:
        return _to_sign_in()
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


def _to_sign_in() -> Response:
    if not _wants_page():
        raise NotSignedIn("sign in, or send a bearer token")
    if request.method not in _READING:
        return redirect("/sign-in", 303)
    wanted = safe_next(request.full_path.rstrip("?"))
    query = "" if wanted == "/" else "?" + urlencode({"next": wanted})
    return redirect("/sign-in" + query, 302)


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
