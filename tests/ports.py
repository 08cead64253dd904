"""Ports for servers that a test starts, and that must be told theirs before they begin."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

_AMONG = range(20_000, 32_000)
"""Below those from which the system gives to whoever asks for any: it gives none of these away
between our asking and the server's listening, or while a server is down that comes back."""

_KEPT: list[int] = []


def free_port() -> int:
    """A port that nobody listens on, and that is this process's own until it ends.

    Whoever asks here, in whatever process and for whatever run of the tests, gets another one.
    """
    folder = Path(tempfile.gettempdir()) / f"fpu-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for port in random.SystemRandom().sample(_AMONG, len(_AMONG)):
        kept = os.open(folder / str(port), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with suppress(OSError), socket.socket() as probe:
            fcntl.flock(kept, fcntl.LOCK_EX | fcntl.LOCK_NB)
            probe.bind(("127.0.0.1", port))
            _KEPT.append(kept)
            return port
        os.close(kept)
    raise OSError("every port is in use")
