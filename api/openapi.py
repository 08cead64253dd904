"""The OpenAPI document: made from the routes below and from the schemas that the server checks.

A test holds it against the application's own routes, so that neither has what the other lacks.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from domain.access.rights import Act, Data, requires
from domain.drafts import CONFIRM_ENVELOPE, REJECT_ENVELOPE, SEQUENCE_ENVELOPE
from domain.records import (
    ASSERTED_BY,
    CASUALTIES,
    CONFIRMATION,
    ENVELOPE,
    LOG_ENVELOPE,
    POSITION,
    RECORDS,
    REPORT_ENVELOPE,
)
from domain.transitions import INC, LOG, RES, TABLE

ADDRESS = "/api/v1/openapi.json"
_OPERATION = "/api/v1/operations/{operation}"
_INCIDENT = _OPERATION + "/incidents/{incident}"
_ENTRY = _OPERATION + "/quarantine/{entry}"
_IMPORT = _OPERATION + "/imports/{number}"
_DRAFT = _INCIDENT + "/drafts/{draft}"
_PLATOON = _OPERATION + "/platoons/{platoon}"

_PARAMETERS: dict[str, tuple[str, str]] = {
    "at": ("date-time", "As it was at this time (RFC 3339); now when left out"),
    "known_at": ("date-time", "Leave out what was received after this time"),
    "from": ("date-time", "Start, RFC 3339"),
    "to": ("date-time", "End, RFC 3339; now when left out"),
    "unit": ("", "Id of a unit; all units when left out"),
    "trail": ("number", "Seconds of track behind each position, 86,400 at most"),
    "tolerance": ("number", "Metres that a drawn line may be off, 10,000 at most"),
    "zoom": ("number", "Whole steps on a grid for a map of this zoom (tiles of 512) instead"),
    "times": ("boolean", "With a zoom: the time of every point too"),
    "limit": ("integer", "How many, 1,000 at most; what is cut has truncated and next"),
    "before": ("", "Continue a listing behind the one of this name or number"),
    "unassigned": ("boolean", "Of devices that were in no operation instead"),
    "decided": ("boolean", "Only what is decided, or only what is open; all when left out"),
    "reason": ("", "Only what was refused for this reason (outside_area, no_time ...)"),
    "format": ("", "gpx, geojson, csv or gpkg"),
    "name": ("", "The file's name; how it ends tells the format"),
    "anywhere": ("boolean", "Positions outside the area of operations, too"),
    "utc": ("boolean", "Times without a zone are UTC"),
    "open": ("boolean", "Only those that nobody has acknowledged"),
    "operation": ("", "Id of an operation"),
    "kind": ("", "sign_in, refused, export, account ...; all when left out"),
    "outcome": ("", "done, refused, throttled or failed"),
    "account": ("", "Name of an account, as who did it or to whom it was done"),
    "address": ("", "An IPv4 or IPv6 address, or a /64"),
    "place": ("", "Continue a listing: what the answer gave as `next`"),
    "last_id": ("integer", "Resume after this message (like the Last-Event-ID header)"),
}

_ROUTES: tuple[tuple[str, str, str, str, str, str], ...] = (
    # method, path, what it does, parameters, body schema, successful statuses
    ("get", "/api/v1/operations", "The operations", "", "", "200"),
    ("get", ADDRESS, "This document", "", "", "200"),
    ("get", _OPERATION + "/units", "Units with their task", "at", "", "200"),
    ("get", _OPERATION + "/platoons", "Platoons with their state", "at", "", "200"),
    ("get", _PLATOON, "A platoon, and what may happen to it now", "", "", "200"),
    ("post", _PLATOON + "/events", "One event of region RES", "", "Envelope", "200 201"),
    ("get", _OPERATION + "/crossings", "Crossing points with the last visit", "at", "", "200"),
    ("get", _OPERATION + "/positions/latest", "Newest position of each unit", "", "", "200"),
    (
        "get", _OPERATION + "/positions", "Positions at a time, with trails",
        "at known_at trail", "", "200",
    ),
    (
        "get", _OPERATION + "/tracks", "Tracks of 31 days at most; a gap is a gap",
        "unit from to tolerance zoom times known_at", "", "200",
    ),
    (
        "get", _OPERATION + "/units/{unit}/analysis",
        "Distance, time on task, stops, gaps, visits of 7 days at most",
        "from to known_at", "", "200",
    ),
    ("get", _OPERATION + "/clocks", "How far the clocks of devices are off", "", "", "200"),
    (
        "get", _OPERATION + "/quarantine", "What could not be believed",
        "unassigned limit before decided reason", "", "200",
    ),
    (
        "post", _OPERATION + "/quarantine/accept",
        "Each of up to 200 is true as it came; tells of each what became of it",
        "", "Decisions", "200",
    ),
    (
        "post", _OPERATION + "/quarantine/discard",
        "Nothing can be made of any of them: one reason for up to 200 entries",
        "", "Decisions", "200",
    ),
    (
        "post", _OPERATION + "/quarantine/shift",
        "The clock of one device was wrong by so much: correct up to 200 of its entries",
        "", "Shift", "200",
    ),
    (
        "post", _OPERATION + "/quarantine/shift/preview",
        "What a shift would do, and to which times; stores nothing",
        "", "ShiftPreview", "200",
    ),
    ("get", _ENTRY, "An entry, and what can be read of it", "", "", "200"),
    ("post", _ENTRY + "/accept", "It is true as it came", "", "Decision", "200"),
    ("post", _ENTRY + "/correct", "Judge it again with these values", "", "Correction", "200"),
    ("post", _ENTRY + "/discard", "Nothing can be made of it", "", "Decision", "200"),
    (
        "get", _OPERATION + "/tracks/export",
        "A track file of all that is known of up to 100,000 fixes",
        "format unit from to", "", "200",
    ),
    ("get", _OPERATION + "/imports", "The newest 50 imports of track files", "", "", "200"),
    (
        "post", _OPERATION + "/imports",
        "Look at a track file (the body, application/octet-stream); stores nothing of it",
        "name unit anywhere utc", "Bytes", "201",
    ),
    ("get", _IMPORT, "An import, and what a file that waits would do", "", "", "200"),
    ("post", _IMPORT + "/commit", "Store it, or go on storing it", "", "", "200"),
    ("post", _IMPORT + "/undo", "Take away what it has added", "", "Decision", "200"),
    ("post", _IMPORT + "/discard", "Let go of a file that was only looked at", "", "", "200"),
    ("get", _OPERATION + "/incidents", "Incidents", "limit before", "", "200"),
    ("post", _OPERATION + "/incidents", "Report an incident", "", "ReportEnvelope", "200 201"),
    ("get", _INCIDENT, "An incident, and what may happen now", "", "", "200"),
    ("get", _INCIDENT + "/events", "The incident's log", "limit before", "", "200"),
    ("post", _INCIDENT + "/events", "Record one event", "", "Envelope", "200 201"),
    ("post", _INCIDENT + "/sequences", "Record several at once", "", "Sequence", "200 201"),
    ("post", _DRAFT + "/confirm", "Enter what waits as a draft", "", "Confirm", "200 201"),
    ("post", _DRAFT + "/reject", "Strike a draft", "", "Reject", "200 201"),
    ("get", _OPERATION + "/log", "The occurrence log", "limit before", "", "200"),
    ("post", _OPERATION + "/log", "Write a line of the log", "", "LogEnvelope", "200 201"),
    ("get", _OPERATION + "/alerts", "Alerts, newest first", "open limit before", "", "200"),
    (
        "post", _OPERATION + "/alerts/{alert}/acknowledge", "Take an alert by name",
        "", "", "200",
    ),
    (
        "get", "/api/v1/security-events",
        "The security log with the changes of accounts and roster, newest first; ADMIN, AUDITOR",
        "kind outcome account address from to place limit", "", "200",
    ),
    ("get", "/live", "The live stream (server-sent events)", "operation last_id", "", "200"),
)  # fmt: skip

_DECISION: dict[str, Any] = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "maxLength": 500},
        "command_id": {"type": "string", "format": "uuid"},
    },
    "required": ["reason"],
}
_DECISIONS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "maxLength": 500},
        "entries": {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 200},
        "command_id": {"type": "string", "format": "uuid"},
    },
    "required": ["reason", "entries"],
}
_SHIFTED: dict[str, Any] = {
    "entries": _DECISIONS["properties"]["entries"],
    "offset_s": {"type": "integer", "description": "Seconds to add to each time; may be below 0"},
}
_SHIFT_PREVIEW: dict[str, Any] = {
    "type": "object",
    "properties": _SHIFTED,
    "required": ["entries"],
}
_SHIFT: dict[str, Any] = {
    "type": "object",
    "properties": _DECISIONS["properties"] | _SHIFTED,
    "required": ["reason", "entries", "offset_s"],
}
_CORRECTION: dict[str, Any] = {
    **_DECISION,
    "properties": {
        **_DECISION["properties"],
        "latitude": {"type": "number"},
        "longitude": {"type": "number"},
        "time": {"type": "string", "format": "date-time"},
        "unit": {"type": "string", "description": "Id or call sign"},
    },
}

_REFUSALS = {
    "400": "Wrong shape; `field` names the field",
    "401": "Not signed in",
    "403": "Not for this role",
    "404": "Unknown, or not yours to see",
    "409": "Somebody else was first; `since` tells what happened",
    "422": "Wrong state, or a guard; `guard` names it",
    "503": "The store cannot serve now, nothing was acknowledged; or too many ask at once, see "
    "Retry-After",
}


def openapi_blueprint() -> Blueprint:
    """Serves the document."""
    blueprint = Blueprint("openapi", __name__)

    @blueprint.get(ADDRESS)
    @requires(Act.SEE, Data.PROGRAM)
    def document() -> Response:
        return jsonify(openapi_document())

    return blueprint


def openapi_document() -> dict[str, Any]:
    """The whole document, OpenAPI 3.1."""
    paths: dict[str, dict[str, Any]] = {}
    for method, path, summary, parameters, body, statuses in _ROUTES:
        paths.setdefault(path, {})[method] = _operation(
            path, summary, parameters.split(), body, statuses.split()
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "FPU Operations Dashboard",
            "version": "1",
            "description": "Times are RFC 3339 in UTC, positions WGS84 degrees, geometry GeoJSON. "
            "Errors are problem documents (RFC 9457).",
        },
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "session"},
            },
            "schemas": _schemas(),
        },
    }


def record_name(region: str, event: str) -> str:
    """The name of an event's record among the schemas."""
    return f"Record.{region}.{event}"


