"""One process that reads some inputs of one decoder, and can be killed at any of them.

It has little memory more than it began with, and a hook that refuses whatever reaches outside: a
decoder opens no file, no socket and no other process. Before each input it notes its number and the
time where the parent sees them, so that one on which it hangs or dies is known.
"""

from __future__ import annotations

import faulthandler
import gc
import logging
import mmap
import resource
import signal
import struct
import sys
import sysconfig
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from tests.fuzz.decoders.inputs import Inputs
from tests.fuzz.decoders.oracle import examine
from tests.fuzz.decoders.targets import Target

MEMORY = 2 * 1024**3
"""Bytes of address space that a worker may take beyond what it began with."""

GROWTH = 64 * 1024**2
"""Bytes that one input may make a worker grow by, however small it is."""

GROWTH_PER_BYTE = 150
"""And for each byte of it as much again."""

NOTE = struct.Struct("<qd")
_MOST_REASONS = 400
_OUTSIDE = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.remove",
    "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
    "shutil.", "tempfile.", "urllib.", "http.", "ftplib.", "ctypes.", "pickle.",
    "sqlite3.enable_load_extension", "sqlite3.load_extension",
)  # fmt: skip
_PATHS = sysconfig.get_paths()
_OWN = (_PATHS["stdlib"], _PATHS["purelib"], _PATHS["platlib"], "/proc/self/fd/")
"""Where a decoder may read: modules that Python loads only now, and a file in memory."""


@dataclass
class Failure:
    """An input that broke a promise: which one, and how."""

    target: str
    number: int
    kind: str
    detail: str


@dataclass
class Tally:
    """What became of the inputs of one decoder. Seconds of processor time, bytes."""

    inputs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    kinds: Counter[int] = field(default_factory=Counter)
    slowest: tuple[float, int] = (0.0, -1)
    largest: int = 0
    before: int = 0
    peak: int = 0
    growth: int = 0
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Joins the inputs of another process."""
        self.inputs += other.inputs
        self.outcomes += other.outcomes
        self.reasons += other.reasons
        self.kinds += other.kinds
        self.slowest = max(self.slowest, other.slowest)
        self.largest = max(self.largest, other.largest)
        self.before = max(self.before, other.before)
        self.peak = max(self.peak, other.peak)
        self.growth = max(self.growth, other.growth)
        self.seconds += other.seconds
        self.failures += other.failures


class Guard:
    """Refuses what reaches outside while it is ``armed``, and remembers it."""

    def __init__(self) -> None:
        self.armed = False
        self.reached: list[str] = []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.armed:
            return
        if event == "open":
            path = str(arguments[0])
            outside = not path.startswith(_OWN)
        elif event == "sqlite3.connect":
            outside = arguments[0] != ":memory:"
        else:
            outside = event.startswith(_OUTSIDE)
        if outside:
            self.reached.append(f"{event} {arguments[:1]!r:.200}")
            raise PermissionError(f"a decoder may not reach outside: {event}")


@dataclass(frozen=True)
class Task:
    """Inputs for a worker. ``note`` and ``at`` are where it notes each of them; ``seconds`` is the
    processor time that one may cost."""

    target: Target
    seed: int
    numbers: range
    seconds: float
    note: mmap.mmap
    at: int


def work(task: Task, answer: Connection) -> None:
    """Reads the inputs of a task and sends a ``Tally``."""
    target, note, at = task.target, task.note, task.at
    inputs, guard, tally = Inputs(target, task.seed), Guard(), Tally()
    logging.disable()
    faulthandler.register(signal.SIGUSR1, sys.__stderr__)  # tells where it stands
    space = _address_space()
    resource.setrlimit(resource.RLIMIT_AS, (space + MEMORY, space + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.collect()
    gc.freeze()
    began, tally.before = time.process_time(), _peak()
    for number in task.numbers:
        kind, raw = inputs.one(number)
        before = _peak()
        NOTE.pack_into(note, at, number, time.monotonic())
        start = time.process_time()
        failure = _failure(target, raw, guard, tally)
        took = time.process_time() - start
        grown = _peak() - before
        if failure is None and grown > GROWTH + GROWTH_PER_BYTE * len(raw):
            failure = "memory", f"{grown:,} bytes more for {len(raw):,} bytes"
        if failure is None and took > task.seconds:
            failure = "slow", f"{took:.1f} s of processor time for {len(raw):,} bytes"
        if failure is not None:
            tally.failures.append(Failure(target.name, number, *failure))
        tally.growth = max(tally.growth, grown)
        tally.slowest = max(tally.slowest, (took, number))
        tally.largest = max(tally.largest, len(raw))
        tally.kinds[kind] += 1
    NOTE.pack_into(note, at, -1, time.monotonic())
    tally.inputs, tally.peak = len(task.numbers), _peak()
    tally.seconds = time.process_time() - began
    answer.send(tally)


def _failure(target: Target, raw: bytes, guard: Guard, tally: Tally) -> tuple[str, str] | None:
    guard.reached.clear()
    guard.armed = True
    try:
        outcome, reason = examine(target, raw)
    except BaseException as fault:
        guard.armed = False
        place = "".join(traceback.format_tb(fault.__traceback__)[-3:])
        return type(fault).__name__, f"{ascii(str(fault))[:400]}\n{place}"
    finally:
        guard.armed = False
    if guard.reached:
        return "outside", "; ".join(guard.reached)
    tally.outcomes[outcome] += 1
    if reason and (reason in tally.reasons or len(tally.reasons) < _MOST_REASONS):
        tally.reasons[reason] += 1
    return None


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _address_space() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()
