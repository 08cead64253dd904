"""The TAK servers that ours is compared with, each with its own defaults on a loopback port."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peers import HERE, python_with
from benchmarks.serving import Serving, free_port, running

TAKY = ("taky==0.10", "Flask==2.3.3")
FREETAKSERVER = ("FreeTAKServer==2.2.1", "digitalpy==0.3.13.7", "opentelemetry-sdk==1.14.0")
"""Newer telemetry breaks its listeners: see issue 750 of FreeTAKTeam/FreeTakServer."""

_PORTS = (
    "FTS_SSLCOT_PORT", "FTS_API_PORT", "FTS_FED_PORT", "FTS_ROUTING_PROXY_SUBSCRIBE_PORT",
    "FTS_ROUTING_PROXY_PUBLISHER_PORT", "FTS_ROUTING_PROXY_SERVER_PORT",
    "FTS_INTEGRATION_MANAGER_PULLER_PORT", "FTS_INTEGRATION_MANAGER_PUBLISHER_PORT",
)  # fmt: skip


@contextmanager
def taky() -> Serving:
    """taky (MIT); it relays and keeps the last position of each client in memory."""
    python = python_with("taky", *TAKY)
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        settings = Path(folder) / "taky.conf"
        settings.write_text(
            f"[taky]\nhostname=bench\nbind_ip=127.0.0.1\nroot_dir={folder}\nredis=false\n"
            f"[cot_server]\nport={port}\n[ssl]\nenabled=false\n"
        )
        with running([python.parent / "taky", "-c", settings], port):
            yield port, lambda: None


@contextmanager
def freetakserver() -> Serving:
    """FreeTAKServer (EPL 2.0); it relays, and keeps what it is told in SQLite."""
    python = python_with("FreeTAKServer", *FREETAKSERVER)
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        settings = {
            "FTS_FIRST_START": "false",  # no questions
            "FTS_PERSISTENCE_PATH": folder,
            "FTS_DB_PATH": f"{folder}/FTSDataBase.db",
            "FTS_CONFIG_PATH": f"{folder}/none.yaml",
            **{name: str(free_port()) for name in _PORTS},
        }
        command = [python, HERE / "freetakserver_serving.py", folder, str(port)]
        with running(command, port, Path(folder), **settings):
            yield port, lambda: None
