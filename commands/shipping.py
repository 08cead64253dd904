"""The process log to somewhere else, which may hang or be away without anybody waiting for it."""

from __future__ import annotations

import logging
import os
import queue
import socket
import sys
import threading
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

MOST_WAITING = 5_000
"""Lines that wait for a target; what is beyond is lost there, counted, and told."""

_PATIENCE_S = 5.0
_AGAIN_S = 10.0
_FACILITY = 13  # log audit (RFC 5424, table 1)
_SEVERITY = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}


class Shipping(logging.Handler):
    """Hands records on to ``target`` in a thread of its own, begun anew in each process.

    ``told`` is the handler that is told when the target is away, and when it is back.
    """

    def __init__(self, target: logging.Handler, name: str, told: logging.Handler) -> None:
        super().__init__()
        self._target = target
        self._name_of_target = name
        self._told = told
        self._process = 0
        self._queue: queue.Queue[logging.LogRecord] = queue.Queue(MOST_WAITING)
        self._lost = 0
        self._away = False
        self._fault: BaseException | None = None
        target.handleError = self._failed  # type: ignore[assignment,method-assign]

    def emit(self, record: logging.LogRecord) -> None:
        """Never waits."""
        if self._process != os.getpid():
            self._begin()
        if record.exc_info:  # a traceback holds on to everything that it passed
            record.exc_text = record.exc_text or logging.Formatter().formatException(
                record.exc_info
            )
        try:
            self._queue.put_nowait(record)
        except queue.Full:
            self._lost += 1

    def flush(self) -> None:
        """Wait a moment for what is on its way; the process ends."""
        until = time.monotonic() + 1.0
        while not self._queue.empty() and not self._away and time.monotonic() < until:
            time.sleep(0.01)

    def _begin(self) -> None:
        self._process = os.getpid()
        self._queue = queue.Queue(MOST_WAITING)
        thread = threading.Thread(
            target=self._go_on, args=(self._queue,), name="ship the log", daemon=True
        )
        thread.start()

    def _go_on(self, waiting: queue.Queue[logging.LogRecord]) -> None:
        record = waiting.get()
        while True:
            self._fault = None
            try:
                self._target.emit(record)
            except Exception as fault:  # whatever a target does, the thread goes on
                self._fault = fault
            if self._fault is None:
                if self._away:
                    lost, self._lost, self._away = self._lost, 0, False
                    self._tell(f"is back; {lost} line(s) did not get there")
                record = waiting.get()
                continue
            if not self._away:
                self._away = True
                self._tell(f"is away: {self._fault}")
            time.sleep(_AGAIN_S)

    def _failed(self, _record: logging.LogRecord) -> None:
        """``emit`` of the library calls this inside of its ``except``."""
        self._fault = sys.exc_info()[1] or OSError("unknown")

    def _tell(self, words: str) -> None:
        said = f"the process log: {self._name_of_target} {words}"
        record = logging.LogRecord("process", logging.WARNING, "", 0, said, (), None)
        self._told.handle(record)


class Syslog(logging.Handler):
    """RFC 5424 over UDP, TCP (octet counting, RFC 6587) or a UNIX socket; ``target`` as in
    ``FPU_SYSLOG``. ``emit`` may wait and raises ``OSError``: only for ``Shipping``."""

    def __init__(self, target: str, formatter: logging.Formatter) -> None:
        super().__init__()
        parts = urlsplit(target)
        self._kind = parts.scheme
        self._address = (parts.hostname or "", parts.port or 514)
        self._path = parts.path
        self._socket: socket.socket | None = None
        self.setFormatter(formatter)

    def emit(self, record: logging.LogRecord) -> None:
        """Send it; a connection that broke is made anew once."""
        message = self._message(record)
        if self._kind == "tcp":
            message = str(len(message)).encode() + b" " + message
        try:
            self._open().sendall(message)
        except OSError:
            self._close()
            self._open().sendall(message)

    def _message(self, record: logging.LogRecord) -> bytes:
        at = datetime.fromtimestamp(record.created, UTC)
        priority = _FACILITY * 8 + _SEVERITY.get(record.levelname, 5)
        head = f"<{priority}>1 {at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}Z"
        host = socket.gethostname() or "-"
        return f"{head} {host} fpu-dashboard {os.getpid()} - - {self.format(record)}".encode()

    def _open(self) -> socket.socket:
        if self._socket is None:
            self._socket = self._connected()
        return self._socket

    def _connected(self) -> socket.socket:
        if self._kind == "unix":
            opened = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            opened.settimeout(_PATIENCE_S)
            opened.connect(self._path)
        elif self._kind == "tcp":
            opened = socket.create_connection(self._address, _PATIENCE_S)
        else:
            family, kind, protocol, _, address = socket.getaddrinfo(
                *self._address, type=socket.SOCK_DGRAM
            )[0]
            opened = socket.socket(family, kind, protocol)
            opened.settimeout(_PATIENCE_S)
            opened.connect(address)
        return opened

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
