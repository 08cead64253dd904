"""What the services need of the formats of track files; ``formats/registry.py`` satisfies it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from domain.file_budget import FileBudget
from domain.fixes import Report
from domain.reports import Track


class Decoder(Protocol):
    """Reads a file segment by segment; raises ``Unreadable`` and nothing else."""

    def __call__(
        self, data: bytes, *, device: str = "", utc: bool = False
    ) -> Iterator[list[Report]]:
        """One list a segment."""


class TrackFormat(Protocol):
    """One format; ``suffix`` is how names of its files end."""

    @property
    def label(self) -> str: ...
    @property
    def suffix(self) -> str: ...
    @property
    def media(self) -> str: ...
    @property
    def decode(self) -> Decoder: ...
    @property
    def encode(self) -> Callable[[Iterable[Track]], bytes] | None: ...


TrackFormats = Mapping[str, TrackFormat]
"""Every format by its name."""


class ReadFile(Protocol):
    """A file that was read whole; ``points`` and ``passed_over`` are known before the first."""

    @property
    def points(self) -> int: ...
    @property
    def passed_over(self) -> Mapping[str, int]: ...
    def reports(self) -> Iterator[Report]:
        """The points in the file's order, each with the number of its segment; raises
        ``Unreadable`` after the last one where the file breaks off."""


class FileReader(Protocol):
    """Reads track files where they can do no harm; ``data/file_reading/`` satisfies it."""

    def read(
        self,
        data: bytes | BinaryIO,
        module: str,
        budget: FileBudget,
        *,
        device: str,
        utc: bool,
        gone: Callable[[], bool] = ...,
    ) -> AbstractContextManager[ReadFile]:
        """A file read by the decoder in ``module``. ``gone`` tells that nobody waits any more.

        Raises ``TooCostly`` where the budget ran out, and ``NoRoom``.
        """
