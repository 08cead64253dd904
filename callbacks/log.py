"""The occurrence log: keep the lines up to date, write one down."""

from __future__ import annotations

import uuid
from typing import Any

from dash import Dash, Input, Output, State, no_update

from callbacks.sending import fault_words
from domain.access.rights import Act, Data, requires
from domain.errors import DashboardError
from domain.time import to_date_time_group, to_rfc3339
from pages import identifiers as shared
from pages import incident_identifiers as ids
from pages.incident_view import actor_of
from pages.log_entry import SHOWN, lines_part, read_line
from pages.session import current_language, current_user
from pages.strings import text
from services.container import Services
from services.security.asking import remember_refusal


def register(app: Dash, services: Services) -> None:
    """Lines, and the line that is typed."""

    @app.callback(
        Output(ids.LOG_LINES, "children"),
        Input(shared.LOG_CHANGES, "data"),
        Input(ids.LOG_META, "data"),
        State(shared.OPERATION, "data"),
    )
    @requires(Act.SEE, Data.LOG)
    def lines(_changes: object, _entered: object, operation: str) -> Any:
        try:
            found = services.picture.log(operation, SHOWN)
        except DashboardError:
            found = []
        return lines_part(found, current_language())

    @app.callback(
        Output(ids.LOG_TEXT, "value"),
        Output(ids.LOG_META, "data"),
        Output(ids.LOG_NOTICE, "children"),
        Output(ids.LOG_NOTICE, "className"),
        Input(ids.LOG_TEXT, "n_submit"),
        Input(ids.LOG_ENTER, "n_clicks"),
        State(ids.LOG_TEXT, "value"),
        State(ids.LOG_META, "data"),
        State(shared.OPERATION, "data"),
        prevent_initial_call=True,
    )
    @requires(Act.CHANGE, Data.LOG)
    def enter(
        _submitted: object, _clicks: object, typed: str | None, command: str | None, operation: str
    ) -> Any:
        # The command id stays the same until the line has been kept: a double click gives one line.
        language = current_language()
        command = command or str(uuid.uuid4())
        try:
            occurred, words = read_line(typed or "", services.clock())
            sent = {
                "command_id": command,
                "occurred_at": to_rfc3339(occurred),
                "record": {"text": words},
                "lang": language,
            }
            services.occurrences.enter(operation, actor_of(current_user()), sent)
        except DashboardError as refused:
            remember_refusal(refused)
            return no_update, command, fault_words(refused, language), "form-notice"
        kept = text("log.kept", language, group=to_date_time_group(occurred))
        return "", str(uuid.uuid4()), kept, "log-kept done"
