"""What surrounds every screen: which operation, what time, who, how old the data is, the alarms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from dash import dcc, html
from dash.development.base_component import Component
from flask import has_request_context, request

from domain.access.rights import Act, Data, may, may_in
from domain.access.sessions import LIMITS
from domain.analysis_settings import AnalysisSettings
from domain.errors import DashboardError
from domain.roster import Operation
from domain.tracks import Freshness
from domain.transitions import INC, ROWS_OF
from layers.theme import THEMES
from pages import identifiers as ids
from pages.components import aria, data
from pages.session import current_language, visitor
from pages.strings import LANGUAGES, text
from services.container import Services

THEME_COOKIE = "fpu_theme"
DEFAULT_THEME = "night"
_COUNTERS = (
    ids.INCIDENT_CHANGES,
    ids.LOG_CHANGES,
    ids.ALERT_CHANGES,
    ids.CROSSING_CHANGES,
    ids.QUARANTINE_CHANGES,
    ids.TRACK_CHANGES,
)
NAVIGATION: tuple[tuple[str, str, Data], ...] = (
    ("/", "shell.monitor", Data.OPERATIONS),
    ("/quarantine", "quarantine.title", Data.QUARANTINE),
    ("/tracks", "tracks.title", Data.IMPORTS),
    ("/security", "security.short", Data.SECURITY_LOG),
)
"""Address and title key of the screens that the header leads to, and the kind of data of each."""

_TOLD_TO_SCRIPTS = (
    Data.POSITIONS,
    Data.TRACKS,
    Data.VISITS,
)
"""Kinds that scripts ask for by themselves; they leave out what would be refused."""


@dataclass(frozen=True, slots=True)
class ShellContext:
    """Everything that the shell shows and that screens need to know of where they are.

    ``kind`` is live, exercise or history, or empty where there is no such operation; ``shift`` is
    empty when nobody planned one. ``address`` is the path with its variables, to come back to;
    ``over`` that the operation takes nothing more, ``reporters`` the roles that report incidents.
    """

    operation: str
    title: str
    kind: str
    shift: str
    shift_started: str
    user: str
    role: str
    language: str
    theme: str
    demonstration: bool
    address: str
    over: bool = False
    reporters: tuple[str, ...] = ROWS_OF[INC, "report"][0].entered_by
    operations: tuple[Operation, ...] = ()
    freshness: Freshness = field(default_factory=Freshness)
    tracks: AnalysisSettings = field(default_factory=AnalysisSettings)

    def sees(self, data: Data) -> bool:
        """Whether this user may see that kind; nobody at all is told everything, as the layout is
        that Dash learns the ids from."""
        return not self.role or may(self.role, Act.SEE, data)

    @property
    def may_write(self) -> bool:
        """Whether this user records facts here; the services decide, this only spares a refusal."""
        may_here = may(self.role, Act.CHANGE, Data.INCIDENTS) and may_in(self.role, self.kind)
        return may_here and not self.over

    @property
    def may_report(self) -> bool:
        """Whether this user may report an incident here."""
        return self.may_write and self.role in self.reporters


def operation_of(services: Services, variables: Mapping[str, str]) -> str:
    """The operation that the address asks for, or the usual one of the profile."""
    return variables.get("operation") or ("demo" if services.demonstration else "live")


def shell_context(
    services: Services, variables: Mapping[str, str], path: str = "/"
) -> ShellContext:
    """The context of the request being answered."""
    operation = operation_of(services, variables)
    who = visitor() if has_request_context() else None
    title = kind = shift_name = started = ""
    over = False
    policy = services.policy
    try:
        found = services.roster.operation(operation)
        title, kind, over = found.title, found.kind, found.over(services.clock())
        policy = policy.of(found)
        shift = services.roster.shift_at(operation, services.clock())
        if shift is not None:
            shift_name, started = shift.name, shift.period.starts_at.isoformat()
    except DashboardError:
        title = operation  # the screen says that it knows nothing, and still opens
    return ShellContext(
        operation=operation,
        title=title,
        kind=kind,
        shift=shift_name,
        shift_started=started,
        user=who.user.name if who else "",
        role=who.user.role if who else "",
        language=current_language(),
        theme=theme_of(variables),
        demonstration=services.demonstration,
        address=_address(variables, path),
        over=over,
        tracks=policy.tracks,
        reporters=policy.rows_of[INC, "report"][0].entered_by,
        operations=tuple(
            one for one in services.roster.operations() if may_in(who.user.role, one.kind)
        )
        if who
        else (),
    )


def _address(variables: Mapping[str, str], path: str) -> str:
    """``path`` with the variables that it does not hold already."""
    parts = path.split("/")
    asked = {name: value for name, value in variables.items() if value not in parts}
    return f"{path}?{urlencode(asked)}" if asked else path


def theme_of(variables: Mapping[str, str]) -> str:
    """``day`` or ``night``: what the address says, else what this browser chose, else night."""
    chosen = request.cookies.get(THEME_COOKIE) if has_request_context() else None
    for wanted in (variables.get("theme"), chosen):
        if wanted in THEMES:
            return str(wanted)
    return DEFAULT_THEME


def shell(content: Component, context: ShellContext) -> Component:
    """``content`` inside the shell; fills the window and never scrolls as a whole."""
    return html.Div(
        [
            _frame(context),
            _header(context),
            html.Div(id=ids.BANNERS, className="banners", role="alert"),
            html.Div(id=ids.SOS_BANNERS, className="sos-banners", role="alert"),
            html.Div(id=ids.NOTICE, className="notice", role="status"),
            content,
            html.Footer(text("shell.footnote", context.language), className="footnote"),
            *_stores(context),
        ],
        id=ids.SHELL,
        className="shell",
        **data(
            operation=context.operation,
            kind=context.kind,
            role=context.role,
            user=context.user,
            idle_seconds=_seconds_of_idle(context.role),
            may_acknowledge="yes" if may(context.role, Act.CHANGE, Data.ALERTS) else "",
            sees=" ".join(kind for kind in _TOLD_TO_SCRIPTS if context.sees(kind)),
            late_after=context.freshness.late_after_s,
            silent_after=context.freshness.silent_after_s,
            gap_seconds=context.tracks.gap_s,
            fastest=context.tracks.highest_speed,
            shift_started=context.shift_started,
        ),
    )


def _seconds_of_idle(role: str) -> str:
    """After so long without use the session ends; empty where it does not."""
    limits = LIMITS.get(role)
    return "" if limits is None or limits.idle is None else f"{limits.idle.total_seconds():.0f}"


def _frame(context: ShellContext) -> Component:
    """The strip on top: what everybody in the room must know before reading anything else."""
    words = {"exercise": "shell.exercise", "history": "shell.history"}.get(context.kind)
    parts: list[Component] = []
    if words:
        parts.append(html.Strong(text(words, context.language)))
    if context.demonstration:
        parts.append(html.Span(text("shell.demonstration_note", context.language)))
    return html.Div(parts, className="frame")


def _header(context: ShellContext) -> Component:
    return html.Header(
        [_place(context), _links(context), _clocks(context), _vitals(context), _person(context)],
        className="shell-head",
    )


def _place(context: ShellContext) -> Component:
    say = context.language
    return html.Div(
        [
            html.Span(text("shell.where", say), className="where"),
            html.Div(
                [_operation_menu(context), html.Span(context.shift, className="shift")],
                className="name",
            ),
        ],
        className="place",
    )


def _operation_menu(context: ShellContext) -> Component:
    """The operation's name, which opens the others; one screen shows one operation only."""
    say = context.language
    title = html.H1(context.title, className="title", title=context.title)
    others = [one for one in context.operations if one.id != context.operation]
    if not others:
        return title
    links = [
        html.Li(
            html.A(
                [html.Strong(one.title), html.Span(text(f"shell.kind_{one.kind}", say))],
                href="/?" + urlencode({"operation": one.id}),
            )
        )
        for one in others
    ]
    return html.Details(
        [
            html.Summary(title, title=f"{context.title} · {text('shell.change_operation', say)}"),
            html.Ul(links),
        ],
        className="operations",
    )


