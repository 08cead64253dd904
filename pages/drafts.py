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

_RECENT = 3
"""So many of those that ended are shown at once."""
_YOURS = {
    "second_person": "late.waits_for_you_second",
    "back_to_author": "late.waits_for_you_again",
}
_OTHERS = {
    "four_eyes": "late.waits_other",
    "second_person": "late.waits_second",
    "back_to_author": "late.waits_author",
}

_TIER = {"INC": "tier-1", "T2": "tier-2", "T3": "tier-3", "LINE": "line"}


def drafts_frame(drafts: Sequence[Draft], language: str, ended: Sequence[Draft] = ()) -> Component:
    """The place of the drafts, which stays while they come and go."""
    return html.Div(
        [
            dcc.Store(id=ids.DRAFTS_SEEN, data=fingerprint(drafts, ended)),
            html.Div(
                drafts_part(drafts, language, ended), id=ids.INCIDENT_DRAFTS, className="part"
            ),
            html.Div(id=ids.DRAFT_NOTICE, className="form-notice", role="alert"),
        ],
        className="drafts-frame",
    )


def fingerprint(drafts: Sequence[Draft], ended: Sequence[Draft] = ()) -> str:
    """Another text whenever the drafts have to be drawn anew."""
    waiting = (
        f"{one['id']}:{one['mine']:d}{one['may_reject']:d}{(one['stopped'] or {}).get('guard')}"
        f"{one['behind']}"
        for one in drafts
    )
    return " ".join([*waiting, *(str(one["id"]) for one in ended)])


def drafts_part(
    drafts: Sequence[Draft], language: str, ended: Sequence[Draft] = ()
) -> Component | None:
    """Every draft that waits, in the order of their queue, and those that ended with their
    request, newest first; None when there is none."""
    if not drafts and not ended:
        return None
    waiting = [
        html.H2(text("late.drafts", language)),
        *(_draft(one, drafts, language) for one in drafts),
    ]
    return html.Section(
        [*(waiting if drafts else []), *_ended(ended, language)], className="drafts"
    )


def _ended(ended: Sequence[Draft], language: str) -> list[Component]:
    """What somebody said and nobody confirmed before its request was over."""
    if not ended:
        return []
    rows = [_ended_one(one, language) for one in ended]
    words = text("late.ended_earlier", language, count=len(rows[_RECENT:]))
    earlier = [html.Details([html.Summary(words), html.Ul(rows[_RECENT:])])]
    return [
        html.H2(text("late.ended", language)),
        html.Ul(rows[:_RECENT], className="ended-drafts"),
        *(earlier if rows[_RECENT:] else []),
    ]


def _ended_one(draft: Draft, language: str) -> Component:
    steps = ", ".join(
        f"{hour(step['occurred_at'])} "
        + text(f"event.{step['region']}_{step['event']}_past", language)
        for step in draft["steps"]
    )
    by = draft["ended_by"]
    event = text(f"event.{by['region']}_{by['event']}_past", language) if "event" in by else ""
    how = text(f"late.ended_{draft['why']}", language)
    who = text(
        "late.ended_by",
        language,
        time=hour(draft["ended_at"]),
        user=by["user"],
        author=draft["entered_by"]["user"],
    )
    return html.Li(
        [
            html.Span(steps, className="steps"),
            html.Span(" · ".join(one for one in (how, event) if one), className="why"),
            html.Span(who, className="faint", title=group(draft["ended_at"])),
        ]
    )


def _draft(draft: Draft, drafts: Sequence[Draft], language: str) -> Component:
    who = draft["entered_by"]
    number = f"{drafts.index(draft) + 1} · " if len(drafts) > 1 else ""
    return html.Article(
        [
            html.P(
                [
                    html.Strong(number + _waits(draft, drafts, language)),
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
            *_because(draft, language),
            html.Ol(
                [_step(step, draft, language) for step in draft["steps"]], className="said-steps"
            ),
            _stopped(draft, language),
        ],
        className="draft",
    )


def _waits(draft: Draft, drafts: Sequence[Draft], language: str) -> str:
    """Whom it waits for, and why; of one in the queue behind which it stands."""
    if draft["behind"] is not None:
        before = [number for number, one in enumerate(drafts, 1) if one["id"] == draft["behind"]]
        return text("late.waits_behind", language, number=before[0] if before else "?")
    because = draft["waits_because"]
    if draft["mine"]:
        key = _YOURS.get(because, "late.waits_for_you")
        return text(key, language)
    roles = roles_words(draft["waits_for"], language)
    key = _OTHERS.get(because, "late.waits_role")
    return text(key, language, roles=roles, user=draft["entered_by"]["user"])


def _because(draft: Draft, language: str) -> list[Component]:
    """Why it has come back to its author, and that it ends a request."""
    found: list[Component] = []
    back_to = draft["back_to"]
    if back_to:
        why = back_to["why"]
        words = (
            text("late.back_changed", language)
            if why == "changed"
            else text(
                "late.back_refused",
                language,
                rule=guard_words(why, back_to.get("detail", ""), language),
            )
        )
        found.append(html.P(words, className="late-warning"))
    if draft["ends"]:
        found.append(html.P(text("late.ends_request", language), className="late-warning ends"))
    return found


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
        text("late.confirm", language, count=len(draft["steps"]))
        if len(draft["steps"]) > 1
        else text("late.confirm_one", language),
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
