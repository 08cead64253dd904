"""What the services need of the formats of track files; ``formats/registry.py`` satisfies it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

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
    @property
    def passed_over(self) -> Callable[[bytes], Mapping[str, int]]: ...


TrackFormats = Mapping[str, TrackFormat]
"""Every format by its name."""