def _links(context: ShellContext) -> Component:
    """Other screens of the same operation; empty as long as there is one screen only."""
    here = context.address.partition("?")[0]
    query = urlencode({"operation": context.operation})
    links = [
        dcc.Link(
            text(key, context.language),
            href=f"{path}?{query}",
            className="link here" if path == here else "link",
        )
        for path, key, kind in NAVIGATION
        if context.sees(kind)
    ]
    others = links if len(links) > 1 or here != NAVIGATION[0][0] else []
    return html.Nav(
        others, className="links", **aria(label=text("shell.screens", context.language))
    )


def _clocks(context: ShellContext) -> Component:
    say = context.language
    return html.Div(
        [
            html.Div(id=ids.ZULU_CLOCK, className="clock", **aria(label=text("shell.zulu", say))),
            html.Div(id=ids.LOCAL_CLOCK, className="clock", **aria(label=text("shell.local", say))),
        ],
        className="clocks",
    )


def _vitals(context: ShellContext) -> Component:
    say = context.language
    return html.Div(
        [
            html.Div(id=ids.DATA_AGE, className="vital", title=text("shell.data_age_title", say)),
            html.Div(id=ids.ALERT_COUNT, className="vital", title=text("shell.alerts_title", say)),
        ],
        className="vitals",
    )


def _person(context: ShellContext) -> Component:
    say = context.language
    role = text(f"shell.role_{context.role}", say) if context.role else ""
    back = urlencode({"next": context.address})
    return html.Div(
        [
            html.Button(id=ids.THEME_SWITCH, className="quiet", type="button"),
            html.Nav(_languages(context, back), **aria(label=text("shell.language", say))),
            html.A(
                [html.Strong(context.user), html.Span(role)],
                href=f"/account?{back}",
                title=text("account.open", say),
                className="who",
            ),
            html.Div(
                [
                    html.A(
                        text("shell.change_user", say),
                        href=f"/sign-in?switch&{back}",
                        className="quiet",
                    ),
                    html.Form(
                        html.Button(text("shell.sign_out", say), className="quiet", type="submit"),
                        method="post",
                        action="/sign-out",
                    ),
                ],
                className="leave",
            ),
        ],
        className="person",
    )


def _languages(context: ShellContext, back: str) -> list[Component]:
    return [
        html.A(
            code.upper(),
            href=f"/language/{code}?{back}",
            title=name,
            lang=code,
            className="quiet",
            **aria(current="true"),
        )
        if code == context.language
        else html.A(
            code.upper(), href=f"/language/{code}?{back}", title=name, lang=code, className="quiet"
        )
        for code, name in LANGUAGES.items()
    ]


def _stores(context: ShellContext) -> list[Component]:
    counters = [dcc.Store(id=identifier, data=0) for identifier in _COUNTERS]
    return [*counters, dcc.Store(id=ids.OPERATION, data=context.operation)]
