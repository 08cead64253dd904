"""Refusals as RFC 9457 problem documents, one kind of answer for one class of error."""

from __future__ import annotations

import json
import logging
from typing import Any

from flask import Flask, Response, has_request_context, request
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response as WerkzeugResponse

from domain import errors
from pages.session import visitor
from services.security.asking import remember_refusal

STATUS: dict[type[errors.DashboardError], int] = {
    errors.InvalidField: 400,
    errors.NotSignedIn: 401,
    errors.NotPermitted: 403,
    errors.NotFound: 404,
    errors.VersionConflict: 409,
    errors.GuardRefused: 422,
    errors.TooCostly: 422,
    errors.TooManyRequests: 429,
    errors.NoRoom: 503,
    errors.OtherSchema: 503,
    errors.StoreUnavailable: 503,
}
"""Every capability to refuse, and the status that says it."""

_RETRY_SECONDS = 5
_logger = logging.getLogger(__name__)


def problem(status: int, title: str, detail: str, **extra: Any) -> Response:
    """A problem document; ``extra`` are its members such as ``field`` or ``guard``."""
    kind = title.lower().replace(" ", "-")
    document = {
        "type": f"urn:fpu:problem:{kind}",
        "title": title,
        "status": status,
        "detail": detail,
        **extra,
    }
    body = json.dumps(document, ensure_ascii=False, default=str)
    response = Response(body, status, content_type="application/problem+json")
    response.headers["Cache-Control"] = "no-store"
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status in (429, 503):
        response.headers["Retry-After"] = str(extra.get("retry_after", _RETRY_SECONDS))
    return response


def from_error(error: errors.DashboardError) -> Response:
    """The document of a refusal; an error of no listed class is a refused request (400).

    Why the store is away names hosts and files, so only who is signed in is told.
    """
    remember_refusal(error)
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 400)
    detail = error.detail
    if isinstance(error, errors.StoreUnavailable) and not _is_signed_in():
        detail = "the store cannot serve now; nothing was acknowledged"
    return problem(status, error.title, detail, **error.extra)


def from_fault(fault: Exception) -> WerkzeugResponse:
    """The document of any exception, for what is answered in front of Flask."""
    if isinstance(fault, errors.DashboardError):
        return from_error(fault)
    if isinstance(fault, HTTPException):
        return _from_http(fault)
    unexpected = InternalServerError(original_exception=fault)
    return _from_http(unexpected)


def register(server: Flask) -> None:
    """Answer every refusal and every fault of ``server`` with a problem document."""
    server.register_error_handler(errors.DashboardError, from_error)
    server.register_error_handler(HTTPException, _from_http)


def _is_signed_in() -> bool:
    try:
        return has_request_context() and visitor() is not None
    except errors.StoreUnavailable:
        return False


def _from_http(error: HTTPException) -> WerkzeugResponse:
    status = error.code or 500
    if error.response is not None or status < 400:
        return error.get_response()
    if status >= 500:
        cause = getattr(error, "original_exception", None)
        _logger.error("request failed: %s", error, exc_info=cause)
        return problem(500, "Internal error", "the server could not do this; it has been logged")
    if status == 413:
        return _too_large(error)
    answer = problem(status, error.name.capitalize(), error.description or error.name)
    allowed = error.get_response().headers.get("Allow")
    if allowed:
        answer.headers["Allow"] = allowed
    return answer


def _too_large(error: HTTPException) -> WerkzeugResponse:
    """Says how much may be sent; of a track file also what else to do."""
    most = request.max_content_length if has_request_context() else None
    said = f"is larger than {_size(most)}" if most else "is larger than may be sent"
    if has_request_context() and str(request.url_rule).endswith("/imports"):
        words = f"{said}: split it, or use flask tracks import"
        return problem(413, error.name.capitalize(), words, field="file")
    return problem(413, error.name.capitalize(), said, field="body")


def _size(most: int) -> str:
    return f"{most // 1024 // 1024} MB" if most >= 1024 * 1024 else f"{most // 1024} kB"
