"""Clients who do not finish what they begin, against the whole server, on both of its addresses.

How long answers take is measured by ``benchmarks/half_open.py``; here they have to come at all.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.serving import BEARER, PATIENCE_S, Running, serving
from tests.slow_clients import SHAPES, clients


@pytest.fixture(scope="module")
def server(seeded_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    path = tmp_path_factory.mktemp("half-open") / "served.db"
    shutil.copyfile(seeded_template, path)
    with serving(path, FPU_PHONE_KEY="key-of-this-test") as server:
        yield server


@pytest.mark.parametrize("which", ["port", "feed_port"])
@pytest.mark.parametrize("addresses", [1, 60])
def test_sixty_of_each_kind_silence_neither_people_nor_phones(
    server: Running, which: str, addresses: int
) -> None:
    with ExitStack() as stack:
        for act in SHAPES:
            stack.enter_context(clients(getattr(server, which), 60, act, addresses=addresses))
        for _ in range(3):
            assert server.ask("/healthz")[0] == 200
            assert server.ask("/api/v1/operations", **BEARER)[0] == 200
            assert server.ask(_position(), port=server.feed_port)[0] == 200


def test_streams_that_nobody_reads_leave_room_for_people(server: Running) -> None:
    opened = []
    for _ in range(60):
        stream = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_S)
        stream.request("GET", "/live?operation=demo", headers=BEARER)
        opened.append(stream)
    assert server.ask("/healthz")[0] == 200
    assert server.ask("/api/v1/operations", **BEARER)[0] == 200
    for stream in opened:
        stream.close()


def test_a_phone_on_a_bad_link_gets_through(server: Running) -> None:
    """Its request comes in pieces over some seconds, as over a mobile link of the nineties."""
    words = f"GET {_position()} HTTP/1.1\r\nHost: phone\r\nConnection: close\r\n\r\n".encode()
    phone = HTTPConnection("127.0.0.1", server.feed_port, timeout=PATIENCE_S)
    phone.connect()
    for begin in range(0, len(words), 30):
        phone.sock.sendall(words[begin : begin + 30])
        time.sleep(0.5)
    answer = phone.sock.makefile("rb").read()
    phone.close()
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_each_address_has_a_process_of_its_own(server: Running) -> None:
    """The one for phones is started first. Whichever stands still, the other does not notice."""
    phones, people = sorted(_children(server.process.pid))
    for still, port in ((phones, server.port), (people, server.feed_port)):
        os.kill(still, signal.SIGSTOP)
        assert server.ask("/healthz", port=port)[0] == 200
        os.kill(still, signal.SIGCONT)
    os.kill(phones, signal.SIGKILL)
    assert server.ask("/healthz")[0] == 200
    assert server.ask("/healthz", port=server.feed_port)[0] == 200  # of the one that replaces it
    assert people in _children(server.process.pid)


def _children(pid: int) -> set[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return {int(child) for child in text.split()}


def _position() -> str:
    query = f"id=phone&key=key-of-this-test&lat=42.89&lon=20.87&timestamp={int(time.time())}"
    return f"/feeds/osmand?{query}"
