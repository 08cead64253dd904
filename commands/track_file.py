"""A track file as the command line takes it in: its device, its size, its reports one by one."""

from __future__ import annotations

import hashlib
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from domain.fixes import Report
from domain.stored_fixes import SEGMENT
from formats.message import LONGEST_DEVICE_ID
from formats.registry import FileFormat


@dataclass(frozen=True)
class TrackFile:
    """A file, its format, and the device it is filed under."""

    path: Path
    format: FileFormat
    device: str

    @cached_property
    def data(self) -> bytes:
        """The bytes."""
        return self.path.read_bytes()

    @cached_property
    def points(self) -> int:
        """How many points there are about; for the progress bar."""
        return self.format.count(self.data)

    def reports(self) -> Iterator[Report]:
        """The points in the file's order, each with the number of its segment as an attribute.

        Raises ``Unreadable`` after the last point that could be read.
        """
        for number, segment in enumerate(self.format.decode(self.data, device=self.device)):
            for report in segment:
                yield replace(report, attributes={**report.attributes, SEGMENT: number})


def device_name(path: Path) -> str:
    """``import:`` and the file's name; a long name keeps its beginning and gets a checksum."""
    name = f"import:{path.name}".encode("utf-8", "replace").decode()
    if len(name) <= LONGEST_DEVICE_ID:
        return name
    checksum = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: LONGEST_DEVICE_ID - 9]}~{checksum}"


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
