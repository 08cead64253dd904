"""Streams over real sockets: places are free as soon as the other side is gone, however it goes."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import api.access.screens
from api.access.screens import Screens
from tests.serving import PATIENCE_S, Running, serving

LONG = 30.0  # only a hanging test waits that long


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The server's end of a TCP connection, and the screen's."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        screen = socket.create_connection(listening.getsockname())
        ours, _ = listening.accept()
    with ours, screen:
        yield ours, screen


@pytest.mark.parametrize(
    "go", [lambda screen: screen.close(), lambda screen: screen.shutdown(socket.SHUT_WR)]
)
def test_a_screen_that_goes_is_noticed_without_a_write(
    pair: tuple[socket.socket, socket.socket], go: Callable[[socket.socket], None]
) -> None:
    screens, ended = Screens(), threading.Event()
    screens.watch(pair[0], ended.set)
    assert screens.watched() == 1
    go(pair[1])
    assert ended.wait(LONG)
    assert screens.watched() == 0


def test_who_asks_at_the_same_moment_finds_it_gone(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    screens, ended = Screens(), threading.Event()
    screens.watch(pair[0], ended.set)
    screens.reap()
    assert not ended.is_set()
    pair[1].close()
    screens.reap()
    assert ended.is_set()


def test_a_screen_that_does_not_read_is_cut(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.access.screens, "STUCK_SECONDS", 0.0)
    screens, ended = Screens(), threading.Event()
    screen = screens.watch(pair[0], ended.set)
    faults: list[type[BaseException]] = []

    def write() -> None:
        screen.writing_since = 0.0
        try:
            pair[0].sendall(bytes(64 * 1024 * 1024))  # more than any buffer takes
        except OSError as fault:
            faults.append(type(fault))

    writing = threading.Thread(target=write)
    writing.start()
    writing.join(LONG)
    assert ended.wait(LONG)
    assert len(faults) == 1
    assert issubclass(faults[0], (BrokenPipeError, ConnectionResetError))


class Stand:
    """Stands for a socket, as a server may hand it to the application."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def fileno(self) -> int:
        return self._sock.fileno()


def test_what_stands_for_a_socket_will_do_and_nothing_stays_open(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    screens, ended = Screens(), threading.Event()
    screen = screens.watch(Stand(pair[0]), ended.set)
    screens.forget(screen)
    screens.forget(screen)
    assert screen.sock.fileno() == -1
    assert screens.watched() == 0
    screens.watch(Stand(pair[0]), ended.set)
    assert not ended.is_set()
    pair[1].close()
    assert ended.wait(LONG)


# --- the whole server ---------------------------------------------------------------------------


@pytest.fixture
def server(seeded_template: Path, tmp_path: Path) -> Iterator[Running]:
    path = tmp_path / "served.db"
    shutil.copyfile(seeded_template, path)
    with serving(path, FPU_THREADS="20") as running:  # twelve places, nine for one account
        yield running


def _open(server: Running, version: str = "1.1") -> tuple[socket.socket, bytes]:
    """A stream, and the first line of the answer; a refusal is read to its end."""
    stream = socket.create_connection(("127.0.0.1", server.port), PATIENCE_S)
    stream.sendall(
        f"GET /live?operation=demo HTTP/{version}\r\nHost: here\r\n"
        "Authorization: Bearer demo-wall\r\n\r\n".encode()
    )
    answer = stream.recv(65536)
    while b"\n\n" not in answer and b"}" not in answer:
        answer += stream.recv(65536)
    return stream, answer.split(b"\r\n")[0]


def test_those_that_come_when_others_have_just_left_are_all_let_in(server: Running) -> None:
    streams = [_open(server) for _ in range(9)]
    assert {line for _, line in streams} == {b"HTTP/1.1 200 OK"}
    late, line = _open(server)
    assert line.startswith(b"HTTP/1.1 503 ")
    late.close()
    for _ in range(3):
        for stream, _ in streams[1:]:
            stream.close()
        streams[1:] = [_open(server) for _ in range(8)]
        assert {line for _, line in streams} == {b"HTTP/1.1 200 OK"}
    for stream, _ in streams:
        stream.close()
    assert server.ask("/healthz")[0] == 200


def test_a_thousand_that_come_and_go_leave_nothing_behind(server: Running) -> None:
    before = _threads(server)
    for number in range(1000):
        stream, line = _open(server, "1.0" if number % 2 else "1.1")
        assert line.endswith(b"200 OK")
        stream.close()
    kept = [_open(server) for _ in range(9)]
    assert {line for _, line in kept} == {b"HTTP/1.1 200 OK"}
    for stream, _ in kept:
        stream.close()
    # the hub's, the watcher's, and those that the pool had not started before
    assert _threads(server) - before <= 20 + 2


def _threads(server: Running) -> int:
    """Of the server's processes together."""
    mine = [
        stat.parent
        for stat in Path("/proc").glob("[0-9]*/stat")
        if _session(stat) == server.process.pid
    ]
    return sum(len(list((process / "task").iterdir())) for process in mine)


def _session(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[3])
    except OSError:  # it has just ended
        return 0
