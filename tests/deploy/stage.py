"""The production profile behind a proxy with the files of ``deploy/``, as it is set up for work.

Only what has to differ on a machine that others use too is replaced: ports, folders, addresses.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.client import HTTPResponse
from pathlib import Path

import pytest

from app import create_app
from services.container import services_of
from settings import ROOT, Settings
from tests.ports import free_port
from tests.serving import PATIENCE_S, Running, wait_until_ready
from tests.system_packages import WITH_SERVERS

SITE = "fpu.example"
PASSWORD = secrets.token_urlsafe(18)
DEVICE_KEY = secrets.token_urlsafe(18)


class Proxied:
    """A running proxy with the server behind it."""

    def __init__(self, folder: Path, server: Running, token: str) -> None:
        self.folder = folder
        self.server = server
        self.token = token
        self.port = free_port()
        self.plain_port = free_port()
        self.trust = ssl.create_default_context(cafile=str(folder / "tls" / "authority.pem"))

    @property
    def host(self) -> str:
        """The site as it stands in addresses."""
        return f"{SITE}:{self.port}"

    def connect(
        self, trust: ssl.SSLContext | None = None, *, address: str = "127.0.0.1"
    ) -> ssl.SSLSocket:
        """A connection of a browser or a phone at ``address``, its certificate verified."""
        client = socket.create_connection(("127.0.0.1", self.port), PATIENCE_S, (address, 0))
        return (trust or self.trust).wrap_socket(client, server_hostname=SITE)

    def connect_plain(self) -> socket.socket:
        """The same without TLS."""
        return socket.create_connection(("127.0.0.1", self.plain_port), PATIENCE_S)

    def ask(
        self,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        plain: bool = False,
        address: str = "127.0.0.1",
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Status, headers and body of one request; a body is posted."""
        lines = [f"{'POST' if body else 'GET'} {path} HTTP/1.1", f"Host: {self.host}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        lines += ["Connection: close", *([f"Content-Length: {len(body)}"] if body else []), "", ""]
        with self.connect_plain() if plain else self.connect(address=address) as client:
            client.sendall("\r\n".join(lines).encode())
            with contextlib.suppress(OSError):  # refused before it was all sent
                client.sendall(body)
            answer = HTTPResponse(client)
            answer.begin()
            return answer.status, answer.getheaders(), answer.read()

    @property
    def logs(self) -> str:
        """All that the proxy has written."""
        return "".join(path.read_text() for path in (self.folder / "log").iterdir())


@contextmanager
def proxied(folder: Path, template: Path, proxy: str) -> Iterator[Proxied]:
    """The server and ``proxy`` (``nginx`` or ``caddy``) with all they need in ``folder``."""
    (folder / "log").mkdir()
    database = folder / "production.db"
    shutil.copyfile(template, database)
    token = _prepare(f"sqlite:///{database}")
    make = [ROOT / "deploy" / "certificates.sh", folder / "tls", SITE, "127.0.0.1"]
    subprocess.run(make, check=True, capture_output=True)
    with ExitStack() as stack:
        server = stack.enter_context(_production(folder, f"sqlite:///{database}"))
        stage = Proxied(folder, server, token)
        command, environment = {"nginx": _nginx, "caddy": _caddy}[proxy](stage)
        stack.enter_context(_process(command, folder / "log" / "said", environment))
        _wait(stage)
        yield stage


def _prepare(database: str) -> str:
    """An officer on duty and a phone; returns the officer's token."""
    server = create_app(Settings(database_url=database))
    services = services_of(server.extensions)
    services.roster.ensure_live(services.clock())
    services.accounts.add("officer", "FPU_DUTY", PASSWORD)
    services.roster.add_device("tracker", DEVICE_KEY, "knots", "")
    made = server.test_cli_runner().invoke(args=["users", "token", "officer", "--for", "tests"])
    assert made.exit_code == 0, made.output
    services.close()
    return made.output.split()[-1]


@contextmanager
def _production(folder: Path, database: str) -> Iterator[Running]:
    port, feed_port = free_port(), free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FPU_")},
        "FLASK_APP": "app:create_app",
        "FPU_PROFILE": "production",
        "FPU_SECRET_KEY": secrets.token_urlsafe(48),
        "FPU_TRUSTED_PROXY": "127.0.0.1",
        "FPU_DATABASE_URL": database,
        "FPU_PORT": str(port),
        "FPU_FEED_HOST": "127.0.0.1",
        "FPU_FEED_PORT": str(feed_port),
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "flask", "serve"]
    with _process(command, folder / "server.log", environment) as process:
        running = Running(process, port, feed_port)
        wait_until_ready(running)
        yield running


@contextmanager
def _process(
    command: list[str], log: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[str]]:
    with log.open("a") as said:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**environment},
            stdout=said,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE_S)


def _wait(stage: Proxied) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            if stage.ask("/healthz")[0] == 200:
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"the proxy does not answer: {stage.logs}")


def _nginx(stage: Proxied) -> tuple[list[str], Mapping[str, str]]:
    folder, server = stage.folder, stage.server
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    text = "".join(line for line in text.splitlines(True) if "listen [::]:" not in line)
    temporary = "".join(
        f"    {kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    for old, new in {
        "user www-data;": "user root;" if os.geteuid() == 0 else "",
        "/run/nginx.pid": f"{folder}/nginx.pid",
        "/var/log/nginx": f"{folder}/log",
        "/etc/fpu/tls": f"{folder}/tls",
        "http {\n": f"http {{\n{temporary}",
        "listen 80 ": f"listen 127.0.0.1:{stage.plain_port} ",
        "listen 443 ": f"listen 127.0.0.1:{stage.port} ",
        "127.0.0.1:8050": f"127.0.0.1:{server.port}",
        "127.0.0.1:5055": f"127.0.0.1:{server.feed_port}",
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "nginx.conf"
    path.write_text(text, encoding="utf-8")
    nginx = shutil.which("nginx", path=WITH_SERVERS)
    assert nginx, "nginx is missing: make test installs it"
    return [nginx, "-c", str(path), "-e", f"{folder}/log/start", "-g", "daemon off;"], os.environ


def _caddy(stage: Proxied) -> tuple[list[str], Mapping[str, str]]:
    folder, server = stage.folder, stage.server
    caddy = shutil.which("caddy", path=WITH_SERVERS)
    assert caddy, "caddy is missing: make test installs it"
    file = str(ROOT / "deploy" / "Caddyfile")
    return [caddy, "run", "--config", file, "--adapter", "caddyfile"], {
        **os.environ,
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "FPU_HTTP_PORT": str(stage.plain_port),
        "FPU_HTTPS_PORT": str(stage.port),
        "FPU_SITE": SITE,
        "FPU_CADDY_LOG": f"{folder}/log",
        "FPU_CERTIFICATE": f"{folder}/tls/server.pem",
        "FPU_CERTIFICATE_KEY": f"{folder}/tls/server.key",
        "FPU_DASHBOARD": f"127.0.0.1:{server.port}",
        "FPU_FEEDS": f"127.0.0.1:{server.feed_port}",
    }  # fmt: skip
