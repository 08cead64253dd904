"""What is still missing from a record, until somebody adds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from domain.transitions import INC
from pages import incident_identifiers as ids
from pages.asking import FIELD
from pages.clock_times import group, hour
from pages.incident_timeline import past_words
from pages.incident_view import IncidentView
from pages.strings import catalogue, text

FACTS = ("force", "stays")
"""Debts that a fact pays: force that nobody has recorded, the ground of staying while disputed."""

Debt = Mapping[str, Any]


def debts_part(view: IncidentView, language: str) -> Component | None:
    """The panel; None when nothing is owed."""
    if not view.debts:
        return None
    rows = [_row(view, one, language) for one in view.debts]
    return html.Section(
        [
            html.H2(text("incident.debts", language, count=len(rows))),
            html.Ul(rows, className="debts"),
        ],
        className="debt-panel",
    )


def _row(view: IncidentView, one: Debt, language: str) -> Component:
    return html.Li(
        [
            html.Div(
                [
                    html.Strong(missing_words(one["field"], language)),
                    html.Span(_of(view, one, language), className="faint"),
                ],
                className="what",
            ),
            _due(one, language),
            _pay(view, one, language),
        ],
        className="overdue" if one["overdue"] else "",
    )


def missing_words(field: str, language: str) -> str:
    """What is missing, by the path of its field."""
    name = field.rsplit(".", 1)[-1]
    words = catalogue(language).get(f"incident.debt_{name}")
    if words:
        return words
    return text("incident.debt", language, field=text(f"record.{name}", language))


def _of(view: IncidentView, one: Debt, language: str) -> str:
    known = view.event(one["event_id"])
    what = past_words(known or one, language)
    return f"{hour(one['occurred_at'])} {what}"


def _due(one: Debt, language: str) -> Component | None:
    if not one["due"]:
        return None
    key = "debt_overdue" if one["overdue"] else "debt_due"
    words = text(f"incident.{key}", language, time=group(one["due"]))
    return html.Span(words, className="due")


def _pay(view: IncidentView, one: Debt, language: str) -> Component:
    """The button that opens the record at the missing field, or who else may add it."""
    fact = one["field"] in FACTS
    region, event = (INC, one["field"]) if fact else (one["region"], one["event"])
    option = view.option(region, event)
    allowed = bool(option and option["allowed"]) if fact else view.may_correct(region, event)
    if not allowed:
        roles = option["roles"] if option else ()
        words = ", ".join(text(f"shell.role_{role}", language) for role in roles)
        return html.Span(words, className="faint who")
    identifier = (
        ids.action(region, event)
        if fact
        else ids.action(region, event, "", one["event_id"], FIELD + one["field"])
    )
    return html.Button(
        text("incident.debt_pay", language), id=identifier, className="do", type="button"
    )
