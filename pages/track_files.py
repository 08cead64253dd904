"""Track files: look at one before it is stored, store it, undo it; take any selection away.

The script reads the file, asks the interface what it would do and draws it on the map; the list of
imports is made here, anew whenever something was stored or undone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from domain.access.rights import Act, Data, may
from domain.errors import DashboardError
from domain.events import Actor
from domain.time import parse_rfc3339, to_date_time_group
from domain.track_imports import ImportStatus
from pages import identifiers as ids
from pages.components import aria, data, panel
from pages.monitor import figure
from pages.not_found import no_operation
from pages.plain import with_parts
from pages.session import current_user
from pages.shell import ShellContext, shell, shell_context
from pages.strings import catalogue, text
from services.container import Services
from services.track_files import MOST_BYTES

ENDS = (".gpx", ".geojson", ".json", ".csv", ".gpkg")
"""What the window for choosing a file offers."""

_COLUMNS = ("number", "file", "whose", "by", "when", "result", "status", "act")


def layout(services: Services, variables: Mapping[str, str]) -> Component:
    """The screen."""
    context = shell_context(services, variables, "/tracks")
    return no_operation(context, variables) or shell(_screen(services, context), context)


def imports_part(services: Services, operation: str, language: str) -> list[Component]:
    """The newest imports, with what may be done with each."""
    user = current_user()
    try:
        found = services.track_files.listing(operation, Actor(user.name, user.role, user.session))
    except DashboardError as refused:
        return [html.P(refused.detail, className="empty")]
    if not found:
        return [html.P(text("tracks.none", language), className="empty")]
    importing = may(user.role, Act.CHANGE, Data.IMPORTS)
    head = [html.Th(text(f"tracks.column_{name}", language), scope="col") for name in _COLUMNS]
    rows = [import_row(one, importing, language) for one in found]
    return [html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)])]


def import_row(one: Mapping[str, Any], importing: bool, language: str) -> Component:
    """One import as a row."""
    when = parse_rfc3339(one["uploaded_at"], "uploaded_at")
    return html.Tr(
        [
            html.Td(str(one["id"])),
            html.Td([html.Strong(one["file"]), html.Div(one["format"])]),
            html.Td(one["callsign"] or text("tracks.as_the_file_says", language)),
            html.Td(one["uploaded_by"]),
            html.Td(html.Time(to_date_time_group(when), dateTime=one["uploaded_at"])),
            html.Td(_result(one, language)),
            html.Td(_status(one, language)),
            html.Td(_act(one, language) if importing else None),
        ]
    )


def _result(one: Mapping[str, Any], language: str) -> list[Component | str]:
    if one["status"] == ImportStatus.PREVIEWED:
        return ["–"]
    counts = [
        text(f"tracks.count_{name}", language, n=one[name])
        for name in ("accepted", "duplicates", "quarantined")
    ]
    reasons = ", ".join(
        f"{reason_words(reason, language)}: {count}" for reason, count in one["reasons"].items()
    )
    return [" · ".join(counts), html.Div(reasons)]


def reason_words(reason: str, language: str) -> str:
    """A reason of the quarantine in the reader's language."""
    return catalogue(language).get(f"quarantine.reason_{reason}", reason)


def _status(one: Mapping[str, Any], language: str) -> list[Component | str]:
    words = text(f"tracks.status_{one['status']}", language)
    if one["status"] != ImportStatus.UNDONE:
        return [words]
    when = to_date_time_group(parse_rfc3339(one["undone_at"], "undone_at"))
    who = text("tracks.undone", language, who=one["undone_by"], when=when, n=one["removed"])
    return [html.Strong(words), html.Div(who), html.Div(one["undone_reason"])]


def _act(one: Mapping[str, Any], language: str) -> Component | None:
    what = {
        ImportStatus.PREVIEWED: "look",
        ImportStatus.INTERRUPTED: "continue",
        ImportStatus.STORED: "undo",
    }
    acts = [what[one["status"]]] if one["status"] in what else []
    if one["status"] == ImportStatus.INTERRUPTED:
        acts.append("undo")
    buttons = [
        html.Button(
            text(f"tracks.{act}", language),
            type="button",
            **data(act=act, number=one["id"], file=one["file"]),
        )
        for act in acts
    ]
    return html.Div(buttons, className="row-acts") if buttons else None


def _screen(services: Services, context: ShellContext) -> Component:
    say = context.language
    may_import = context.may_write and may(context.role, Act.CHANGE, Data.IMPORTS)
    side: list[Component] = []
    if may_import:
        form = html.Div(
            id=ids.UPLOAD_FORM, **data(most=MOST_BYTES, ends=",".join(ENDS), reasons=_reasons(say))
        )
        side.append(panel(ids.UPLOAD_PANEL, text("tracks.upload", say), [form]))
    if not context.role or may(context.role, Act.TAKE_AWAY, Data.TRACKS):
        side.append(
            panel(ids.EXPORT_PANEL, text("tracks.export", say), html.Div(id=ids.EXPORT_FORM))
        )
    return html.Main(
        [
            html.Div(side, className="files-side"),
            html.Section(
                [
                    dcc.Graph(
                        id=ids.FILES_MAP,
                        figure=figure(context.theme),
                        responsive=True,
                        config={"displayModeBar": False, "scrollZoom": True, "doubleClick": False},
                        className="map",
                    ),
                    html.P(text("map.attribution", say), className="attribution"),
                ],
                id=ids.FILES_MAP_PANEL,
                className="map-panel",
                **aria(label=text("tracks.map", say)),
            ),
            panel(
                ids.IMPORTS_PANEL,
                text("tracks.imports", say),
                html.Div(
                    id=ids.IMPORTS_LIST,
                    **with_parts(
                        imports_part(services, context.operation, say) if context.user else []
                    ),
                ),
            ),
        ],
        id=ids.FILES,
        className="files",
    )


def _reasons(language: str) -> str:
    """The words of every reason, for the script."""
    start, words = "quarantine.reason_", catalogue(language)
    found = [key for key in words if key.startswith(start)]
    return json.dumps({key.removeprefix(start): words[key] for key in found})
