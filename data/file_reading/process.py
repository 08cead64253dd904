"""Starts a reading process, waits for it within the budget, and ends it where it is over.

Nothing of the file is read here. The process gets a file without a name as its standard input and
writes into another one, so nobody waits for a pipe, and a process that ends in the middle leaves
nothing behind. It gets no variable of the environment: it has no secret to lose.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from data.file_reading.child import OUT_OF_MEMORY, RESULT_TOO_LARGE
from data.file_reading.rows import (
    LONGEST_LINE,
    LONGEST_SUMMARY,
    Garbled,
    Summary,
    reports_of,
    summary_of,
)
from domain.errors import NoRoom, TooCostly
from domain.file_budget import MEGA, FileBudget
from domain.fixes import Report
from domain.reports import Unreadable

_ROOT = Path(__file__).resolve().parent.parent.parent
_LOOKS_EVERY_S = 0.1
RETRY_S = 10
_STARTS = 5  # seconds more than it is given, for a process that must first come into being
_MOST_TOLD = 2_000
_logger = logging.getLogger(__name__)

Command = Callable[[Sequence[str]], Sequence[str]]
"""What is started, by the arguments of ``data.file_reading.child.main``."""


def _child(arguments: Sequence[str]) -> Sequence[str]:
    return [sys.executable, "-E", "-s", "-B", "-m", "data.file_reading.child", *arguments]


class ReadFile:
    """A file that was read; ``points`` and ``passed_over`` are known before the first point."""

    def __init__(self, told: BinaryIO, summary: Summary) -> None:
        self._told = told
        self._summary = summary

    @property
    def points(self) -> int:
        """How many there are."""
        return self._summary.points

    @property
    def passed_over(self) -> Mapping[str, int]:
        """How many of what is no position of a track, by name."""
        return self._summary.passed_over

    def reports(self) -> Iterator[Report]:
        """The points in the file's order, each with the number of its segment; raises
        ``Unreadable`` after the last one where the file breaks off."""
        self._told.seek(0)
        left = self._summary.points
        while left > 0:
            reports = _garbled_is_costly(lambda: reports_of(self._told.readline(LONGEST_LINE + 1)))
            if not 0 < len(reports) <= left:
                raise _gave_up("the rows are not as many as it says")
            left -= len(reports)
            yield from reports
        if self._summary.broken is not None:
            raise Unreadable(*self._summary.broken)


class FileReader:
    """What ``services.file_ports.FileReader`` asks for. ``command`` is for tests."""

    def __init__(self, command: Command = _child) -> None:
        self._command = command

    @contextmanager
    def read(
        self,
        data: bytes | BinaryIO,
        module: str,
        budget: FileBudget,
        *,
        device: str,
        utc: bool,
        gone: Callable[[], bool] = lambda: False,
    ) -> Iterator[ReadFile]:
        """A file, given as bytes or open, read whole by the ``decode`` of ``module``.

        Raises ``TooCostly`` where the budget ran out, and ``NoRoom`` where no process can be
        started or ``gone`` says that nobody waits for
        the answer. When it returns or raises, the process has ended.
        """
        with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as fault:
            with _as_file(data) as given:
                process = self._start(given, told, fault, module, budget, device, utc)
                try:
                    code = _wait(process, budget, gone)
                finally:
                    _end(process)
            yield ReadFile(told, _summary(code, told, fault, budget))

    def _start(
        self,
        given: BinaryIO,
        told: BinaryIO,
        fault: BinaryIO,
        module: str,
        budget: FileBudget,
        device: str,
        utc: bool,
    ) -> subprocess.Popen[bytes]:
        limits = (budget.processor_s, budget.wait_s, budget.memory, budget.result, os.getpid())
        arguments = (module, device, "1" if utc else "0", *map(str, limits))
        try:
            return subprocess.Popen(  # noqa: S603 - our own program; the file is no argument
                self._command(arguments),
                stdin=given,
                stdout=told,
                stderr=fault,
                cwd=_ROOT,
                env={"LC_ALL": "C.UTF-8"},
                start_new_session=True,  # the terminal's Ctrl-C is for who has started it
            )
        except OSError as refused:
            _logger.error("no process can be started to read a file: %s", refused)
            raise NoRoom("no file can be read now", retry_after=RETRY_S) from refused


@contextmanager
def _as_file(data: bytes | BinaryIO) -> Iterator[BinaryIO]:
    if not isinstance(data, bytes):
        data.seek(0)
        yield data
        return
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield file


def _wait(process: subprocess.Popen[bytes], budget: FileBudget, gone: Callable[[], bool]) -> int:
    until = time.monotonic() + budget.wait_s + _STARTS
    while time.monotonic() < until:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_LOOKS_EVERY_S)
        if gone():
            raise NoRoom("nobody waits for the answer any more")
    return -signal.SIGALRM


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()


def _summary(code: int, told: BinaryIO, fault: BinaryIO, budget: FileBudget) -> Summary:
    over = _over(code, budget)
    if over is not None:
        raise over
    if code != 0:
        fault.seek(0)
        raise _gave_up(f"it ended with {code}", fault.read(_MOST_TOLD))
    summary = _garbled_is_costly(lambda: summary_of(_last_line(told)))
    if summary.over is not None:
        raise TooCostly(*summary.over)
    return summary


def _over(code: int, budget: FileBudget) -> TooCostly | None:
    """Which budget ran out, as the end of the process tells."""
    if code == -signal.SIGXCPU:
        words = f"takes more than {budget.processor_s} seconds of a processor to read: split it"
        return TooCostly("seconds", words, budget.processor_s)
    if code == -signal.SIGALRM:
        words = f"is not read after {budget.wait_s} seconds: split it"
        return TooCostly("wait", words, budget.wait_s)
    if code in (OUT_OF_MEMORY, -signal.SIGKILL):  # which is what a system without memory does
        words = f"takes more than {budget.memory // MEGA:,} MB of memory to read: split it"
        return TooCostly("memory", words, budget.memory // MEGA)
    if code in (RESULT_TOO_LARGE, -signal.SIGXFSZ):
        words = f"says more than {budget.result // MEGA:,} MB: split it"
        return TooCostly("result", words, budget.result // MEGA)
    return None


def _last_line(told: BinaryIO) -> bytes:
    end = told.seek(0, os.SEEK_END)
    told.seek(max(0, end - LONGEST_SUMMARY))
    return told.read().rstrip(b"\n").rpartition(b"\n")[2]


_T = TypeVar("_T")


def _garbled_is_costly(read: Callable[[], _T]) -> _T:
    try:
        return read()
    except Garbled as fault:
        raise _gave_up(str(fault)) from fault


def _gave_up(why: str, said: bytes = b"") -> TooCostly:
    _logger.error("a file could not be read: %s %s", why, ascii(said.decode("utf-8", "replace")))
    return TooCostly("reader", "could not be read: the program that reads it gave up", 0)
