"""The cache never unpickles, and one that does not answer is an empty one."""

from __future__ import annotations

import os
import pickle
import socket
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from data.cache import BytesOrJson, KeptCache
from services.cache import remembered


class Bomb:
    """Does something when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.putenv, ("FPU_BOMB", "1")


@given(st.binary() | st.text() | st.integers() | st.lists(st.booleans()))
def test_values_come_back_as_they_were(value: object) -> None:
    assert BytesOrJson().loads(BytesOrJson().dumps(value)) == value


@given(st.binary())
def test_what_somebody_else_put_there_is_lost_or_plain(stored: bytes) -> None:
    found = BytesOrJson().loads(stored)
    assert found is None or isinstance(found, (bytes, str, int, float, bool, list, dict))


@pytest.mark.parametrize("prefix", [b"", b"!", b"b", b"j"])
def test_a_pickle_is_never_run(prefix: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[object] = []
    monkeypatch.setattr(pickle, "loads", lambda *_: ran.append(1))
    BytesOrJson().loads(prefix + pickle.dumps(Bomb()))
    assert not ran


def test_objects_are_refused() -> None:
    with pytest.raises(TypeError):
        BytesOrJson().dumps(Bomb())
    with pytest.raises(ValueError, match="JSON"):
        BytesOrJson().dumps(float("nan"))


def test_in_this_process_it_remembers() -> None:
    cache = KeptCache(Flask("a cache"))
    made: list[int] = []

    def make() -> bytes:
        made.append(1)
        return b"\x00derived"

    assert [remembered(cache, "frame:7", make) for _ in range(3)] == [b"\x00derived"] * 3
    assert len(made) == 1
    assert cache.get("frame:8") is None


def test_without_its_server_it_is_empty(unused_port: int) -> None:
    cache = KeptCache(Flask("a cache"), f"redis://127.0.0.1:{unused_port}/0")
    assert remembered(cache, "frame:7", lambda: b"derived") == b"derived"
    assert cache.get("frame:7") is None


@pytest.fixture
def unused_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