def _operation(
    path: str, summary: str, parameters: list[str], body: str, statuses: list[str]
) -> dict[str, Any]:
    stream = path == "/live"
    media = "text/event-stream" if stream else "application/json"
    found: dict[str, Any] = {
        "summary": summary,
        "parameters": [_path_parameter(name) for name in _variables(path)]
        + [_query_parameter(name) for name in parameters],
        "responses": {
            status: {"description": "Done", "content": {media: {}}} for status in statuses
        }
        | {
            status: {
                "description": text,
                "content": {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                },
            }
            for status, text in _REFUSALS.items()
        },
    }
    if body == "Bytes":
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        found["requestBody"] = {"required": True, "content": content}
    elif body:
        reference = {"$ref": f"#/components/schemas/{body}"}
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": reference}},
        }
    return found


def _variables(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameter(name: str) -> dict[str, Any]:
    kind, text = _PARAMETERS[name]
    schema: dict[str, Any] = {"type": kind or "string"}
    if kind == "date-time":
        schema = {"type": "string", "format": kind}
    return {"name": name, "in": "query", "description": text, "schema": schema}


def _schemas() -> dict[str, Any]:
    schemas: dict[str, Any] = {
        "Envelope": {**ENVELOPE, "description": _which_record()},
        "ReportEnvelope": REPORT_ENVELOPE,
        "LogEnvelope": LOG_ENVELOPE,
        "Sequence": SEQUENCE_ENVELOPE,
        "Confirm": CONFIRM_ENVELOPE,
        "Reject": REJECT_ENVELOPE,
        "AssertedBy": ASSERTED_BY,
        "Confirmation": CONFIRMATION,
        "Position": POSITION,
        "Casualties": CASUALTIES,
        "Decision": _DECISION,
        "Decisions": _DECISIONS,
        "Correction": _CORRECTION,
        "Shift": _SHIFT,
        "ShiftPreview": _SHIFT_PREVIEW,
        "Problem": {
            "type": "object",
            "properties": {
                "type": {"type": "string"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "field": {"type": "string"},
                "guard": {"type": "string"},
                "since": {"type": "array", "items": {"type": "object"}},
                "platoons": {"type": "array", "items": {"type": "string"}},
                "step": {"type": "object"},
            },
            "required": ["type", "title", "status", "detail"],
        },
    }
    for (region, event), schema in RECORDS.items():
        schemas[record_name(region, event)] = schema
    return schemas


def _which_record() -> str:
    words = [f"{row.region} {row.event}" for row in TABLE if row.region in (INC, RES)]
    example = ", ".join(dict.fromkeys(words[:3]))
    return (
        "`record` has the shape of the schema Record.<region>.<event>, for example for "
        f"{example}. Events of region {LOG} go to the log."
    )
