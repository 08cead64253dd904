"""What has happened at an incident, newest first, with both times and both names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from domain.drafts import DRAFT_EVENTS
from domain.time import parse_rfc3339
from domain.transitions import INC, LINE, T2, T3, WITHOUT_TRANSITION
from pages import incident_identifiers as ids
from pages.clock_times import group, hour
from pages.corrections import Corrections
from pages.incident_view import IncidentView
from pages.record_words import casualties_words, changed_rows, record_rows, recorded_words
from pages.strings import text

_TIER = {INC: "tier-1", T2: "tier-2", T3: "tier-3", LINE: "line"}
_CORRECTED_FACTS = ("force", "observation")
_PATROL_ACTS = ("observe", "first_aid", "self_defence")

Event = Mapping[str, Any]


def timeline_part(view: IncidentView, language: str) -> Component:
    """The whole log of the incident."""
    entries = entries_of(view.history, view.may_correct, language)
    return html.Section(
        [html.H2(text("incident.timeline", language)), html.Ol(entries, className="timeline")]
    )


def entries_of(
    history: Sequence[Event],
    may_correct: Callable[[str, str], bool],
    language: str,
    platoon: str = "",
) -> list[Component]:
    """The entries of a stream, newest first; ``may_correct(region, event)`` is of this user."""
    known = Corrections(history)
    entries = []
    for event in reversed(history):
        before = known.superseded_by(event)
        after = known.versions(event["id"])[1:] if before is None else []
        can = (
            before is None and _correctable(event) and may_correct(event["region"], event["event"])
        )
        button = _correct(event, platoon, language) if can else None
        entries.append(_entry(event, before, after, history[0], button, language))
    return entries


def happened(event: Event, language: str) -> str:
    """One event in one line: ``1432Z FPU: request acknowledged``."""
    return f"{hour(event['occurred_at'])} {past_words(event, language)}"


def past_words(event: Event, language: str) -> str:
    """What an event says happened."""
    if event["event"] == "observation" and "record" in event:
        return text(f"record.kind.{event['record']['kind']}", language)
    if event["event"] == "note" and event.get("record", {}).get("sitrep_ref"):
        return text("incident.sitrep", language)
    return text(f"event.{event['region']}_{event['event']}_past", language)


def _correctable(event: Event) -> bool:
    if event["event"] in DRAFT_EVENTS:
        return False
    return event["event"] not in WITHOUT_TRANSITION or event["event"] in _CORRECTED_FACTS


def _entry(
    event: Event,
    before: Event | None,
    after: Sequence[Event],
    first: Event,
    correct: Component | None,
    language: str,
) -> Component:
    kind = event["record"]["kind"] if event["event"] == "observation" else ""
    classes = ["entry", _TIER.get(event["region"], "tier-2")]
    classes += ["superseded"] if after else []
    classes += ["red"] if kind == "out_of_model" else []
    classes += ["patrol-act"] if kind in _PATROL_ACTS else []
    classes += ["correction"] if before is not None else []
    classes += ["fact"] if event["event"] in (*WITHOUT_TRANSITION, *DRAFT_EVENTS) else []
    body = [
        html.P(
            [html.Strong(past_words(event, language)), *_marks(event, after, language)],
            className="what",
        ),
        html.P(text("incident.grants_nothing", language), className="grants-nothing")
        if kind == "out_of_model"
        else None,
        *_fact(event, before, language),
        _said(event, language),
        _details(event, before, after, correct, language),
    ]
    return html.Li(
        [_when(event, first, language), html.Div(body, className="body")],
        className=" ".join(classes),
    )


def _when(event: Event, first: Event, language: str) -> Component:
    occurred = html.Time(
        hour(event["occurred_at"], first["occurred_at"]),
        dateTime=event["occurred_at"],
        title=group(event["occurred_at"]),
        className="occurred",
    )
    return html.Div([occurred, *_late(event, language)], className="when")


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


def _marks(event: Event, after: Sequence[Event], language: str) -> Iterator[Component]:
    if event["corrects"]:
        yield html.Span(text("incident.correction", language), className="tag")
    if after:
        newest = after[-1]
        words = text(
            "incident.replaced",
            language,
            time=hour(newest["recorded_at"]),
            user=newest["entered_by"]["user"],
        )
        yield html.Span(words, className="tag")
    if event["event"] == "observation" and event["record"]["kind"] in _PATROL_ACTS:
        yield html.Span(text("incident.patrol_act", language), className="tag")
    if event.get("confirmed_by"):
        words = text("late.confirmed_by", language, user=event["confirmed_by"])
        yield html.Span(words, className="tag")
    if event["event"] == "own_mandate":
        yield html.Span(text("incident.exception", language), className="tag exception")


def _fact(event: Event, before: Event | None, language: str) -> list[Component]:
    """What a fact says in plain words, without being opened."""
    if before is not None or event["event"] not in WITHOUT_TRANSITION:
        return []
    record = event["record"]
    if event["event"] == "casualties":
        words = casualties_words(record["casualties"], language)
    elif event["event"] == "force":
        words = f"{text('record.level.' + record['level'], language)}: {record['effect']}"
    else:
        words = record.get("text") or record["ground_text"]
    return [html.P(words, className="fact-words")]


def _said(event: Event, language: str) -> Component:
    asserted, entered = event.get("asserted_by", {}), event["entered_by"]
    number = asserted.get("service_no", "")
    who = ", ".join(
        part
        for part in (
            asserted.get("function", ""),
            recorded_words("service_no", number, language) if number else "",
        )
        if part
    )
    organisation = text(f"record.org.{asserted.get('org', 'OTHER')}", language)
    channel = ""
    if event.get("channel"):
        name = text(f"record.channel.{event['channel']}", language)
        reference = event.get("channel_ref")
        words = recorded_words("channel_ref", reference, language) if reference else ""
        channel = " · " + " ".join(part for part in (name, words) if part)
    role = text(f"shell.role_{entered['role']}", language)
    typed = text("incident.entered", language, user=entered["user"], role=role)
    if event["event"] in DRAFT_EVENTS:
        return html.P([html.Span(typed, className="entered")], className="said")
    parts = [
        html.Span(
            [html.I(text("incident.said_by", language)), f" {organisation}: {who}{channel}"],
            className="asserted",
        ),
        html.Span(typed, className="entered"),
    ]
    if event.get("second_user"):
        words = text("incident.second_person", language, user=event["second_user"])
        parts.append(html.Span(words, className="second"))
    return html.P(parts, className="said")


def _details(
    event: Event,
    before: Event | None,
    after: Sequence[Event],
    correct: Component | None,
    language: str,
) -> Component | None:
    if before is not None:
        changed = [
            _row(label, words, earlier)
            for (_, label, words), earlier in changed_rows(before, event, language)
        ]
        return html.Dl(changed, className="record changed") if changed else None
    newer: dict[str, str] = {}
    if after:
        newer = {path: words for (path, _, words), _ in changed_rows(event, after[-1], language)}
    rows = [
        _row(label, newer[path], words) if path in newer else _row(label, words)
        for path, label, words in record_rows(event, language)
    ]
    record = html.Dl(rows, className="record") if rows else None
    plain = event["event"] == "note" and "sitrep_ref" not in event["record"]
    if (record is None or plain) and correct is None:
        return None
    summary = html.Summary(text("incident.record", language))
    return html.Details([summary, *(one for one in (record, correct) if one is not None)])


def _row(label: str, words: str, earlier: str | None = None) -> Component:
    """A row; what it said before is struck through, never left out."""
    said: list[Component | str] = [words]
    if earlier:
        said = [html.S(earlier, className="was"), " ", words]
    return html.Div([html.Dt(label), html.Dd(said)])


def _correct(event: Event, platoon: str, language: str) -> Component:
    return html.Button(
        text("incident.correct", language),
        id=ids.action(event["region"], event["event"], platoon, event["id"]),
        className="quiet-button",
        type="button",
    )
