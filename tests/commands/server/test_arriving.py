"""When a request is all there, however it is cut into pieces."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.server.arriving import Arriving, State
from commands.server.limits import Limits

LIMITS = Limits(head_s=10, body_s=10, rate=100, head_bytes=2000, body_bytes=3000)
HEAD = b"POST /a HTTP/1.1\r\nHost: a\r\n"
CHUNKED = b"transfer-encoding: Chunked\r\n\r\n"


def arriving(*pieces: bytes) -> Arriving:
    found = Arriving(LIMITS, time.monotonic(), LIMITS.head_s)
    for piece in pieces:
        found.add(piece)
    return found


bodies = st.one_of(
    st.just(b"\r\n"),
    st.binary(max_size=40).map(lambda body: b"Content-Length: %d\r\n\r\n" % len(body) + body),
    st.lists(st.binary(min_size=1, max_size=20), max_size=5).map(
        lambda chunks: (
            CHUNKED
            + b"".join(b"%x;a=b\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
            + b"0\r\nX-After: a\r\n\r\n"
        )
    ),
)


@given(bodies, st.data())
def test_a_request_is_ready_with_its_last_byte_however_it_is_cut(
    body: bytes, data: st.DataObject
) -> None:
    whole = HEAD + body
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=8)))
    bounds = [0, *cuts, len(whole) - 1]
    pieces = [whole[one:other] for one, other in itertools.pairwise(bounds)]
    found = arriving(*pieces)
    assert found.state in (State.HEAD, State.BODY)
    found.add(whole[-1:])
    assert (found.state, found.whole) == (State.READY, True)
    assert bytes(found.held) == whole


@pytest.mark.parametrize(
    ("said", "state", "whole"),
    [
        (b"", State.NOTHING, True),
        (b"\r", State.HEAD, True),
        (b"GET / HTTP/1.1\r\n\r\nGET", State.READY, True),
        (b"\x16\x03\x01", State.NOT_HTTP, True),
        (b"G" * 60, State.NOT_HTTP, True),
        (b"GET /" + b"a" * 2000, State.TOO_LARGE, True),
        (HEAD + b"Content-Length: 3001\r\n\r\n", State.READY, False),
        (HEAD + b"Content-Length: 3000\r\n\r\n", State.BODY, True),
        (HEAD + b"Content-Length: x\r\n\r\n", State.READY, False),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\n", State.READY, False),
        (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n", State.READY, False),
        (HEAD + CHUNKED + b"bb9\r\n", State.READY, False),
        (HEAD + CHUNKED + b"bb8\r\n", State.BODY, True),
        (HEAD + CHUNKED + b"ffffffffffffffffffff\r\n", State.READY, False),
        (HEAD + CHUNKED + b"no\r\n", State.READY, False),
        (HEAD + CHUNKED + b"1;" + b"a" * 300, State.READY, False),
        (HEAD + CHUNKED + b"1;" + b"a" * 200 + b"\r\n1\r\n", State.BODY, True),
        (HEAD + CHUNKED + (b"1;" + b"a" * 200 + b"\r\n1\r\n") * 60, State.READY, False),
        (HEAD + CHUNKED + b"0\r\n" + b"X-A: a\r\n" * 400, State.READY, False),
    ],
)
def test_what_cannot_be_waited_for_is_not(said: bytes, state: State, whole: bool) -> None:
    found = arriving(said)
    assert (found.state, found.whole) == (state, whole)


def test_a_body_has_more_time_the_more_of_it_is_there_but_not_to_rest() -> None:
    began = time.monotonic()
    found = arriving(HEAD + b"Content-Length: 3000\r\n\r\n")
    assert found.deadline - began == pytest.approx(LIMITS.body_s, abs=5)
    found.add(b"a" * 2000)
    # 20 s more by its rate, but none of them without a byte
    assert found.deadline - time.monotonic() == pytest.approx(LIMITS.body_s, abs=5)
