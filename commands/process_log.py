"""The process log: a UTC time on every line of the standard error, and where it goes besides.

``start_process_log`` is called once by a process that stays, before it forks or starts threads.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from types import TracebackType
from typing import Any

from gunicorn.glogging import Logger

from commands.shipping import Shipping, Syslog
from settings import Settings

_NAMED = re.compile(
    r"(?i)\b(key|pass|password|token|secret|authorization|lat|lon|latitude|longitude|mgrs)"
    r"(['\"]?\s*[=:]\s*['\"]?)(?:(?:bearer|basic)\s+)?[^\s&'\",;)}]+"
)
_QUERY = re.compile(r"\?[^\s'\"]*")
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
_CONTROL |= {0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x2028: "\\u2028", 0x2029: "\\u2029"}
_CONTROL |= {code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


class Lines(logging.Formatter):
    """``2026-12-01T02:41:07.123Z WARNING api.feeds …``: one line a message, whatever is in it.

    A traceback has more lines, each with the same beginning and a bar, or is folded into the one
    line where ``folded``. Values that are named as a key, a password or a position are struck.
    """

    def __init__(self, *, folded: bool = False) -> None:
        super().__init__()
        self._folded = folded

    def format(self, record: logging.LogRecord) -> str:
        """The line, or the lines."""
        at = datetime.fromtimestamp(record.created, UTC)
        stamp = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
        start = f"{stamp} {record.levelname} {_plain(record.name)} "
        said = record.getMessage()
        if record.name != "security":  # whose entries are JSON of this program
            said = _struck(said, record.name)
        lines = [_plain(said)]
        for more in self._traceback(record):
            lines.append("| " + _plain(_struck(more, record.name)))
        return start + " ".join(lines) if self._folded else "\n".join(start + one for one in lines)

    def _traceback(self, record: logging.LogRecord) -> list[str]:
        found: list[str] = []
        if record.exc_info and record.exc_info[0] is not None:
            found += self.formatException(record.exc_info).splitlines()
        elif record.exc_text:
            found += record.exc_text.splitlines()
        if record.stack_info:
            found += record.stack_info.splitlines()
        return found


class GunicornLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's own messages, in the process log like all others."""

    def setup(self, cfg: Any) -> None:
        """Keep its level, and hand everything on."""
        super().setup(cfg)
        for handler in list(self.error_log.handlers):
            self.error_log.removeHandler(handler)
        self.error_log.propagate = True


class _OwnFile(WatchedFileHandler):
    """Opened anew where it was rotated away; only for the account that runs the program."""

    def _open(self) -> Any:
        return open(
            self.baseFilename,
            self.mode,
            encoding="utf-8",
            opener=lambda path, flags: os.open(path, flags, 0o600),
        )


def start_process_log(settings: Settings) -> None:
    """From now on warnings and worse go to the standard error, and with the entries of the security
    log to the file and the syslog of the settings."""
    stderr = logging.StreamHandler(sys.stderr)
    stderr.setLevel(logging.WARNING)
    stderr.setFormatter(Lines())
    handlers: list[logging.Handler] = [stderr]
    if settings.log_file:
        file = _OwnFile(settings.log_file, delay=True)
        file.setFormatter(Lines(folded=True))
        handlers.append(Shipping(file, settings.log_file, stderr))
    if settings.syslog:
        handlers.append(Shipping(Syslog(settings.syslog, Lines(folded=True)), "syslog", stderr))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    for handler in handlers:
        root.addHandler(handler)
    if len(handlers) > 1:
        logging.getLogger("security").setLevel(logging.INFO)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _uncaught(kind: type[BaseException], fault: BaseException, where: TracebackType | None) -> None:
    logging.getLogger("process").critical("ended", exc_info=(kind, fault, where))


def _uncaught_in_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        name = ended.thread.name if ended.thread else "?"
        fault = (ended.exc_type, ended.exc_value, ended.exc_traceback)
        logging.getLogger("process").error("the thread %s ended", name, exc_info=fault)


def _plain(words: str) -> str:
    return words.translate(_CONTROL).encode("utf-8", "backslashreplace").decode()


def _struck(words: str, logger: str) -> str:
    if logger.startswith("gunicorn"):  # quotes requests that it cannot read
        words = _QUERY.sub("?…", words)
    return _NAMED.sub(r"\1\2…", words)
