"""``flask serve``: the server of ``make run`` and of production."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication

from commands.group import closed_to_others
from commands.phone import announce_phone
from commands.process_log import GunicornLog, start_process_log
from commands.server.limits import FEED_BODY, Limits
from commands.server.master import Master
from commands.server.open_files import room_for
from commands.server.worker import Worker
from commands.start import refuse_demonstration
from data.database import Database
from data.migrate import is_current, upgrade
from data.private_files import UMASK
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
        with closed_to_others():
            _serve(settings, services, factory)

    return serve


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn with threads: a live stream holds one thread for as long as its screen is open.

    ``feeds_apart``: the phones' port has a worker of its own, and ``now_for_feeds`` is true while
    that one is started.
    """

    def __init__(self, settings: Settings, factory: Factory) -> None:
        self._settings = settings
        self._factory = factory
        self._connections = room_for(settings.connections)
        self.feeds_apart = bool(settings.feed_host)
        self.now_for_feeds = False
        self.exempt = settings.trusted_proxy
        super().__init__()

    def run(self) -> None:
        """Serve until a signal ends it; raises ``ClickException`` where it cannot start."""
        try:
            Master(self).run()
        except RuntimeError as fault:
            raise click.ClickException(str(fault)) from fault

    def load_config(self) -> None:
        """Set what is not gunicorn's default."""
        for name, value in _options(self._settings).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application of one worker, made after the fork so that it shares no connection."""
        made = self._factory(self._settings)
        services_of(made.extensions).start_check.passed()  # before the first worker was started
        return made

    def limits(self) -> Limits:
        """What clients of the worker that is started now may do."""
        limits = Limits(
            connections=self._connections, of_one_address=self._settings.address_connections
        )
        return replace(limits, body_bytes=FEED_BODY) if self.now_for_feeds else limits


def _serve(settings: Settings, services: Services, factory: Factory) -> None:
    start_process_log(settings)
    _prepare(settings, services)
    if settings.feed_host and settings.demonstration:
        announce_phone(settings, services)
    elif settings.feed_host:
        address = _address(settings.feed_host, settings.feed_port)
        click.echo(f"the feeds alone are at http://{address}")
    if settings.policy_file:
        click.echo(f"what the unit has set is from {settings.policy_file}")
    click.echo(f"the dashboard is at http://{_address(settings.host, settings.port)}")
    Server(settings, factory).run()


def _prepare(settings: Settings, services: Services) -> None:
    """The demonstration keeps its own schema; production changes only when it is told to."""
    with closing(Database(settings.database_url)) as database:
        if settings.demonstration:
            upgrade(database)
        elif not is_current(database):
            raise click.ClickException("the database has another schema: run flask db upgrade")
    refuse_demonstration(services.start_check)
    services.roster.ensure_live(services.clock())
    if settings.demonstration:
        seed_demonstration_accounts(services.accounts)


def _options(settings: Settings) -> dict[str, Any]:
    bind = [_address(settings.host, settings.port)]
    if settings.feed_host:
        bind.append(_address(settings.feed_host, settings.feed_port))
    return {
        "bind": bind,
        "workers": settings.workers + bool(settings.feed_host),
        "threads": settings.threads,
        "backlog": 4096,
        "worker_class": Worker,
        "graceful_timeout": _GRACE_SECONDS,
        "keepalive": 30,  # whether at all; how long the worker's own limits say
        "timeout": 60,
        "umask": UMASK,  # its own default lets everybody write
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
    # What one process does for all is done by one that people's screens do not share with phones.
    services_of(worker.wsgi.extensions).duties.start(shared=not worker.is_for_feeds)


def _stop_duties(_arbiter: Any, worker: Any) -> None:
    if isinstance(worker.wsgi, Flask):
        services = services_of(worker.wsgi.extensions)
        services.duties.stop()
        services.close()


def _say_stopped(master: Master) -> None:
    click.echo(f"stopped by {master.stopped_by}" if master.stopped_by else "stopped")


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
