"""A turn for each request that reads, so that a crowd of screens does not slow down everything.

A request that brings a body has none: its sender could hold the turn by sending slowly. Neither has
the health check. An answer that is streamed or sent slowly keeps no turn: it is given back when the
answer has been worked out. What costs more than a screen's usual answer goes into a line of its
own: ``heavy``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Flask, current_app, g, request

from pages.session import visitor
from services.access.turns import Turns

LIGHT_AT_ONCE = 3
LIGHT_PATIENCE_S = 20.0
HEAVY_AT_ONCE = 2
HEAVY_FOR_ONE = 1
HEAVY_PATIENCE_S = 4.0
HEAVY_WAITING = 6
HEAVY_WAITING_OF_ONE = 4
"""Few enough to leave half of the threads of a worker to everything else."""

_WITHOUT = frozenset({"/healthz", "/readyz"})
_EXTENSION = "turns"


def register(server: Flask) -> None:
    """Let every reading request of ``server`` wait for its turn, before anything else is done."""
    light = Turns(LIGHT_AT_ONCE, LIGHT_PATIENCE_S)
    heavy_ones = Turns(
        HEAVY_AT_ONCE,
        HEAVY_PATIENCE_S,
        HEAVY_FOR_ONE,
        waiting=HEAVY_WAITING,
        waiting_of_one=HEAVY_WAITING_OF_ONE,
    )
    server.extensions[_EXTENSION] = light, heavy_ones

    @server.before_request
    def wait() -> None:
        if (
            request.method in ("GET", "HEAD")
            and not _brings_body()
            and request.path not in _WITHOUT
        ):
            g.give_back_turn = light.take()

    @server.teardown_request
    def done(_fault: BaseException | None) -> None:
        _give_back()


@contextmanager
def heavy() -> Iterator[None]:
    """Work something out that takes long, in the line for that; raises ``TooBusy``."""
    found = current_app.extensions.get(_EXTENSION)
    if found is None:
        yield
        return
    _give_back()
    who = visitor()
    give_back = found[1].take("" if who is None else who.user.name)
    try:
        yield
    finally:
        give_back()


def _give_back() -> None:
    give_back: Callable[[], None] | None = g.pop("give_back_turn", None)
    if give_back is not None:
        give_back()


def _brings_body() -> bool:
    return bool(request.content_length) or "Transfer-Encoding" in request.headers
