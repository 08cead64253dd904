"""``flask feeds cot`` as a process, and what it refuses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result

from app import create_app
from settings import ROOT, Settings
from tests.ports import free_port
from tests.serving import PATIENCE_S
from tests.tak_client import make_certificates


def run(database: Path, *options: str) -> Result:
    server = create_app(Settings(database_url=f"sqlite:///{database}"))
    return server.test_cli_runner().invoke(args=["feeds", "cot", *options])


def test_it_listens_until_it_is_told_to_stop(sqlite_template: Path, tmp_path: Path) -> None:
    make_certificates(tmp_path, "server")
    files = [str(tmp_path / name) for name in ("authority.pem", "server.pem", "server.key")]
    plain, secured = free_port(), free_port()
    options = ["--port", str(plain), "--tls-port", str(secured), "--name", "kowalska=sokol-1"]
    options += ["--ca", files[0], "--certificate", files[1], "--key", files[2]]
    database = tmp_path / "served.db"
    database.write_bytes(sqlite_template.read_bytes())
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "app:create_app", "feeds", "cot", *options],
        cwd=ROOT,
        env={**os.environ, "FPU_DATABASE_URL": f"sqlite:///{database}", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(2)]
        assert said == [
            f"TAK clients: TCP on 127.0.0.1:{plain}\n",
            f"TAK clients: TLS on 127.0.0.1:{secured}\n",
        ]
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, rest) == (0, "stopped\n")
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "0.0.0.0"], "loopback"),
        (["--host", "example.org"], "loopback"),
        (["--no-plain"], "nothing to listen on"),
        (["--name", "kowalska"], "NAME=DEVICE"),
    ],
)
def test_what_it_refuses(
    sqlite_template: Path, tmp_path: Path, options: list[str], words: str
) -> None:
    database = tmp_path / "own.db"
    database.write_bytes(sqlite_template.read_bytes())
    result = run(database, *options)
    assert result.exit_code != 0
    assert words in result.output


def test_it_refuses_half_of_the_files_broken_files_and_another_schema(
    sqlite_template: Path, tmp_path: Path
) -> None:
    database = tmp_path / "own.db"
    database.write_bytes(sqlite_template.read_bytes())
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    assert "all of" in run(database, "--ca", str(broken)).output
    whole = [part for name in ("ca", "certificate", "key") for part in (f"--{name}", str(broken))]
    assert "cannot be used" in run(database, *whole).output
    assert "flask db upgrade" in run(tmp_path / "empty.db").output
