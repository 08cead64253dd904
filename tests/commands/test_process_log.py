"""The process log: UTC on every line, nothing forged, and no target that anybody waits for."""

from __future__ import annotations

import logging
import os
import re
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import shipping
from commands.process_log import Lines, start_process_log
from commands.shipping import MOST_WAITING, Shipping, Syslog
from settings import Settings, UnsafeSettings, from_environment
from tests.serving import serving

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [A-Z]+ [\w.]+ .*")


def record(message: str, *, name: str = "api.feeds") -> logging.LogRecord:
    made = logging.LogRecord(name, logging.WARNING, "", 0, "%s", (message,), None)
    made.created = 1796092867.1239
    return made


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_message_is_one_line_whatever_is_in_it(words: str) -> None:
    said = Lines().format(record(words))
    assert len(said.splitlines()) == 1
    assert said.startswith("2026-12-01T02:41:07.123Z WARNING api.feeds ")
    head = said.removeprefix("2026-12-01T02:41:07.123Z WARNING api.feeds ")
    assert all(letter.isprintable() or ord(letter) > 0x9F for letter in head)


def test_a_forged_line_and_a_forged_colour_are_seen_for_what_they_are() -> None:
    said = Lines().format(record("x\n2026-12-01T00:00:00.000Z INFO security all is well\x1b[2J"))
    assert "\n" not in said
    assert "\\n2026" in said
    assert "\\x1b[2J" in said


def test_a_traceback_has_the_time_on_every_line() -> None:
    try:
        raise ValueError("bad\nday key=hunter2")
    except ValueError:
        made = record("failed")
        made.exc_info = sys.exc_info()
    lines = Lines().format(made).split("\n")
    assert len(lines) > 3
    assert all(LINE.fullmatch(line) for line in lines)
    assert "hunter2" not in "".join(lines)
    assert "\n" not in Lines(folded=True).format(made)


@pytest.mark.parametrize(
    "words",
    [
        "GET /feeds/osmand?id=a&key=hunter2&lat=42.123",
        "{'password': 'hunter2', 'lat': 42.123}",
        "Authorization: Bearer hunter2",
        "token=hunter2; longitude=42.123",
    ],
)
def test_named_secrets_and_positions_are_struck(words: str) -> None:
    said = Lines().format(record(words))
    assert "hunter2" not in said
    assert "42.123" not in said
    bare = Lines().format(record("Invalid request line: 'GET /x?hunter2'", name="gunicorn.error"))
    assert "hunter2" not in bare


@pytest.fixture
def quiet_root() -> Iterator[None]:
    """Puts back what a process that stays has set."""
    root, hooks = logging.getLogger(), (sys.excepthook, __import__("threading").excepthook)
    before = list(root.handlers)
    yield
    root.handlers[:] = before
    logging.getLogger("security").setLevel(logging.NOTSET)
    logging.captureWarnings(False)
    sys.excepthook, __import__("threading").excepthook = hooks


@pytest.mark.usefixtures("quiet_root")
def test_the_file_is_the_program_s_own_and_follows_its_rotation(tmp_path: Path) -> None:
    path = tmp_path / "fpu.log"
    start_process_log(Settings(log_file=str(path)))
    shipped = [one for one in logging.getLogger().handlers if isinstance(one, Shipping)]
    logging.getLogger("security").info("%s", '{"kind": "sign_in"}')
    _until(lambda: path.exists() and path.read_text().count("\n") == 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.rename(tmp_path / "fpu.log.1")
    logging.getLogger("x").warning("after the rotation")
    _until(lambda: path.exists() and "after the rotation" in path.read_text())
    assert '{"kind": "sign_in"}' in (tmp_path / "fpu.log.1").read_text()
    assert len(shipped) == 1


def _until(holds: object) -> None:
    import time  # noqa: PLC0415

    until = time.monotonic() + 60
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < until
        time.sleep(0.01)


class Told(logging.Handler):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def test_a_target_that_is_away_is_told_of_once_and_waited_for_by_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shipping, "_AGAIN_S", 0.01)
    told, kept, away = Told(), [], [True]

    class Target(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if away[0]:
                raise OSError("no route")
            kept.append(record.getMessage())

    shipped = Shipping(Target(), "syslog", told)
    for number in range(MOST_WAITING + 100):
        shipped.handle(record(str(number)))
    _until(lambda: told.said)
    away[0] = False
    _until(lambda: len(told.said) == 2 and len(kept) >= MOST_WAITING)
    assert told.said[0] == "the process log: syslog is away: no route"
    assert re.fullmatch(r"the process log: syslog is back; \d+ line\(s\) .*", told.said[1])
    assert kept[:3] == ["0", "1", "2"]


@pytest.mark.parametrize("kind", ["udp", "tcp", "unix"])
def test_syslog_has_the_form_of_rfc_5424(kind: str, tmp_path: Path) -> None:
    family = socket.AF_UNIX if kind == "unix" else socket.AF_INET
    server = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    with server:
        path = str(tmp_path / "log")
        server.bind(path if kind == "unix" else ("127.0.0.1", 0))
        if kind == "tcp":
            server.listen()
        target = f"unix://{path}" if kind == "unix" else f"{kind}://127.0.0.1:{_port(server)}"
        handler = Syslog(target, Lines(folded=True))
        handler.emit(record("žá"))
        if kind == "tcp":
            with server.accept()[0] as connection:
                got = connection.recv(4096)
            length, _, got = got.partition(b" ")
            assert int(length) == len(got)
        else:
            got = server.recv(4096)
        handler._close()
    start = rf"<108>1 2026-12-01T02:41:07\.\d{{6}}Z \S+ fpu-dashboard {os.getpid()} - - "
    assert re.match(start, got.decode())
    assert got.decode().endswith("žá")


def _port(server: socket.socket) -> int:
    return int(server.getsockname()[1])


@pytest.mark.parametrize(
    "wrong",
    [
        {"FPU_SYSLOG": "http://x:1"},
        {"FPU_SYSLOG": "udp://host"},
        {"FPU_SECURITY_LOG_DAYS": "1"},
        {"FPU_SECURITY_LOG_DAYS": "x"},
    ],
)
def test_what_cannot_be_a_target_stops_the_start(wrong: dict[str, str]) -> None:
    with pytest.raises(UnsafeSettings):
        from_environment(wrong)


def test_every_line_of_a_server_has_its_time(sqlite_template: Path, tmp_path: Path) -> None:
    database, log = tmp_path / "d.db", tmp_path / "fpu.log"
    database.write_bytes(sqlite_template.read_bytes())
    with serving(database, FPU_LOG_FILE=str(log), FPU_FEED_HOST="") as running:
        with socket.create_connection(("127.0.0.1", running.port)) as raw:
            raw.sendall(b"\x00\x01 key=hunter2\r\n\r\n")
            raw.recv(1000)
        running.ask("/feeds/osmand?id=x&key=hunter2&lat=42.5&lon=20.5")
        running.ask("/sign-in name=duty&password=hunter2", method="POST")
        _until(lambda: log.exists() and log.read_text().count('"sign_in"') == 1)
        running.process.terminate()
        running.process.wait(60)
    lines = [line for line in running.said.splitlines() if "http" not in line]
    assert [line for line in lines if not LINE.fullmatch(line)] in (
        ["stopped by SIGTERM"],
        [],
    )
    shipped = log.read_text()
    assert all(LINE.fullmatch(line) for line in shipped.splitlines())
    assert '"started"' in shipped
    assert '"stopped"' in shipped
    assert "hunter2" not in shipped + running.said
