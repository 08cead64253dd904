"""Who asked still waits, or has closed the connection."""

from __future__ import annotations

import socket

import pytest

from api.caller import caller_has_left


@pytest.mark.parametrize("timeout", [None, 300.0])
def test_a_closed_connection_is_seen_without_waiting_for_it(timeout: float | None) -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(timeout)
    left = caller_has_left({"gunicorn.socket": ours})
    assert not left()
    theirs.send(b"GET / HTTP/1.1")  # the next request on the same connection
    assert not left()
    assert ours.recv(3) == b"GET"  # which is still there to be read
    ours.recv(100)
    theirs.close()
    assert left()
    ours.close()
    assert left()


def test_where_no_connection_is_shown_nobody_leaves() -> None:
    assert not caller_has_left({})()
