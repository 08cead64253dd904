"""The cache never unpickles, and one that does not answer is an empty one."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from redis import ConnectionError as RedisConnectionError
from redis import Redis

from data.cache import BytesOrJson, KeptCache
from services.cache import remembered
from tests.ports import free_port


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


@pytest.fixture
def redis_url(tmp_path: Path, unused_port: int) -> Iterator[str]:
    """A Redis server of the test's own."""
    words = ["--port", str(unused_port), "--bind", "127.0.0.1", "--save", "", "--dir", tmp_path]
    binary = shutil.which("redis-server") or pytest.fail("install redis-server")
    server = subprocess.Popen([binary, *words], stdout=subprocess.DEVNULL)
    client = Redis(port=unused_port)
    try:
        while True:
            try:
                client.ping()
                break
            except RedisConnectionError:
                assert server.poll() is None, "redis-server ended"
        yield f"redis://127.0.0.1:{unused_port}/0"
    finally:
        client.close()
        server.terminate()
        server.wait(30)


def test_two_workers_share_a_redis_and_nothing_in_it_is_unpickled(redis_url: str) -> None:
    one, other = KeptCache(Flask("one"), redis_url), KeptCache(Flask("other"), redis_url)
    assert remembered(one, "frame:7", lambda: b"\x00derived") == b"\x00derived"
    assert other.get("frame:7") == b"\x00derived"
    with Redis.from_url(redis_url) as client:
        (key,) = client.keys("*frame:7")
        assert client.get(key) == b"b\x00derived"
        client.set(key, pickle.dumps(Bomb()))
    assert other.get("frame:7") is None
    one.close()
    other.close()
    assert "FPU_BOMB" not in os.environ


def test_without_its_server_it_is_empty(unused_port: int) -> None:
    cache = KeptCache(Flask("a cache"), f"redis://127.0.0.1:{unused_port}/0")
    assert remembered(cache, "frame:7", lambda: b"derived") == b"derived"
    assert cache.get("frame:7") is None
    cache.close()


@pytest.fixture
def unused_port() -> int:
    """A port on which nothing listens."""
    return free_port()
