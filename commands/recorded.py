"""Commands in the security log: which one, how it ended, and the account of the machine.

Neither arguments nor options are recorded, they may hold anything. What only reads is left out.
"""

from __future__ import annotations

import logging
import os
import pwd
from collections.abc import Sequence

import click
from flask.cli import ScriptInfo

from domain.access.security import NewSecurityEvent
from domain.errors import DashboardError, OtherSchema
from services.container import EXTENSION, services_of

_READING = ("list", "verify", "anchor", "check")
_PROCESSES = (("feeds", "cot"), ("feeds", "mqtt"))
"""They record themselves that they begin and end."""

_KINDS: dict[tuple[str, ...], str] = {
    ("db", "backup"): "export",
    ("db", "restore"): "import",
    ("tracks", "export"): "export",
    ("tracks", "import"): "import",
    ("roster", "import"): "import",
    ("exercise", "load"): "import",
}
_LOGGER = logging.getLogger(__name__)


def record_command(context: click.Context, words: Sequence[str], outcome: str) -> None:
    """Record it, where it can be: a command must not fail because there is no schema yet."""
    path = tuple(words)
    if not path or path in _PROCESSES or (path[-1] in _READING and outcome == "done"):
        return
    try:
        server = context.ensure_object(ScriptInfo).load_app()
        if EXTENSION not in server.extensions:
            return
        services = services_of(server.extensions)
        event = NewSecurityEvent(
            _KINDS.get(path, "command"),
            outcome,
            services.clock(),
            route=f"flask {' '.join(path)}",
            body={"machine_account": _machine_account()},
        )
        services.security.record(event)
    except OtherSchema:
        return  # there is no security log yet
    except DashboardError as fault:
        _LOGGER.warning("flask %s is not in the security log: %s", " ".join(path), fault)
    except Exception:
        _LOGGER.warning("flask %s is not in the security log", " ".join(path), exc_info=True)


def _machine_account() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name[:40]
    except KeyError:
        return str(os.getuid())
