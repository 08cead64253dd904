"""The form of late entry: one row a step, a time in each, and only what the times cannot say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from domain.time import BELGRADE, to_date_time_group
from domain.transitions import T2
from pages import late_identifiers as ids
from pages.clock_times import hour
from pages.components import aria, data
from pages.form_view import Choices, Painter, dom_id
from pages.forms import Field
from pages.incident_actions import event_words
from pages.incident_identifiers import field, field_fault
from pages.incident_view import IncidentView, PlatoonRow
from pages.late_rows import CHANNEL, OTHERS, USUAL, Row, rows_of, values_of
from pages.strings import text

_HINTS = {"eta": "late.eta_hint", "officer_unit": "late.unit_hint"}
_TIER = {"INC": "tier-1", "T2": "tier-2", "T3": "tier-3", "LINE": "line"}


def late_part(language: str, *, may_write: bool) -> Component:
    """The button, what became of the last entry, and the frame in which the form opens."""
    return html.Div(
        [
            html.Div(
                [
                    html.Button(
                        text("late.open", language), id=ids.LATE_OPEN, type="button",
                        className="late-open", hidden=not may_write,
                    ),
                    html.Span(
                        text("late.open_hint", language), className="hint", hidden=not may_write
                    ),
                ],
                className="late-bar",
            ),
            html.P(id=ids.LATE_DONE, className="done", role="status"),
            _frame(language),
        ],
        className="late-entry",
    )  # fmt: skip


def _frame(language: str) -> Component:
    return html.Section(
        [
            dcc.Store(id=ids.LATE_META),
            html.H2(text("late.title", language), id=ids.LATE_TITLE, tabIndex=-1),
            html.Div(id=ids.LATE_FIELDS, className="late-fields"),
            html.Div(id=ids.LATE_NOTICE, className="form-notice", role="alert"),
            html.Div(
                [
                    html.Button(
                        text("late.submit", language), id=ids.LATE_SUBMIT, className="primary"
                    ),
                    html.Button(text("incident.cancel", language), id=ids.LATE_CANCEL),
                    html.Span(text("incident.submit_hint", language), className="hint"),
                ],
                className="form-buttons",
            ),
        ],
        id=ids.LATE_FRAME,
        className="form-frame late-frame",
        hidden=True,
        **aria(labelledby=ids.LATE_TITLE),
    )


def late_fields(view: IncidentView, language: str) -> list[Component]:
    """The fields of the form, from the present state on."""
    usual, others = rows_of(view, USUAL), rows_of(view, OTHERS)
    values = values_of(view, [*usual, *others], language) | {"zone": "Z"}
    painter = Painter(ids.FORM, language, values, _platoons(view.free))
    drawn: list[Component] = [html.P(text("late.how", language), className="hint")]
    if view.summary["drafts"]:
        drawn.append(_behind_a_draft(view.summary["drafts"], language))
    drawn.append(_common(painter, view, language))
    drawn.append(html.Div(_rows(view, usual, painter, language), className="late-rows"))
    if others:
        drawn.append(
            html.Details(
                [
                    html.Summary(text("late.others", language)),
                    html.Div(_rows(view, others, painter, language), className="late-rows"),
                ],
                className="late-others",
            )
        )
    return drawn


def rows_of_form(view: IncidentView) -> list[Row]:
    """Every row that the form may have."""
    return [*rows_of(view, USUAL), *rows_of(view, OTHERS)]


def _behind_a_draft(drafts: Sequence[Mapping[str, Any]], language: str) -> Component:
    """Whether what is typed follows what is confirmed, or waits behind the draft that waits."""
    newest = drafts[-1]
    steps = ", ".join(
        f"{hour(one['occurred_at'])} "
        + text(f"event.{one['region']}_{one['event']}_past", language)
        for one in newest["steps"]
    )
    choice = dcc.RadioItems(
        id=field(ids.FORM, ids.BEHIND),
        options=[
            {"value": "", "label": text("late.follows_confirmed", language)},
            {
                "value": newest["id"],
                "label": text("late.follows_draft", language, steps=steps),
            },
        ],
        value="",
        className="choice",
    )
    return html.Div(
        [html.Span(text("late.follows", language), className="late-label"), choice],
        className="field name-behind",
        role="group",
        **aria(label=text("late.follows", language)),
    )


def _common(painter: Painter, view: IncidentView, language: str) -> Component:
    """What holds for every row: the zone of times without a letter, the channel of the others."""
    letter = to_date_time_group(view.now, BELGRADE)[6]
    clock = dcc.RadioItems(
        id=field(ids.FORM, "zone"),
        options=[
            {"value": "Z", "label": text("late.zone_Z", language)},
            {"value": letter, "label": text("late.zone_local", language, letter=letter)},
        ],
        value="Z",
        inline=True,
        className="choice segments",
    )
    zone = html.Div(
        [html.Span(text("late.zone", language), className="late-label"), clock],
        className="field name-zone", role="group",
        **aria(label=text("late.zone", language)),
    )  # fmt: skip
    return html.Div([zone, *(painter.field(one) for one in CHANNEL)], className="late-common")


def _rows(
    view: IncidentView, rows: Sequence[Row], painter: Painter, language: str
) -> list[Component]:
    return [
        _row(view, row, painter, language, first=number == 0) for number, row in enumerate(rows)
    ]


def _row(
    view: IncidentView, row: Row, painter: Painter, language: str, *, first: bool
) -> Component:
    waits = waits_for(view, row, language)
    words = event_words(row.region, row.event, language)
    time = dcc.Input(
        id=field(ids.FORM, row.time.path),
        type="text",
        className="line moment",
        placeholder=text("late.time_example", language),
        autoComplete="off",
    )
    marks = [
        html.Span(waits, className="late-waits") if waits else None,
        html.Span(text("late.queued", language), className="late-queued"),
    ]
    if (row.region, row.event) == (T2, "depart"):
        reserved = [one for one in view.here if one.state == "RESERVED"]
        painter = replace(painter, choices=_platoons(reserved))
    asked = [_field(one, painter) for one in row.asked]
    return html.Div(
        [
            html.Div(time, className="late-time", **(data(first="yes") if first else {})),
            html.Div(
                [html.Label(words, htmlFor=dom_id(ids.FORM, row.time.path)), *marks],
                className="late-step",
            ),
            html.P(
                id=field_fault(ids.FORM, row.time.path), className="fault", **aria(live="polite")
            ),
            html.Div(asked, className="late-record") if asked else None,
        ],
        className=f"late-row {_TIER[row.region]}" + (" waits" if waits else ""),
    )


def _platoons(rows: Sequence[PlatoonRow]) -> Choices:
    return Choices([(one.id, f"{one.callsign} ({one.strength})", "") for one in rows])


def _field(one: Field, painter: Painter) -> Component:
    drawn = painter.field(one)
    if one.name in _HINTS:
        hint = html.Span(text(_HINTS[one.name], painter.language), className="hint")
        drawn.children = [*drawn.children, hint]
    return drawn


def waits_for(view: IncidentView, row: Row, language: str) -> str:
    """Whom a step waits for when this user types it, in words; empty where it does not."""
    option = view.option(row.region, row.event)
    roles: Sequence[str] = option["roles"] if option else ()
    words = roles_words(roles, language)
    if view.user.role not in roles:
        return text("late.will_wait", language, roles=words)
    if (row.region, row.event) == (T2, "accept") and view.user.name in _behind(view.request):
        return text("late.will_wait_other", language, roles=words)
    return ""


def _behind(request: Mapping[str, Any] | None) -> list[str]:
    """Who took the request, and who stood beside."""
    if request is None:
        return []
    return [one["user"] for one in (request["entered_by"], request.get("second_person")) if one]


def roles_words(roles: Sequence[str], language: str) -> str:
    """Roles that people hold, in words; exercise control goes without saying."""
    wanted = [role for role in roles if role != "EXCON"] or list(roles)
    return text("late.or", language).join(text(f"shell.role_{one}", language) for one in wanted)
