"""The occurrence log: one line typed in seconds, with the time it happened and the time it was
written down."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from domain.errors import InvalidField
from domain.time import parse_rfc3339
from pages import incident_identifiers as ids
from pages.clock_times import group, hour, parse_typed
from pages.strings import text

SHOWN = 40
_PREFIX = re.compile(r"(\d{2}:?\d{2}|\d{6})\s?([ZABzab])?(?=\s)\s+(.+)", re.DOTALL)
_RECORDED_APART_S = 60


def log_part(language: str, may_write: bool) -> list[Component]:
    """The line to type into, for those who may, and the newest lines under it."""
    return [
        dcc.Store(id=ids.LOG_META, data=str(uuid.uuid4())),
        html.Div(
            [
                dcc.Input(
                    id=ids.LOG_TEXT,
                    type="text",
                    placeholder=text("log.placeholder", language),
                    className="line",
                    autoComplete="off",
                ),
                html.Button(text("log.enter", language), id=ids.LOG_ENTER, type="button"),
            ],
            className="log-type",
            hidden=not may_write,
        ),
        html.P(id=ids.LOG_NOTICE, className="form-notice", role="alert"),
        html.Ol(id=ids.LOG_LINES, className="log-lines"),
    ]


def read_line(typed: str, now: datetime) -> tuple[datetime, str]:
    """When it happened and what: ``1432Z KP closes the bridge``; without a time it is now.

    Raises ``InvalidField`` where a time has no zone letter, or there is nothing to write down.
    """
    line = typed.strip()
    if not line:
        raise InvalidField("text", "is needed")
    match = _PREFIX.fullmatch(line)
    if match is None:
        return now, line
    digits, letter, words = match[1].replace(":", ""), match[2], match[3].strip()
    if letter is None:
        if len(digits) == 4 and int(digits[:2]) < 24 and int(digits[2:]) < 60:
            raise InvalidField(
                "text", f"has no zone letter: write {digits}Z, {digits}A or {digits}B"
            )
        return now, line
    return parse_typed(digits + letter, "text", now), words


def lines_part(lines: Sequence[Mapping[str, Any]], language: str) -> list[Component]:
    """The newest lines, newest occurrence first."""
    if not lines:
        return [html.Li(text("log.empty", language), className="nothing")]
    newest = lines[0]["occurred_at"]
    return [_line(one, newest, language) for one in lines[:SHOWN]]


def _line(one: Mapping[str, Any], beside: str, language: str) -> Component:
    occurred, recorded = one["occurred_at"], one["recorded_at"]
    apart = parse_rfc3339(recorded, "recorded_at") - parse_rfc3339(occurred, "occurred_at")
    written: list[Component] = []
    if abs(apart.total_seconds()) >= _RECORDED_APART_S:
        words = text("log.recorded", language, time=hour(recorded, beside))
        written.append(html.Span(words, className="recorded", title=group(recorded)))
    return html.Li(
        [
            html.Time(hour(occurred, beside), dateTime=occurred, title=group(occurred)),
            html.Span(one["record"]["text"], className="words"),
            html.Span([*written, html.Span(one["entered_by"]["user"])], className="by"),
        ],
        className="significant" if one["record"].get("significant") else "",
    )
