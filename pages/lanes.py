"""The three lanes of an incident as HTML, drawn from the transition table and the log.

``lanes`` is the whole drawing in two shapes of one markup (``wide`` across a page, ``tall`` in a
drawer), ``miniature`` the three marks of the list, ``platoon_track`` the way of one platoon. Shape
and colour are ``assets/incident.css``; nothing here is markup made of text, so titles and names of
other people stay text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from dash import html
from dash.development.base_component import Component

from domain.transitions import INC, RES, STATES
from pages.clock_times import group, hour
from pages.components import aria
from pages.lane_layout import HOLDER_OF, LANES, PLACES, TONES, Place, length_of, tier_of
from pages.lane_marks import marks_of_lane
from pages.lane_path import (
    Event,
    Holding,
    LanePath,
    Visit,
    holds_line,
    lane_path,
    line_holdings,
)
from pages.strings import text

Shape = Literal["wide", "tall"]


def lanes(
    summary: Mapping[str, Any],
    history: Sequence[Event],
    options: Sequence[Mapping[str, Any]],
    language: str,
    shape: Shape,
) -> Component:
    """The drawing of one incident; ``options`` may be empty for one who only looks.

    ``history`` are its events with the corrections laid over, ``IncidentView.known``.
    """
    holdings = line_holdings(history)
    rows = [
        _lane(
            lane_path(region, history, options, summary),
            summary,
            history,
            holdings,
            language,
        )
        for region in LANES
    ]
    return html.Section(
        [_legend(language, said=bool(summary.get("said"))), *rows],
        className=f"lanes lanes-{shape}",
        **aria(label=text("incident.lanes", language)),
    )


def miniature(summary: Mapping[str, Any], language: str) -> Component:
    """The three lanes in one line of a list: how far each is, in which state, who has the line."""
    marks = []
    for region in LANES:
        state = summary[region.lower()]
        place, tone = PLACES[region, state], TONES[region, state]
        done = place.step / length_of(region) * 100 if tone != "idle" or region == INC else 0
        held = holds_line(region, summary)
        words = _words(region, state, language)
        spoken = text(f"incident.lane_{region}", language) + ": " + words
        said = summary.get("said", {}).get(region)
        if said:
            unconfirmed = _words(region, said, language)
            spoken += ". " + text("late.said_state", language, state=unconfirmed)
        marks.append(
            html.Span(
                [
                    html.Span(text(f"incident.lane_short_{region}", language), className="whom"),
                    html.Span(text("incident.line_mark", language), className="line-token")
                    if held
                    else None,
                    html.Span(words, className="word"),
                    html.Span(_bar(region, done, said), className="bar"),
                ],
                className=_classes(
                    "mini", f"tier-{tier_of(region)}", f"tone-{tone}", said=bool(said)
                ),
                title=spoken + (". " + text("incident.holds_line", language) if held else ""),
            )
        )
    return html.Span(marks, className="lanes-mini")


def _bar(region: str, done: float, said: str | None) -> list[Component]:
    """How far the lane is, and hatched behind it how far it is said to be."""
    bars: list[Component] = [html.I(style={"width": f"{done:.0f}%"})]
    if said:
        there = PLACES[region, said].step / length_of(region) * 100
        bars.append(html.I(style={"width": f"{max(there - done, 6):.0f}%"}, className="said"))
    return bars


def platoon_track(state: str, language: str) -> Component:
    """The states of a platoon with the present one lit."""
    steps = []
    for name in STATES[RES]:
        place = PLACES[RES, name]
        here = name == state
        steps.append(
            html.Li(
                _words(RES, name, language),
                className=_classes(
                    "platoon-state", f"tone-{TONES[RES, name]}", present=here, exit=place.exit
                ),
                **(aria(current="step") if here else {}),
            )
        )
    return html.Ol(steps, className="platoon-track tier-2")


# --- one lane ------------------------------------------------------------------------------------


def _lane(
    path: LanePath,
    summary: Mapping[str, Any],
    history: Sequence[Event],
    holdings: Sequence[Holding],
    language: str,
) -> Component:
    region = path.region
    beside = history[0]["occurred_at"] if history else None
    held = holds_line(region, summary)
    drawn = {state: _step(path, state, beside, language) for state in STATES[region]}
    main = [step for state, step in drawn.items() if not PLACES[region, state].exit]
    exits = [step for state, step in drawn.items() if PLACES[region, state].exit]
    return html.Section(
        [
            _head(path, summary, history, language),
            _line_cell(region, held, holdings, beside, language),
            html.Div(
                [
                    html.Ol([*_links(path), *main], className="steps"),
                    html.Ol(exits, className="exits"),
                ],
                className="way",
            ),
        ],
        className=_classes(
            "lane", f"tier-{tier_of(region)}", f"tone-{TONES[region, path.present]}", holding=held
        ),
        **aria(label=text(f"incident.lane_{region}", language)),
    )


def _head(
    path: LanePath, summary: Mapping[str, Any], history: Sequence[Event], language: str
) -> Component:
    region = path.region
    return html.Header(
        [
            html.H3(text(f"incident.lane_{region}", language)),
            html.P(text(f"incident.tier_{tier_of(region)}", language), className="tier-word"),
            html.P(
                [
                    html.Strong(_words(region, path.present, language)),
                    *_since(path, language),
                ],
                className="now",
            ),
            *marks_of_lane(path, summary, history, language),
        ],
        className="lane-head",
    )


def _since(path: LanePath, language: str) -> list[Component | str]:
    if path.since is None:
        return []
    return [
        " ",
        html.Span(
            text("incident.since", language, time=hour(path.since)),
            className="since",
            title=group(path.since),
        ),
    ]


def _line_cell(
    region: str, held: bool, holdings: Sequence[Holding], beside: str | None, language: str
) -> Component:
    """The rail across the lanes on which the token shows who holds the line."""
    past = [one for one in holdings if one.holder == HOLDER_OF[region]]
    times = [
        html.Span(
            hour(one.start, beside) + "–" + (hour(one.end, beside) if one.end else ""),
            className="held",
            title=group(one.start),
        )
        for one in past[-2:]
    ]
    words = text("incident.holds_line", language) if held else ""
    return html.Div(
        [html.Span(className="rail"), html.Span(words, className="token"), *times],
        className=_classes("line-cell", held=held),
        **({} if held else aria(hidden="true")),
    )


def _step(path: LanePath, state: str, beside: str | None, language: str) -> Component:
    region = path.region
    place, visit = _place(path, state), path.visits.get(state)
    here = state == path.present
    following = path.following.get(state)
    return html.Li(
        [
            html.Span(className="dot"),
            html.Span(
                [
                    html.Span(_words(region, state, language), className="word"),
                    _visited(visit, beside, language) if state not in path.said else None,
                    _said(path, state, beside, language),
                    _left_from(path, state, language) if place.exit and visit else None,
                    _disputed(path, state, language),
                ],
                className="label",
            ),
        ],
        className=_classes(
            "step",
            f"tone-{TONES[region, state]}",
            present=here,
            exit=place.exit,
            visited=visit is not None and not visit.earlier,
            earlier=visit is not None and visit.earlier,
            next=following is not None and not here,
            mine=bool(following),
            said=state in path.said,
            disputed=state in path.disputed,
            stops=path.disputed.get(state, False),
        ),
        style={"--at": str(place.step)},
        title=_step_title(path, state, language),
        **(aria(current="step") if here else {}),
    )


def _place(path: LanePath, state: str) -> Place:
    """An exit that was taken hangs below the state that it was taken from."""
    place = PLACES[path.region, state]
    if not place.exit:
        return place
    left = [before for before, after in path.moves if after == state]
    step = PLACES.get((path.region, left[-1]), place).step if left else place.step
    return Place(step, exit=True)


def _visited(visit: Visit | None, beside: str | None, language: str) -> Component | None:
    if visit is None:
        return None
    words = hour(visit.at, beside)
    if visit.count > 1:
        words += f" ×{visit.count}"
    if visit.late:
        words += " " + text("incident.late_mark", language)
    title = group(visit.at)
    if visit.first:
        title += " · " + text("incident.time_corrected", language, time=hour(visit.first, visit.at))
        words += " *"
    return html.Time(words, dateTime=visit.at, title=title)


def _said(path: LanePath, state: str, beside: str | None, language: str) -> Component | None:
    at = path.said.get(state)
    if at is None:
        return None
    words = text("late.said_at", language, time=hour(at, beside))
    return html.Time(words, dateTime=at, title=group(at))


def _disputed(path: LanePath, state: str, language: str) -> Component | None:
    if state not in path.disputed:
        return None
    return html.Span(text("incident.disputed", language), className="tag disputed")


def _left_from(path: LanePath, state: str, language: str) -> Component | None:
    left = [before for before, after in path.moves if after == state]
    if not left:
        return None
    came = _words(path.region, left[-1], language)
    return html.Span(text("incident.from_state", language, state=came), className="came-from")


def _step_title(path: LanePath, state: str, language: str) -> str:
    words = _words(path.region, state, language)
    if state in path.said:
        return text("late.said_state", language, state=words)
    if state == path.present:
        return text("incident.step_present", language, state=words)
    if state in path.following:
        key = "step_yours" if path.following[state] else "step_next"
        return text(f"incident.{key}", language, state=words)
    return words


def _links(path: LanePath) -> list[Component]:
    """The strokes between the dots: first the road of the table, then what was travelled."""
    region = path.region
    last = length_of(region)
    first = min(place.step for (lane, _), place in PLACES.items() if lane == region)
    strokes = [_stroke(first, last, "road")]
    for before, after in dict.fromkeys(path.said_moves):
        places = PLACES.get((region, before)), PLACES.get((region, after))
        steps = [place.step for place in places if place is not None and not place.exit]
        if len(steps) == 2:
            strokes.append(_stroke(min(steps), max(steps), "said"))
    for before, after in dict.fromkeys(path.moves):
        if (region, before) not in PLACES:
            continue
        start, end = PLACES[region, before], PLACES[region, after]
        if start.exit or end.exit:
            continue
        elif end.step > start.step:
            skips = _between(region, start.step, end.step)
            strokes.append(_stroke(start.step, end.step, "taken leap" if skips else "taken"))
        else:
            strokes.append(_stroke(end.step, start.step, "back"))
    return strokes


def _between(region: str, start: int, end: int) -> bool:
    """Whether a way from one step to another passes over a state that was not entered."""
    return any(
        lane == region and not place.exit and start < place.step < end
        for (lane, _), place in PLACES.items()
    )


def _stroke(start: int, end: int, kind: str) -> Component:
    return html.Li(
        className=f"stroke {kind}",
        style={"--at": str(start), "--to": str(end)},
        **aria(hidden="true"),
    )


def _legend(language: str, *, said: bool) -> Component:
    kinds = [(kind, f"incident.legend_{kind}") for kind in ("present", "visited", "next", "token")]
    if said:
        kinds.append(("said", "late.legend_said"))
    return html.Ul(
        [
            html.Li([html.Span(className=f"sample {kind}"), text(key, language)])
            for kind, key in kinds
        ],
        className="lanes-legend",
    )


def _words(region: str, state: str, language: str) -> str:
    return text(f"state.{region}_{state}", language)


def _classes(*names: str, **switched: bool) -> str:
    return " ".join([*names, *(name for name, on in switched.items() if on)])
