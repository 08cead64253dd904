"""The cache through flask-caching: in this process, or in Redis for several workers.

Redis is reached over a network, so what comes back is never unpickled: bytes are kept as they are
and everything else as JSON, each behind one letter that says which.
"""

from __future__ import annotations

import json
import logging
from typing import Any

import flask_caching
from cachelib.serializers import BaseSerializer
from flask import Flask
from redis import Redis, RedisError

_logger = logging.getLogger(__name__)
_BYTES, _JSON = b"b", b"j"


class BytesOrJson(BaseSerializer):
    """Turns values into bytes and back without pickle; what it cannot read counts as lost."""

    def dumps(self, value: Any, *_: Any, **__: Any) -> bytes:
        """Raises ``TypeError`` for what is neither bytes nor JSON."""
        if isinstance(value, bytes):
            return _BYTES + value
        return _JSON + json.dumps(value, allow_nan=False).encode()

    def loads(self, bvalue: bytes | None) -> Any:
        """What ``dumps`` was given, None for anything else that lies there."""
        if bvalue is None:
            return None
        if bvalue[:1] == _BYTES:
            return bvalue[1:]
        try:
            return json.loads(bvalue[1:]) if bvalue[:1] == _JSON else None
        except ValueError:
            return None


class KeptCache:
    """Satisfies ``services.cache.Cache``. A cache that does not answer is an empty one."""

    def __init__(self, server: Flask, url: str = "") -> None:
        self._client = Redis.from_url(url) if url else None
        config = _config(self._client)
        self._cache = flask_caching.Cache(server, with_jinja2_ext=False, config=config)

    def get(self, key: str) -> bytes | None:
        """What was kept under the key, None when it is not there any more."""
        try:
            value = self._cache.get(key)
        except RedisError as fault:
            _logger.warning("the cache does not answer: %s", fault)
            return None
        return value if isinstance(value, bytes) else None

    def set(self, key: str, value: bytes, seconds: int) -> None:
        """Keep bytes for a while."""
        try:
            self._cache.set(key, value, timeout=seconds)
        except RedisError as fault:
            _logger.warning("the cache does not answer: %s", fault)

    def close(self) -> None:
        """Give the connections back."""
        if self._client is not None:
            self._client.close()


def _config(client: Redis | None) -> dict[str, Any]:
    common = {"CACHE_SERIALIZER": BytesOrJson, "CACHE_KEY_PREFIX": "fpu:", "CACHE_THRESHOLD": 500}
    if client is None:
        return {"CACHE_TYPE": "SimpleCache", **common}
    return {"CACHE_TYPE": "RedisCache", "CACHE_REDIS_HOST": client, **common}
