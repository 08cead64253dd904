"""What has happened at an incident, newest first, with both times and both names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash import html
from dash.development.base_component import Component

from domain.drafts import DRAFT_EVENTS
from domain.time import parse_rfc3339
from domain.transitions import INC, LINE, T2, T3, WITHOUT_TRANSITION
from pages import incident_identifiers as ids
from pages.asking import DISPUTE
from pages.clock_times import group, hour
from pages.corrections import Corrections, is_dispute
from pages.incident_view import IncidentView
from pages.record_words import casualties_words, changed_rows, record_rows, recorded_words
from pages.strings import text

_TIER = {INC: "tier-1", T2: "tier-2", T3: "tier-3", LINE: "line"}
_CORRECTED_FACTS = ("force", "observation")
_DISPUTED_FACTS = ("force", "observation", "casualties", "stays")
_PATROL_ACTS = ("observe", "first_aid", "self_defence")

Event = Mapping[str, Any]


def timeline_part(view: IncidentView, language: str) -> Component:
    """The whole log of the incident."""
    log = Log(view.history, view.known, view.may_correct, view.may_dispute)
    entries = entries_of(log, language)
    return html.Section(
        [html.H2(text("incident.timeline", language)), html.Ol(entries, className="timeline")]
    )


@dataclass(frozen=True, slots=True)
class Log:
    """A stream as it is shown: as it was written down, and as it is ``known`` with the corrections
    laid over; ``may_correct(region, event)`` and ``may_dispute`` are of this user."""

    history: Sequence[Event]
    known: Sequence[Event]
    may_correct: Callable[[str, str], bool]
    may_dispute: Callable[[str, str], bool]
    platoon: str = ""


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around one entry: the version ``before`` a correction, those ``after`` an event,
    the event as it is ``known``, what disputes it, and what this user may add."""

    first: Event
    before: Event | None
    after: Sequence[Event]
    known: Event | None
    disputes: Sequence[Event]
    buttons: Sequence[Component]


def entries_of(log: Log, language: str) -> list[Component]:
    """The entries of a stream, newest first."""
    corrections = Corrections(log.history)
    known = {one["id"]: one for one in log.known}
    root = {one["id"]: one["corrects"] for one in log.history}
    entries = []
    for event in reversed(log.history):
        before = corrections.superseded_by(event)
        plain = before is None and not is_dispute(event)
        name = str(event["id"])
        while before is not None and root.get(name):
            name = str(root[name])
        around = _Around(
            log.history[0],
            before,
            corrections.versions(event["id"])[1:] if plain else [],
            known.get(name),
            corrections.disputes(event["id"]),
            _buttons(log, event, language) if plain else [],
        )
        entries.append(_entry(event, around, language))
    return entries


def _buttons(log: Log, event: Event, language: str) -> list[Component]:
    """What may be added to an event."""
    region, name = event["region"], event["event"]
    buttons = []
    if _correctable(event) and log.may_correct(region, name):
        identifier = ids.action(region, name, log.platoon, event["id"])
        buttons.append(_button("incident.correct", identifier, language))
    if _disputable(event) and log.may_dispute(region, name):
        identifier = ids.action(region, name, log.platoon, event["id"], DISPUTE)
        buttons.append(_button("incident.dispute", identifier, language))
    return buttons


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


def _disputable(event: Event) -> bool:
    return event["to_state"] is not None or event["event"] in _DISPUTED_FACTS


def _entry(event: Event, around: _Around, language: str) -> Component:
    before, after = around.before, around.after
    kind = event["record"]["kind"] if event["event"] == "observation" else ""
    classes = ["entry", _TIER.get(event["region"], "tier-2")]
    classes += ["superseded"] if after else []
    classes += ["disputing"] if is_dispute(event) else []
    classes += ["disputed"] if around.disputes else []
    classes += ["red"] if kind == "out_of_model" else []
    classes += ["patrol-act"] if kind in _PATROL_ACTS else []
    classes += ["correction"] if before is not None else []
    classes += ["fact"] if event["event"] in (*WITHOUT_TRANSITION, *DRAFT_EVENTS) else []
    body = [
        html.P(
            [html.Strong(_title(event, language)), *_marks(event, around, language)],
            className="what",
        ),
        html.P(text("incident.grants_nothing", language), className="grants-nothing")
        if kind == "out_of_model"
        else None,
        *_fact(event, before, language),
        _said(event, language),
        _details(event, around, language),
    ]
    return html.Li(
        [_when(event, around, language), html.Div(body, className="body")],
        className=" ".join(classes),
    )


