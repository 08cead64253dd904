"""``flask serve``: the server of ``make run`` and of production."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from commands.phone import announce_phone
from commands.process_log import GunicornLog, start_process_log
from commands.worker import Worker
from data.database import Database
from data.migrate import is_current, upgrade
from services.access.demonstration_accounts import seed_demonstration_accounts
from services.container import Services, services_of
from services.garbage import settle
from settings import Settings

Factory = Callable[[Settings], Flask]

_GRACE_SECONDS = 5
"""Streams stay open for hours; a stopping server waits this long for them and no longer."""


def serve_command(settings: Settings, services: Services, factory: Factory) -> click.Command:
    """The command, to be added to ``app.cli``; every worker makes its own application."""

    @click.command("serve")
    def serve() -> None:
        """Serve the dashboard, and the feeds on their second address if there is one."""
        start_process_log(settings)
        _prepare(settings, services)
        if settings.feed_host:
            announce_phone(settings, services)
        if settings.policy_file:
            click.echo(f"what the unit has set is from {settings.policy_file}")
        click.echo(f"the dashboard is at http://{_address(settings.host, settings.port)}")
        Server(settings, factory).run()

    return serve


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn with threads: a live stream holds one thread for as long as its screen is open."""

    def __init__(self, settings: Settings, factory: Factory) -> None:
        self._settings = settings
        self._factory = factory
        super().__init__()

    def run(self) -> None:
        """Serve until a signal ends it; raises ``ClickException`` where it cannot start."""
        try:
            _Master(self).run()
        except RuntimeError as fault:
            raise click.ClickException(str(fault)) from fault

    def load_config(self) -> None:
        """Set what is not gunicorn's default."""
        for name, value in _options(self._settings).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application of one worker, made after the fork so that it shares no connection."""
        return self._factory(self._settings)


class _Master(Arbiter):  # type: ignore[misc]  # gunicorn has no types
    """The process over the workers; it remembers which signal ended it."""

    stopped_by = ""

    def handle_term(self) -> None:
        self.stopped_by = "SIGTERM"
        super().handle_term()

    def handle_int(self) -> None:
        self.stopped_by = "SIGINT"
        super().handle_int()

    def handle_quit(self) -> None:
        self.stopped_by = "SIGQUIT"
        super().handle_quit()


def _prepare(settings: Settings, services: Services) -> None:
    """The demonstration keeps its own schema; production changes only when it is told to."""
    with closing(Database(settings.database_url)) as database:
        if settings.demonstration:
            upgrade(database)
        elif not is_current(database):
            raise click.ClickException("the database has another schema: run flask db upgrade")
    services.roster.ensure_live(services.clock())
    if settings.demonstration:
        seed_demonstration_accounts(services.accounts)


def _options(settings: Settings) -> dict[str, Any]:
    bind = [_address(settings.host, settings.port)]
    if settings.feed_host:
        bind.append(_address(settings.feed_host, settings.feed_port))
    return {
        "bind": bind,
        "workers": settings.workers,
        "threads": settings.threads,
        "worker_class": Worker,
        "graceful_timeout": _GRACE_SECONDS,
        "keepalive": 30,
        "timeout": 60,
        "loglevel": "warning",
        "logger_class": GunicornLog,
        "proc_name": "fpu-dashboard",
        "control_socket_disable": True,
        # Who may say that a request came by TLS is decided by the application alone.
        "forwarded_allow_ips": "",
        "post_worker_init": _start_duties,
        "worker_exit": _stop_duties,
        "on_exit": _say_stopped,
    }


def _start_duties(worker: Any) -> None:
    # One request makes Dash finish its set-up before people come, and from several threads.
    worker.wsgi.test_client().get("/healthz")
    settle()
    services_of(worker.wsgi.extensions).duties.start()


def _stop_duties(_arbiter: Any, worker: Any) -> None:
    if isinstance(worker.wsgi, Flask):
        services = services_of(worker.wsgi.extensions)
        services.duties.stop()
        services.close()


def _say_stopped(master: _Master) -> None:
    click.echo(f"stopped by {master.stopped_by}" if master.stopped_by else "stopped")


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
