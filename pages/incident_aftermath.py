"""Casualties and use of force: the newest count, how it came about, and each use of force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from domain.records import DEGREES, SIDES
from pages.clock_times import group, hour
from pages.incident_view import IncidentView
from pages.strings import text

Version = Mapping[str, Any]


def aftermath_part(view: IncidentView, language: str) -> Component | None:
    """The panel; None when there is neither a count nor a use of force."""
    drawn = [
        *(_tally(view.tally, language) if view.tally else ()),
        *(_force(view.force, language) if view.force else ()),
    ]
    if not drawn:
        return None
    return html.Section(drawn, className="aftermath")


def _tally(versions: Sequence[Version], language: str) -> list[Component]:
    *earlier, newest = versions
    parts: list[Component] = [
        html.H2(text("incident.tally", language)),
        counts_table(newest["casualties"], language),
        html.P(_origin(newest, len(versions), language), className="faint"),
    ]
    if earlier:
        rows = [
            html.Li(
                [
                    counts_table(one["casualties"], language),
                    html.P(_origin(one, len(versions), language), className="faint"),
                ]
            )
            for one in reversed(earlier)
        ]
        words = text("incident.tally_earlier", language, count=len(earlier))
        parts.append(html.Details([html.Summary(words), html.Ol(rows, className="versions")]))
    return parts


def counts_table(casualties: Mapping[str, Any], language: str) -> Component:
    """Counts by side and degree; a sentence where there are none."""
    sides = [side for side in SIDES if any(casualties.get(side, {}).values())]
    if casualties.get("none") or not sides:
        return html.P(text("record.none", language), className="no-casualties")
    head = [html.Th(text(f"record.casualties.{degree}", language), scope="col")
            for degree in DEGREES]  # fmt: skip
    rows = [
        html.Tr(
            [
                html.Th(text(f"record.casualties.{side}", language), scope="row"),
                *(_count(casualties[side].get(degree)) for degree in DEGREES),
            ]
        )
        for side in sides
    ]
    return html.Table(
        [html.Thead(html.Tr([html.Td(), *head])), html.Tbody(rows)], className="tally"
    )


def _count(number: int | None) -> Component:
    return html.Td(str(number) if number else "–", className="some" if number else "zero")


def _origin(one: Version, of: int, language: str) -> str:
    entered = one["entered_by"]
    return text(
        "incident.tally_origin",
        language,
        version=one["version"],
        of=of,
        source=one["source"],
        time=group(one["as_of"]),
        user=entered["user"] if isinstance(entered, Mapping) else entered,
    )


def _force(records: Sequence[Version], language: str) -> list[Component]:
    rows = [_use(one, language) for one in reversed(records)]
    return [html.H2(text("incident.force", language)), html.Ul(rows, className="force-uses")]


def _use(one: Version, language: str) -> Component:
    level = text(f"record.level.{one['level']}", language)
    means = f" ({one['means']})" if one.get("means") else ""
    warned = "incident.warned" if one["warning_given"] else "incident.not_warned"
    return html.Li(
        [
            html.Time(hour(one["occurred_at"]), title=group(one["occurred_at"])),
            html.Div(
                [
                    html.Strong(
                        f"{text('record.org.' + one['organisation'], language)}: {level}{means}"
                    ),
                    html.Span(text(warned, language)),
                    html.Span(text("incident.injuries", language, count=one["injuries"])),
                    html.P(one["effect"]),
                    html.P(
                        text("incident.authorised", language, who=one["authorised_by"]),
                        className="faint",
                    ),
                ]
            ),
        ]
    )
