"""The drafts of an incident: who said what, whom it waits for, and the way to confirm it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from pages import late_identifiers as ids
from pages.clock_times import group, hour
from pages.form_view import dom_id
from pages.incident_actions import guard_words
from pages.incident_identifiers import field
from pages.late_entry import roles_words
from pages.record_words import record_rows
from pages.strings import text

Draft = Mapping[str, Any]

_TIER = {"INC": "tier-1", "T2": "tier-2", "T3": "tier-3", "LINE": "line"}


def drafts_frame(drafts: Sequence[Draft], language: str) -> Component:
    """The place of the drafts, which stays while they come and go."""
    return html.Div(
        [
            dcc.Store(id=ids.DRAFTS_SEEN, data=fingerprint(drafts)),
            html.Div(drafts_part(drafts, language), id=ids.INCIDENT_DRAFTS, className="part"),
            html.Div(id=ids.DRAFT_NOTICE, className="form-notice", role="alert"),
        ],
        className="drafts-frame",
    )


def fingerprint(drafts: Sequence[Draft]) -> str:
    """Another text whenever the drafts have to be drawn anew."""
    return " ".join(
        f"{one['id']}:{one['mine']:d}{one['may_reject']:d}{(one['stopped'] or {}).get('guard')}"
        for one in drafts
    )


def drafts_part(drafts: Sequence[Draft], language: str) -> Component | None:
    """Every draft that waits; None when there is none."""
    if not drafts:
        return None
    return html.Section(
        [
            html.H2(text("late.drafts", language)),
            *(_draft(one, language) for one in drafts),
        ],
        className="drafts",
    )


def _draft(draft: Draft, language: str) -> Component:
    who = draft["entered_by"]
    return html.Article(
        [
            html.P(
                [
                    html.Strong(_waits(draft, language)),
                    html.Span(
                        text(
                            "late.typed_by",
                            language,
                            user=who["user"],
                            role=text(f"shell.role_{who['role']}", language),
                            time=hour(draft["recorded_at"]),
                        ),
                        className="faint",
                        title=group(draft["recorded_at"]),
                    ),
                ],
                className="draft-head",
            ),
            _buttons(draft, language),
            html.Ol(
                [_step(step, draft, language) for step in draft["steps"]], className="said-steps"
            ),
            _stopped(draft, language),
        ],
        className="draft",
    )


def _waits(draft: Draft, language: str) -> str:
    if draft["mine"]:
        return text("late.waits_for_you", language)
    roles = roles_words(draft["waits_for"], language)
    key = "late.waits_other" if draft["waits_because"] == "four_eyes" else "late.waits_role"
    return text(key, language, roles=roles)


def _step(step: Mapping[str, Any], draft: Draft, language: str) -> Component:
    rows = [
        html.Div([html.Dt(label), html.Dd(words)])
        for _, label, words in record_rows(step, language)
    ]
    return html.Li(
        [
            html.Time(
                hour(step["occurred_at"], draft["recorded_at"]),
                dateTime=step["occurred_at"],
                title=group(step["occurred_at"]),
            ),
            html.Div(
                [
                    html.Strong(text(f"event.{step['region']}_{step['event']}_past", language)),
                    html.Dl(rows, className="record") if rows else None,
                ]
            ),
        ],
        className=_TIER[step["region"]],
    )


def _stopped(draft: Draft, language: str) -> Component | None:
    stopped = draft["stopped"]
    if stopped is None:
        return None
    rule = guard_words(stopped["guard"], stopped["detail"], language)
    words = text("late.stopped_now", language, rule=rule, detail=stopped["detail"])
    return html.P(words, className="late-warning")


def _buttons(draft: Draft, language: str) -> Component | None:
    confirm = html.Button(
        text("late.confirm", language, count=len(draft["steps"])),
        id=ids.confirm(draft["id"]),
        className="primary",
        type="button",
        hidden=not draft["mine"],
    )
    if not (draft["mine"] or draft["may_reject"]):
        return None
    words = text("late.withdraw" if draft["own"] else "late.reject", language)
    reason = text("late.reason", language)
    reject = html.Details(
        [
            html.Summary(words),
            html.Label(reason, htmlFor=dom_id(ids.REASON_FORM, draft["id"]), className="faint"),
            html.Div(
                [
                    dcc.Input(
                        id=field(ids.REASON_FORM, draft["id"]),
                        type="text",
                        className="line",
                        autoComplete="off",
                    ),
                    html.Button(words, id=ids.reject(draft["id"]), className="do", type="button"),
                ],
                className="draft-reject",
            ),
        ]
    )
    return html.Div([confirm, reject], className="draft-buttons")
