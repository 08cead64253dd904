"""Servers that a benchmark starts: each in a session of its own, all of it ended afterwards."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from settings import ROOT

PATIENCE_S = 120.0
LAST_WORDS = 4000

Serving = Iterator[tuple[int, Callable[[], int | None]]]
"""The port on the loopback address, and what counts the stored events (None: it stores none)."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str | Path], port: int, folder: Path = ROOT, **environment: str
) -> Iterator[int]:
    """The process number of a server that listens; ends the benchmark where it does not."""
    with TemporaryFile() as said:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=folder, env={**os.environ, **environment},
            start_new_session=True, stdout=said, stderr=said,
        )  # fmt: skip
        try:
            _wait(process, port)
            yield process.pid
        except SystemExit:
            said.seek(0)
            last = said.read()[-LAST_WORDS:].decode(errors="replace")
            print(f"the last words of {command[0]}:\n{last}", file=sys.stderr)
            raise
        finally:
            _end(process)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process.poll() is not None:
                raise SystemExit("the server ended before it listened") from None
            if time.monotonic() > until:
                raise SystemExit(f"the server did not listen within {PATIENCE_S:.0f} s") from None
            time.sleep(0.1)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, then end all that it started: peers do not always stop."""
    for how, patience in ((signal.SIGTERM, 20), (signal.SIGKILL, 20)):
        try:
            os.killpg(process.pid, how)
        except ProcessLookupError:
            return
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
