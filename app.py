"""The composition root: ``create_app`` joins the parts, and nothing happens on import.

The command line finds it as ``FLASK_APP=app:create_app``. The server starts the duties of a worker
with ``start_duties`` once it is up.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, cast

import dash
from dash import html
from dash.development.base_component import Component
from flask import Flask, current_app
from flask_compress import Compress

from api import (
    callback_bodies,
    cot_server,
    health,
    live,
    map_files,
    mqtt_server,
    nothing_here,
    path_numbers,
    problems,
    security_headers,
    strings,
)
from api.access import account, gate, rights, sign_in, turns, witness
from api.access.feed_witness import FeedWitness
from api.document import Dashboard
from api.feed_listener import FeedListener
from api.feeds import FeedDoor
from api.openapi import openapi_blueprint
from api.proxy import TrustedProxy
from api.request_body import ReadableBody
from api.strict_json import StrictJson, StrictRequest
from api.v1.analysis import analysis_blueprint
from api.v1.incidents import incidents_blueprint
from api.v1.late_entry import late_entry_blueprint
from api.v1.occurrences import occurrences_blueprint
from api.v1.positions import positions_blueprint
from api.v1.quarantine import quarantine_blueprint
from api.v1.roster import roster_blueprint
from api.v1.security import security_blueprint
from api.v1.track_files import track_files_blueprint
from callbacks.registry import REGISTER
from commands.database import database_commands
from commands.environment import settings_of_environment, unit_file
from commands.exercise import exercise_commands
from commands.feeds import feeds_commands
from commands.log import log_commands
from commands.roster import roster_commands
from commands.serve import serve_command
from commands.tracks import tracks_commands
from commands.users import users_commands
from data.policy_file import UnitFile, read_unit_file
from domain.access.rights import Data
from joining import join, log_check_of
from pages.not_found import layout as not_found
from pages.not_found import not_yours
from pages.registry import PAGES, Page
from pages.session import current_language
from pages.strings import LANGUAGES, built_in, text, use_words
from services.access.limiting import IN_PROCESS, LateLimiter
from services.cache import OfTheMoment
from services.container import EXTENSION, Services, services_of
from settings import ROOT, Settings

LARGEST_BODY = 2 * 1024 * 1024
_COMPRESSED = (
    "text/html",
    "text/css",
    "text/javascript",
    "application/javascript",
    "application/json",
    "application/geo+json",
    "application/problem+json",
    "image/svg+xml",
)
_NOT_FOUND = Page("/not-found-404", "", "problem.not_found_title", not_found, Data.PROGRAM)


def create_app(settings: Settings | None = None, unit: UnitFile | None = None) -> Flask:
    """The application for ``settings`` (otherwise for the environment) and for what the ``unit``
    has set (otherwise in the file that the settings name).

    Opens no connection and starts no thread. Raises ``UnsafeSettings``, ``FaultyUnitFile``.
    """
    settings = settings or settings_of_environment()
    unit = unit or unit_file(partial(_read_unit_file, settings))
    server = Flask("app", root_path=str(ROOT), template_folder="pages", static_folder=None)
    _configure(server, settings)
    use_words(server, unit.words)
    services = join(server, settings, unit.policy)
    server.extensions[EXTENSION] = services
    witness.register(server, services)
    turns.register(server)
    gate.register(server, services.accounts, services.start_check)
    rights.register(server, services.roster)
    dashboard = _dashboard(server, services)
    _open_edges(server, settings, services)
    security_headers.register(server, dashboard, production=not settings.demonstration)
    Compress(server)
    # a worker that starts anew tomorrow goes by the file of today, like the others
    _add_commands(server, settings, services, partial(create_app, unit=unit))
    _wrap(server, settings, services)
    return server


def start_duties(server: Flask) -> None:
    """Start what goes on beside the requests; once in each worker."""
    services_of(server.extensions).duties.start()


def _read_unit_file(settings: Settings) -> UnitFile:
    return read_unit_file(
        settings.policy_file, {language: built_in(language) for language in LANGUAGES}
    )


def _configure(server: Flask, settings: Settings) -> None:
    production = not settings.demonstration
    server.json = StrictJson(server)
    server.request_class = StrictRequest
    path_numbers.register(server)
    server.secret_key = settings.secret_key
    server.config.update(
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        SESSION_COOKIE_NAME="__Host-fpu" if production else "fpu",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=production,
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(days=31),
        COMPRESS_MIMETYPES=list(_COMPRESSED),
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_BR_LEVEL=5,
    )


def _dashboard(server: Flask, services: Services) -> Dashboard:
    dashboard = Dashboard(
        "app",
        server=cast(Any, server),
        assets_folder=str(ROOT / "assets"),
        assets_ignore=r"^sign-in\.",
        use_pages=True,
        pages_folder="",
        update_title="",
        include_pages_meta=False,
        enable_mcp=False,
        add_log_handler=False,
    )
    callback_bodies.register(dashboard, services.roster)
    for page in (*PAGES, _NOT_FOUND):
        _register_page(page)
    dashboard.layout = html.Div(dash.page_container)
    for register in REGISTER:
        register(dashboard, services)
    return dashboard


def _register_page(page: Page) -> None:
    # Dash keeps one list of pages a process, so a layout asks for the services of the application
    # that is answering instead of holding on to one.
    def layout(**variables: object) -> Component:
        known = {name: value for name, value in variables.items() if isinstance(value, str)}
        services = services_of(current_app.extensions)
        return not_yours(services, known, page.path, page.data) or page.layout(services, known)

    def title(**_variables: object) -> str:
        language = current_language()
        return f"{text(page.title_key, language)} · {text('shell.product', language)}"

    name = page.path.strip("/").replace("-", "_") or "home"
    dash.register_page(  # type: ignore[no-untyped-call]
        f"pages.{name}",
        path=page.path,
        path_template=page.path_template or None,
        title=title,
        layout=layout,
    )


def _open_edges(server: Flask, settings: Settings, services: Services) -> None:
    problems.register(server)
    health.register(server, services)
    sign_in.register(server, services)
    account.register(server, services)
    strings.register(server)
    live.register(server, services, settings.threads)
    of_the_moment = OfTheMoment(services.cache, services.heads, services.clock)
    for blueprint in (
        map_files.blueprint(),
        roster_blueprint(
            services.roster, services.coverage, services.picture, services.clock, of_the_moment
        ),
        incidents_blueprint(services.incidents, services.picture, of_the_moment),
        late_entry_blueprint(services.late_entry),
        occurrences_blueprint(services.occurrences, services.picture),
        positions_blueprint(
            services.tracks,
            services.drawn,
            services.quarantine,
            services.roster,
            services.clock,
            services.cache,
            services.heads,
            of_the_moment,
        ),
        quarantine_blueprint(services.quarantine, services.quarantine_of_many),
        track_files_blueprint(
            services.track_files, services.track_export, services.roster, services.clock
        ),
        analysis_blueprint(
            services.analyses,
            services.device_clocks,
            services.roster,
            services.clock,
            services.cache,
            services.heads,
        ),
        security_blueprint(services.security_reading),
        openapi_blueprint(),
    ):
        server.register_blueprint(blueprint)
    nothing_here.register(server)


def _add_commands(
    server: Flask, settings: Settings, services: Services, factory: Callable[[Settings], Flask]
) -> None:
    for command in (
        database_commands(settings, log_check_of),
        users_commands(lambda: services),
        exercise_commands(lambda: services),
        roster_commands(lambda: services),
        tracks_commands(lambda: services),
        log_commands(lambda: services),
        feeds_commands(
            settings,
            lambda: services,
            partial(cot_server.serve, services),
            partial(mqtt_server.serve, services),
        ),
        serve_command(settings, services, factory),
    ):
        server.cli.add_command(command)


def _wrap(server: Flask, settings: Settings, services: Services) -> None:
    server.wsgi_app = FeedDoor(  # type: ignore[method-assign]
        server.wsgi_app,
        services.ingest,
        services.roster,
        LateLimiter(settings.cache_url or IN_PROCESS),
        services.clock,
        security_headers.for_devices(production=not settings.demonstration),
    )
    server.wsgi_app = ReadableBody(server.wsgi_app)  # type: ignore[method-assign]
    server.wsgi_app = FeedWitness(server.wsgi_app, services.security, services.clock)  # type: ignore[method-assign]
    if settings.trusted_proxy:
        server.wsgi_app = TrustedProxy(server.wsgi_app, settings.trusted_proxy)  # type: ignore[method-assign]
    if settings.feed_host:
        server.wsgi_app = FeedListener(server.wsgi_app, settings.feed_port)  # type: ignore[method-assign]