def _title(event: Event, language: str) -> str:
    words = past_words(event, language)
    return text("incident.disputed_entry", language, event=words) if is_dispute(event) else words


def _when(event: Event, around: _Around, language: str) -> Component:
    """When it happened as it is known now; of a correction when it was written down."""
    known = around.known
    at, more = event["occurred_at"], _late(event, language)
    if around.before is not None:
        at, more = event["recorded_at"], []
    elif known is not None and known.get("first_at"):
        at = known["occurred_at"]
        words = text("incident.time_corrected", language, time=hour(known["first_at"], at))
        more.insert(0, html.Span(words, className="moved", title=group(known["first_at"])))
    occurred = html.Time(
        hour(at, around.first["occurred_at"]),
        dateTime=at,
        title=group(at),
        className="occurred",
    )
    return html.Div([occurred, *more], className="when")


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


def _marks(event: Event, around: _Around, language: str) -> Iterator[Component]:
    after = around.after
    if around.disputes:
        words = text(
            "incident.disputed_since", language, time=hour(around.disputes[0]["occurred_at"])
        )
        yield html.Span(words, className="tag disputed")
    if event["corrects"] and not is_dispute(event):
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
    if is_dispute(event):
        dispute = event["dispute"]
        words = " · ".join(one for one in (dispute["breaks"], dispute.get("said_by")) if one)
        return [html.P(words, className="fact-words")]
    if before is not None or event["event"] not in WITHOUT_TRANSITION:
        return []
    record = event["record"]
    if event["event"] == "casualties":
        words = casualties_words(record["casualties"], language)
    elif event["event"] == "force":
        words = f"{text('record.level.' + record['level'], language)}: {record['effect']}"
    elif event["event"] == "stays":
        words = f"{text('record.ground.' + record['ground'], language)}: {record['ground_text']}"
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
    second = (event.get("second_person") or {}).get("user") or event.get("second_user")
    if second:
        words = text("incident.second_person", language, user=second)
        parts.append(html.Span(words, className="second"))
    return html.P(parts, className="said")


def _details(event: Event, around: _Around, language: str) -> Component | None:
    before, after = around.before, around.after
    if is_dispute(event):
        return None  # it repeats the record that it disputes
    if before is not None:
        changed = [
            *_moved(event, around, language),
            *(
                _row(label, words, earlier)
                for (_, label, words), earlier in changed_rows(before, event, language)
            ),
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
    buttons = html.Div(around.buttons, className="entry-actions") if around.buttons else None
    if (record is None or plain) and buttons is None:
        return None
    summary = html.Summary(text("incident.record", language))
    return html.Details([summary, *(one for one in (record, buttons) if one is not None)])


def _moved(event: Event, around: _Around, language: str) -> list[Component]:
    """The time that a correction gave its event, where it gave another one."""
    before, known = around.before, around.known
    if before is None or known is None or "first_at" not in known:
        return []
    if before["occurred_at"] == event["occurred_at"]:
        return []
    label = text("record.occurred_at", language)
    return [_row(label, group(event["occurred_at"]), group(before["occurred_at"]))]


def _row(label: str, words: str, earlier: str | None = None) -> Component:
    """A row; what it said before is struck through, never left out."""
    said: list[Component | str] = [words]
    if earlier:
        said = [html.S(earlier, className="was"), " ", words]
    return html.Div([html.Dt(label), html.Dd(said)])


def _button(key: str, identifier: ids.Id, language: str) -> Component:
    return html.Button(text(key, language), id=identifier, className="quiet-button", type="button")
