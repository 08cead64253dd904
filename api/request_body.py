"""The body of a request that is not as it was announced: refused, instead of a fault.

A server reads a body while the application asks for it, so what is wrong with a chunk, a length or
a connection comes out of the reading, as whatever exception the server has for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.exceptions import BadRequest, HTTPException

_Read = TypeVar("_Read")


class ReadableBody:
    """WSGI: gives ``application`` a body of which every fault is a ``BadRequest``."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if "wsgi.input" in environ:
            environ["wsgi.input"] = _Body(environ["wsgi.input"])
        return self._application(environ, start_response)


class _Body:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        return _read(lambda: bytes(self._stream.read(size)))

    def readline(self, size: int = -1) -> bytes:
        return _read(lambda: bytes(self._stream.readline(size)))

    def readlines(self, hint: int = -1) -> list[bytes]:
        return _read(lambda: list(self._stream.readlines(hint)))

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line


def _read(read: Callable[[], _Read]) -> _Read:
    try:
        return read()
    except HTTPException:
        raise
    except Exception as fault:
        raise BadRequest("the body is not as it was announced") from fault
