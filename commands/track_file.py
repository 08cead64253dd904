"""A track file as the command line takes it in, and how Ctrl-C stops between two steps of it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def interruptible_after() -> Iterator[None]:
    """Ctrl-C inside the block takes effect at its end, so what is stored is also counted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed = []

    def press(*_: Any) -> None:
        pressed.append(True)

    before = signal.signal(signal.SIGINT, press)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt
