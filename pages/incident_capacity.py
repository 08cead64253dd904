"""What can be done when fewer platoons are free than asked, and which incident comes first.

The order is a suggestion by threat to life, then crowd against Kosovo Police, then travel time. A
person decides; what is shown here is stored with the decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from domain.transitions import RES, ROWS_OF, T2, T3
from pages import incident_identifiers as ids
from pages.asking import OFFER
from pages.incident_view import IncidentView
from pages.strings import catalogue, text

_EVENTS = {
    "refuse": (T2, "refuse"),
    "partial": (T2, "accept"),
    "redeploy": (RES, "redeploy"),
    "request_via_eulex": (T3, "request_via_eulex"),
}

_RANKS = 5
"""So many of the suggested order are shown, and this incident."""

Offer = Mapping[str, Any]


def capacity_part(view: IncidentView, language: str) -> Component | None:
    """The panel; None while there is enough and nobody competes."""
    offers, ranking = view.offers, view.ranking
    if not offers and not ranking:
        return None
    return html.Section(
        [
            *([_shortage(view, offers, language)] if offers else []),
            *([_ranking(view, ranking, language, folded=not offers)] if ranking else []),
        ],
        className="capacity",
    )


def _shortage(view: IncidentView, offers: Sequence[Offer], language: str) -> Component:
    free = next((one["free"] for one in offers if one.get("free") is not None), len(view.free))
    asked = next((one["asked"] for one in offers if one.get("asked") is not None), 0)
    key = "capacity_none" if not free else "capacity_some"
    return html.Div(
        [
            html.H2(text(f"incident.{key}", language, free=free, asked=asked)),
            html.Ul(
                [
                    *(_offer(view, one, language) for one in offers if one["allowed"]),
                    *_stopped(view, [one for one in offers if not one["allowed"]], language),
                ],
                className="offers",
            ),
        ]
    )


def _offer(view: IncidentView, one: Offer, language: str) -> Component:
    region, event = _EVENTS[one["offer"]]
    platoon = str(one.get("platoon") or "") if region == RES else ""
    identifier = ids.action(region, event, platoon, "", OFFER + one["offer"])
    words = _words(view, one, language)
    return html.Li(html.Button(words, id=identifier, className="do", type="button"))


def _stopped(view: IncidentView, offers: Sequence[Offer], language: str) -> list[Component]:
    """What cannot be done, told once for each rule that stops it."""
    reasons: dict[str, list[str]] = {}
    for one in offers:
        words = _words(view, one, language, stopped=True)
        reasons.setdefault(_reason(view, one, language), []).append(words)
    return [
        html.Li(
            [
                html.Span("; ".join(dict.fromkeys(words)), className="what"),
                html.Span(reason, className="why"),
            ],
            className="stopped-offer",
        )
        for reason, words in reasons.items()
    ]


def _reason(view: IncidentView, one: Offer, language: str) -> str:
    if one["guard"] == "role":
        roles = ROWS_OF[_EVENTS[one["offer"]]][0].entered_by
        words = ", ".join(text(f"shell.role_{role}", language) for role in roles)
        return text("incident.role_needed", language, roles=words)
    if one["guard"] == "target_accepted":  # the other incident of the rule is this one
        return text("incident.accept_first", language)
    return catalogue(language).get(f"guard.{one['guard']}", one["detail"] or "")


def _words(view: IncidentView, one: Offer, language: str, *, stopped: bool = False) -> str:
    callsign = next((row.callsign for row in view.platoons if row.id == one.get("platoon")), "")
    return text(
        f"incident.{'stopped_' if stopped else ''}offer_{one['offer']}",
        language,
        platoon=callsign,
        incident=one.get("from_incident") or "",
        free=one.get("free") or 0,
    )


def _ranking(
    view: IncidentView, ranking: Sequence[Offer], language: str, *, folded: bool
) -> Component:
    """The suggested order; folded away while there is enough for everybody."""
    columns = ("rank", "incident", "threat", "crowd", "travel")
    head = [html.Th(text(f"incident.ranking_{name}", language), scope="col") for name in columns]
    shown = [one for one in ranking if one["rank"] <= _RANKS or one["here"]]
    table = html.Table(
        [
            html.Thead(html.Tr(head)),
            html.Tbody([_ranked(view, one, language) for one in shown]),
        ],
        className="ranking",
    )
    note = html.P(text("incident.ranking_note", language), className="hint")
    if not folded:
        return html.Div([html.H2(text("incident.ranking", language)), note, table])
    here = next((one["rank"] for one in ranking if one["here"]), "?")
    words = text("incident.ranking_folded", language, rank=here, of=len(ranking))
    return html.Details([html.Summary(words), note, table])


def _ranked(view: IncidentView, one: Offer, language: str) -> Component:
    minutes = one["travel_minutes"]
    unknown = text("incident.unknown", language)
    return html.Tr(
        [
            html.Td(str(one["rank"])),
            html.Td(_incident(view, one, language)),
            html.Td(text("incident.yes" if one["threat_to_life"] else "incident.no", language)),
            html.Td(_crowd(one, language)),
            html.Td(
                unknown
                if minutes is None
                else text("incident.minutes", language, minutes=round(minutes))
            ),
        ],
        className="here" if one["here"] else "",
    )


def _incident(view: IncidentView, one: Offer, language: str) -> Component:
    if one["here"]:
        return html.Strong(text("incident.ranking_here", language))
    return dcc.Link(
        [html.Span(one["incident"], className="number"), " ", one["title"]],
        href=f"/incident/{one['incident']}?operation={view.operation}",
        title=text(f"state.T2_{one['state']}", language),
    )


def _crowd(one: Offer, language: str) -> str:
    crowd, strength = one["crowd_size"], one["kp_strength"]
    if crowd is None and strength is None:
        return text("incident.unknown", language)
    return f"{'?' if crowd is None else crowd} : {'?' if strength is None else strength}"
