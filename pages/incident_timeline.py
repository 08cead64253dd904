"""What has happened at an incident, newest first, with both times and both names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from domain.time import parse_rfc3339
from domain.transitions import INC, LINE, T2, T3
from pages import incident_identifiers as ids
from pages.clock_times import group, hour
from pages.incident_view import IncidentView
from pages.strings import catalogue, text

_TIER = {INC: "tier-1", T2: "tier-2", T3: "tier-3", LINE: "line"}
_FACTS = ("note", "observation")

Event = Mapping[str, Any]


def timeline_part(view: IncidentView, language: str) -> Component:
    """The whole log of the incident."""
    superseded = {one["corrects"] for one in view.history if one["corrects"]}
    entries = [
        _entry(one, one["id"] in superseded, view.history[0]["occurred_at"], language)
        for one in reversed(view.history)
    ]
    return html.Section(
        [html.H2(text("incident.timeline", language)), html.Ol(entries, className="timeline")]
    )


def happened(event: Event, language: str) -> str:
    """One event in one line: ``1432Z FPU: request acknowledged``."""
    return f"{hour(event['occurred_at'])} {past_words(event, language)}"


def past_words(event: Event, language: str) -> str:
    """What an event says happened."""
    if event["event"] == "observation":
        return text(f"record.kind.{event['record']['kind']}", language)
    return text(f"event.{event['region']}_{event['event']}_past", language)


def _entry(event: Event, superseded: bool, beside: str, language: str) -> Component:
    red = event["event"] == "observation" and event["record"]["kind"] == "out_of_model"
    classes = ["entry", _TIER.get(event["region"], "")]
    classes += [name for name, on in (("superseded", superseded), ("red", red)) if on]
    classes += ["fact"] if event["event"] in _FACTS else []
    return html.Li(
        [
            html.Div(
                [
                    html.Time(
                        hour(event["occurred_at"], beside),
                        dateTime=event["occurred_at"],
                        title=group(event["occurred_at"]),
                        className="occurred",
                    ),
                    *_late(event, language),
                ],
                className="when",
            ),
            html.Div(
                [
                    html.P(
                        [
                            html.Strong(past_words(event, language)),
                            *_marks(event, superseded, language),
                        ],
                        className="what",
                    ),
                    _said(event, language),
                    _details(event, superseded, language),
                ],
                className="body",
            ),
        ],
        className=" ".join(classes),
    )


def _late(event: Event, language: str) -> list[Component]:
    """When it was written down, if that was not at once."""
    occurred = parse_rfc3339(event["occurred_at"], "occurred_at")
    recorded = parse_rfc3339(event["recorded_at"], "recorded_at")
    found: list[Component] = []
    if event["late_entry"]:
        found.append(html.Span(text("incident.late", language), className="late"))
    if event["late_entry"] or abs((recorded - occurred).total_seconds()) >= 60:
        words = text("incident.recorded", language, time=hour(event["recorded_at"]))
        found.append(html.Span(words, className="recorded", title=group(event["recorded_at"])))
    return found


def _marks(event: Event, superseded: bool, language: str) -> Iterator[Component]:
    if event["corrects"]:
        yield html.Span(text("incident.correction", language), className="tag")
    if superseded:
        yield html.Span(text("incident.superseded", language), className="tag")
    if event["event"] == "own_mandate":
        yield html.Span(text("incident.exception", language), className="tag exception")


def _said(event: Event, language: str) -> Component:
    asserted, entered = event.get("asserted_by", {}), event["entered_by"]
    who = ", ".join(
        part for part in (asserted.get("function", ""), asserted.get("service_no", "")) if part
    )
    organisation = text(f"record.org.{asserted.get('org', 'OTHER')}", language)
    channel = ""
    if event.get("channel"):
        name = text(f"record.channel.{event['channel']}", language)
        channel = " · " + " ".join(part for part in (name, event.get("channel_ref")) if part)
    return html.P(
        [
            html.Span(f"{organisation}: {who}{channel}", className="asserted"),
            html.Span(
                text(
                    "incident.entered",
                    language,
                    user=entered["user"],
                    role=text(f"shell.role_{entered['role']}", language),
                ),
                className="entered",
            ),
        ],
        className="said",
    )


def _details(event: Event, superseded: bool, language: str) -> Component | None:
    rows = [
        html.Div([html.Dt(label), html.Dd(words)]) for label, words in _record_rows(event, language)
    ]
    correct = html.Button(
        text("incident.correct", language),
        id=ids.action(event["region"], event["event"], "", event["id"]),
        className="quiet-button",
        type="button",
    )
    can_correct = not superseded and event["event"] not in _FACTS
    if not rows and not can_correct:
        return None
    if event["event"] in _FACTS:
        return html.Dl(rows, className="record")
    return html.Details(
        [
            html.Summary(text("incident.record", language)),
            html.Dl(rows, className="record"),
            correct if can_correct else None,
        ]
    )


def _record_rows(event: Event, language: str) -> Iterator[tuple[str, str]]:
    record = event.get("record", {})
    yield from _rows(record, language)
    for number, one in enumerate(event.get("confirmations", ()), start=1):
        words = ", ".join(
            (
                text(f"record.org.{one['org']}", language),
                one["function"],
                hour(one["at"]),
                text(f"record.channel.{one['channel']}", language),
            )
        )
        yield text("incident.confirmation", language, number=number), words
    if event.get("second_user"):
        yield text("record.second_user", language), event["second_user"]
    if event.get("text"):
        yield text("record.text", language), event["text"]


def _rows(record: Mapping[str, Any], language: str) -> Iterator[tuple[str, str]]:
    for name, value in record.items():
        if name == "casualties":
            yield text("record.casualties", language), _casualties(value, language)
        elif isinstance(value, Mapping):
            yield from _rows(value, language)
        else:
            yield text(f"record.{name}", language), _words(name, value, language)


def _words(name: str, value: Any, language: str) -> str:
    if isinstance(value, bool):
        return text("incident.yes" if value else "incident.no", language)
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    known = catalogue(language).get(f"record.{name}.{value}")
    if known:
        return known
    if name in ("at", "eta") or name.endswith("_at"):
        return group(str(value))
    return str(value)


def _casualties(value: Mapping[str, Any], language: str) -> str:
    if value.get("none"):
        return text("record.none", language)
    return "; ".join(
        text(f"record.casualties.{side}", language)
        + " "
        + ", ".join(
            f"{count} {text(f'record.casualties.{degree}', language)}"
            for degree, count in counts.items()
        )
        for side, counts in value.items()
    )
