"""The request that stands: what is asked, by whom, and what came of it so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from domain.records import TO_FOLLOW
from domain.transitions import T2, T2_REQUESTS, T2_TERMINAL, T3, T3_TERMINAL
from pages.clock_times import group, hour
from pages.incident_view import IncidentView
from pages.record_words import recorded_words
from pages.strings import text

_NOT_STANDING = {
    T2: ("NONE", "PREALERT", *T2_TERMINAL),
    T3: ("NONE", "INFORMED", *T3_TERMINAL),
}
_REQUESTS = {
    T2: T2_REQUESTS,
    T3: ("request_by_kp", "request_via_eulex", "own_mandate"),
}

Event = Mapping[str, Any]


def asked_part(view: IncidentView, language: str) -> Component | None:
    """The requests that stand, to the FPU and to KFOR; None when there is none."""
    cards = [
        _card(view, region, request, language)
        for region in (T2, T3)
        if (request := standing_request(view, region)) is not None
    ]
    if not cards:
        return None
    return html.Section(
        [html.H2(text("incident.asked", language)), *cards], className="asked-panel"
    )


def standing_request(view: IncidentView, region: str) -> Event | None:
    """The request under which tier 2 or tier 3 acts, corrections laid over; None when none does."""
    if view.summary[region.lower()] in _NOT_STANDING[region]:
        return None
    request = view.last(region, *_REQUESTS[region])
    if request is None or "request" not in request["record"]:
        return None
    return request


def _card(view: IncidentView, region: str, request: Event, language: str) -> Component:
    rows = [
        html.Div([html.Dt(text(f"incident.asked_{name}", language)), html.Dd(content)])
        for name, content in _facts(view, region, request, language)
    ]
    key = f"event.{region}_{request['event']}_past"
    return html.Div(
        [html.H3(text(key, language)), html.Dl(rows)],
        className=f"asked-card tier-{2 if region == T2 else 3}",
    )


def _facts(
    view: IncidentView, region: str, event: Event, language: str
) -> Iterator[tuple[str, Any]]:
    asked = event["record"]["request"]
    yield "by", _by(asked, language)
    yield "purpose", _purpose(asked, language)
    yield "numbers", _numbers(view, region, asked, language)
    yield "when", _when(event, asked, language)
    yield "contact", asked["kp_commander_contact"]
    if region == T2:
        yield "read_back", _read_back(view, language)
    if threat := _threat(asked, language):
        yield "threat", threat
    if statement := event["record"].get("capacity_statement"):
        yield "statement", statement
    if written := asked.get("written_confirmation_ref"):
        yield "written", _reference(written, language)
    yield "typed", [_typed(event, language), *_second_person(event, language)]


def _reference(value: str, language: str) -> Component | str:
    """A reference; red where it is owed."""
    words = recorded_words("", value, language)
    return html.Span(words, className="owed") if value == TO_FOLLOW else words


def _by(asked: Mapping[str, Any], language: str) -> list[Component | str]:
    return [
        asked["officer_function"],
        ", ",
        _reference(asked["officer_service_no"], language),
        html.Span(asked["officer_unit"], className="second-line"),
    ]


def _purpose(asked: Mapping[str, Any], language: str) -> list[Component | str]:
    basis = asked.get("legal_basis_text") or text(
        f"record.legal_basis.{asked['legal_basis']}", language
    )
    purpose = asked.get("purpose_text") or text(f"record.purpose.{asked['purpose']}", language)
    return [purpose, html.Span(basis, className="second-line")]


def _numbers(
    view: IncidentView, region: str, asked: Mapping[str, Any], language: str
) -> list[Component | str]:
    if region == T3:
        accepted = view.last(T3, "accept")
        given = accepted["record"]["units"] if accepted and view.t3_given else ""
        return [asked["units_asked"], html.Span(given, className="second-line")]
    given = ", ".join(one.callsign for one in view.here)
    words = text(
        "incident.asked_given", language, asked=asked["platoons_asked"], given=len(view.here)
    )
    return [words, html.Span(given, className="second-line")]


def _when(event: Event, asked: Mapping[str, Any], language: str) -> list[Component | str]:
    channel = ""
    if event.get("channel"):
        name = text(f"record.channel.{event['channel']}", language)
        channel = " ".join(part for part in (name, event.get("channel_ref")) if part)
    return [
        html.Time(
            hour(event["occurred_at"]),
            title=group(event["occurred_at"]),
            dateTime=event["occurred_at"],
        ),
        html.Span(channel, className="second-line"),
    ]


def _read_back(view: IncidentView, language: str) -> str:
    acknowledged = view.last(T2, "acknowledge")
    if acknowledged is None or view.summary["t2"] == "REQUESTED":
        return text("incident.not_yet", language)
    key = "incident.yes" if acknowledged["record"].get("read_back") else "incident.no"
    return f"{text(key, language)}, {hour(acknowledged['occurred_at'])}"


def _threat(asked: Mapping[str, Any], language: str) -> str:
    words = []
    if asked.get("threat_to_life"):
        words.append(text("record.threat_to_life", language))
    for name in ("crowd_size", "kp_strength"):
        if asked.get(name) is not None:
            words.append(f"{text('record.' + name, language)}: {asked[name]}")
    return "; ".join(words)


def _second_person(event: Event, language: str) -> list[Component]:
    if not event.get("second_person"):
        return []
    words = text("incident.second_person", language, user=event["second_person"]["user"])
    return [html.Span(words, className="second-line")]


def _typed(event: Event, language: str) -> str:
    entered = event["entered_by"]
    role = text(f"shell.role_{entered['role']}", language)
    return f"{entered['user']}, {role}, {hour(event['recorded_at'])}"
