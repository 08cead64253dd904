"""The worker over real sockets: what clients send and do not send, and who is let go when.

The server's patience is a second; the tests wait much longer before they call it too late.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from settings import ROOT
from tests.commands.server.small import LARGE, LIMITS, THREADS
from tests.ports import free_port

PATIENCE_S = 30
HEAD = b"POST /echo HTTP/1.1\r\nHost: test\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "tests.commands.server.small", str(port)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0


def connect(port: int, said: bytes = b"", *, address: str = "127.0.0.1") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), PATIENCE_S, source_address=(address, 0))
    client.sendall(said)
    return client


def all_of(client: socket.socket) -> bytes:
    """What is answered until the server closes."""
    answer = b""
    try:
        while piece := client.recv(65536):
            answer += piece
    except ConnectionResetError:
        pass
    client.close()
    return answer


def answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.request("POST", "/echo", b"body")
    found = connection.getresponse().read()
    connection.close()
    return found == b"body"


def test_a_client_who_says_nothing_or_does_not_finish_is_let_go(port: int) -> None:
    quiet = connect(port)
    unfinished = [
        connect(port, said)
        for said in (
            b"G",
            b"\r\n",
            b"GET / HTTP/1.1\r\nHost: test\r\nX-A: ",
            b"GET / HTTP/1.1\nHost: test\n\n",
            HEAD + b"Content-Length: 10\r\n\r\nshort",
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: a\r\n",
        )
    ]
    assert all_of(quiet) == b""
    assert {all_of(client)[:13] for client in unfinished} == {b"HTTP/1.1 408 "}


@pytest.mark.parametrize(
    ("said", "piece"),
    [
        (b"GET / HTTP/1.1\r\nHost: test\r\nX-A: ", b"a"),
        (HEAD + b"Content-Length: 99999\r\n\r\n", b"a"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    ],
)
def test_a_trickle_does_not_last(port: int, said: bytes, piece: bytes) -> None:
    client = connect(port, said)
    client.settimeout(0.05)
    until = time.monotonic() + PATIENCE_S
    answer = b""
    while time.monotonic() < until and not answer:
        try:
            client.sendall(piece)
            answer = client.recv(100)
        except TimeoutError:
            continue
        except OSError:
            break
    client.close()
    assert time.monotonic() < until
    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "begins", [b"\x16\x03\x01\x02\x00\x01\x00\x01", b"get / HTTP/1.1\r\n", b"\x00" * 50]
)
def test_what_is_not_http_is_refused_at_once(port: int, begins: bytes) -> None:
    assert all_of(connect(port, begins)).startswith(b"HTTP/1.1 400 ")


def test_a_head_that_is_too_large_is_refused(port: int) -> None:
    said = b"GET / HTTP/1.1\r\n" + b"X-A: aaaa\r\n" * (LIMITS.head_bytes // 10)
    assert all_of(connect(port, said)).startswith(b"HTTP/1.1 431 ")


def test_a_slow_request_within_the_limits_is_answered(port: int) -> None:
    client = connect(port, HEAD[:7])
    for piece in (HEAD[7:], b"Connection: close\r\nContent-Length: 3\r\n", b"\r\n", b"a", b"bc"):
        time.sleep(0.1)
        client.sendall(piece)
    assert all_of(client).endswith(b"abc")


def test_requests_in_one_piece_are_answered_in_order(port: int) -> None:
    one = HEAD + b"Content-Length: 3\r\n\r\n%03d"
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n2\r\n2;a=b\r\n22\r\n0\r\n\r\n"
    client = connect(port, one % 1 + chunked + one % 3)
    client.sendall(HEAD + b"Connection: close\r\n\r\n")
    answer = all_of(client)
    assert [part[-3:] for part in answer.split(b"HTTP/1.1 200 OK")[1:4]] == [b"001", b"222", b"003"]


def test_a_client_who_asked_and_closed_his_side_is_answered(port: int) -> None:
    client = connect(port, HEAD + b"Content-Length: 2\r\n\r\nok")
    client.shutdown(socket.SHUT_WR)
    assert all_of(client).endswith(b"ok")


def test_the_old_protocol_is_answered_and_closed(port: int) -> None:
    assert all_of(connect(port, b"GET / HTTP/1.0\r\n\r\n")).startswith(b"HTTP/1.0 200 ")


def test_a_client_who_asks_before_sending_is_asked_once(port: int) -> None:
    asks = b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    client = connect(port, HEAD + asks)
    assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(b"yes")
    answer = all_of(client)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"yes")


def test_a_body_that_is_too_large_is_not_waited_for(port: int) -> None:
    said = HEAD.replace(b"echo", b"unread") + b"Content-Length: 1000000000000\r\n\r\nsome of it"
    answer = all_of(connect(port, said))
    assert answer.startswith(b"HTTP/1.1 200 ")  # what the application says without reading it
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n",
        b"Content-Length: 0\r\nContent-Length: 44\r\n\r\n",
        b"Content-Length: +0\r\n\r\n",
        b"Content-Length: 0,0\r\n\r\n",
        b"Content-Length : 0\r\n\r\n",
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: gzip, chunked, identity\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        b" Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nfffffffffffff\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1\r\naXX0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n" + b"1;" + b"a" * 400 + b"\r\na\r\n0\r\n\r\n",
    ],
)
def test_a_second_request_is_not_smuggled_in(port: int, framing: bytes) -> None:
    answer = all_of(connect(port, HEAD + framing + b"GET /large HTTP/1.1\r\nHost: test\r\n\r\n"))
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert len(answer) < 10_000


def test_answers_that_nobody_reads_take_no_thread(port: int) -> None:
    asking = [connect(port, b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n") for _ in range(3 * THREADS)]
    for _ in range(3):
        assert answers(port)
    for client in asking:
        client.close()


def test_a_large_answer_reaches_who_reads_it(port: int) -> None:
    client = connect(port, b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    time.sleep(0.2)  # the server has sent what the socket takes and keeps the rest
    assert len(all_of(client).partition(b"\r\n\r\n")[2]) == LARGE


def test_streams_that_nobody_reads_end(port: int) -> None:
    asking = [connect(port, b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n") for _ in range(THREADS)]
    assert answers(port)  # in the thread of one that has ended
    for client in asking:
        client.close()


def test_who_opens_too_many_loses_the_oldest_of_his_own(port: int) -> None:
    other = connect(port, HEAD[:9], address="127.0.0.2")
    many = [connect(port, HEAD[:9]) for _ in range(2 * LIMITS.of_one_address)]
    many[0].settimeout(PATIENCE_S)
    assert many[0].recv(1) == b""
    assert answers(port)
    other.sendall(HEAD[9:] + b"Connection: close\r\nContent-Length: 2\r\n\r\nok")
    assert all_of(other).endswith(b"ok")
    for client in many:
        client.close()


def test_many_addresses_do_not_keep_others_out(port: int) -> None:
    many = [
        connect(port, HEAD[:9], address=f"127.0.1.{which}")
        for which in range(1, 2 * LIMITS.connections)
    ]
    assert answers(port)
    for client in many:
        client.close()


def test_clients_who_come_and_go_leave_nothing_behind(port: int) -> None:
    for _ in range(10 * LIMITS.connections):
        client = connect(port)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00" + b"\x00" * 4)
        client.close()  # with a reset
    assert answers(port)
