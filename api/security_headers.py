"""What every answer tells the browser not to do."""

from __future__ import annotations

from functools import partial

from dash import Dash
from flask import Flask, Response, request

_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_NOTHING = "default-src 'none'; frame-ancestors 'none'"
_A_YEAR = 31_536_000
_TLS = {"Strict-Transport-Security": f"max-age={_A_YEAR}"}


def for_devices(*, production: bool) -> dict[str, str]:
    """The headers of an answer that no browser shows."""
    always = {**_FIXED, "Content-Security-Policy": _NOTHING, "Cache-Control": "no-store"}
    return {**always, **(_TLS if production else {})}


def register(server: Flask, dash: Dash, *, production: bool) -> None:
    """Add the headers to every answer; ``production`` is served over TLS only."""
    server.after_request(partial(_add, dash, production))


def _add(dash: Dash, production: bool, response: Response) -> Response:
    for name, value in _FIXED.items():
        response.headers.setdefault(name, value)
    response.headers["Content-Security-Policy"] = (
        _page_policy(dash) if response.mimetype == "text/html" else _NOTHING
    )
    if production:
        response.headers.extend(_TLS)
    _say_how_long(response)
    return response


def _say_how_long(response: Response) -> None:
    # Positions and names are never kept by a browser or a proxy; what has its version in its
    # address may be kept, by this browser alone.
    if request.path.startswith("/assets/"):
        versioned = "m" in request.args and response.status_code < 400
        value = f"private, max-age={_A_YEAR}, immutable" if versioned else "private, no-cache"
        response.headers["Cache-Control"] = value
    elif request.path.startswith("/_dash-component-suites/"):
        response.cache_control.private = True
    else:
        response.headers.setdefault("Cache-Control", "no-store")


def _page_policy(dash: Dash) -> str:
    """Dash adds inline scripts until its first page, so their hashes are taken for each page.

    MapLibre draws in workers that it makes from blobs.
    """
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {' '.join(dash.csp_hashes())}",
            "worker-src blob:",
            "connect-src 'self'",
            "img-src 'self' data: blob:",
            "style-src 'self' 'unsafe-inline'",
            "font-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
