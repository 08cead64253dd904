"""What is fuzzed: every decoder of the registry, and those of ``others.py``.

A format that is added to ``formats/registry.py`` is here with that, and begins with its payloads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.fixes import Report
from formats.message import Unreadable
from formats.osmand import SPEED_UNITS
from formats.registry import FORMATS, FileFormat, HttpFormat, MqttFormat
from tests.formats.samples import samples
from tests.fuzz.decoders import others, wire

_CHEAP = 4096
"""Bytes of an input that a decoder reads as quickly as any; of larger ones it gets fewer."""

_LEAST = 0.25
"""What even those with the largest inputs get."""

_UNITS = tuple(SPEED_UNITS)
Read = Callable[[bytes], Sequence[Report]]


@dataclass(frozen=True)
class Target:
    """One decoder. ``read`` gives the reports of an input, none where it means something else, and
    raises one of ``refusals``, which name the field and the reason, and nothing else ever.

    ``wire`` says that inputs have a head and a body; ``reports`` that what says nothing is
    not yet accepted; ``share`` is how many inputs it gets against others.
    """

    name: str
    suffix: str
    read: Read
    refusals: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...]
    wire: bool = False
    reports: bool = True
    share: float = 1.0


def targets() -> list[Target]:
    """All of them, in the order of the registry."""
    found = [_registered(name) for name in FORMATS]
    for other in others.OTHERS:
        seeds = tuple(other.seeds())
        kept = {name: value for name, value in vars(other).items() if name != "seeds"}
        found.append(Target(**{**kept, "seeds": seeds, "share": other.share * _share(seeds)}))
    return found


def _registered(name: str) -> Target:
    found = FORMATS[name]
    paths = samples(name)
    seeds = tuple(path.read_bytes() for path in paths)
    if isinstance(found, HttpFormat):
        return Target(name, ".http", _request_reader(found), (Unreadable,), seeds, wire=True)
    if isinstance(found, MqttFormat):
        return Target(name, ".mqtt", _mqtt_reader(found), (Unreadable,), seeds, wire=True)
    return Target(
        name, found.suffix, _file_reader(found), (Unreadable,), seeds, share=_share(seeds)
    )


def _request_reader(found: HttpFormat) -> Read:
    def read(raw: bytes) -> Sequence[Report]:
        message = wire.message(raw)
        device = found.identify(message)
        assert device is None or (device.isprintable() and 0 < len(device) <= 80), device
        reports = found.decode(message, speed_unit=_UNITS[len(raw) % len(_UNITS)])
        assert all(report.device for report in reports), "a report without a device"
        return reports

    return read


def _mqtt_reader(found: MqttFormat) -> Read:
    def read(raw: bytes) -> Sequence[Report]:
        message = wire.published(raw)
        device = found.identify(message.topic)
        if device is None:
            raise Unreadable("topic", "names no device")
        report = found.decode(message, device).report
        return [] if report is None else [report]

    return read


def _file_reader(found: FileFormat) -> Read:
    def read(raw: bytes) -> Sequence[Report]:
        assert all(number > 0 for number in found.passed_over(raw).values())
        parts = found.decode(raw, device="fuzz", utc=len(raw) % 2 == 1)
        return [report for part in parts for report in part]

    return read


def _share(seeds: Sequence[bytes]) -> float:
    middle = sorted(map(len, seeds))[len(seeds) // 2]
    return min(1.0, max(_LEAST, _CHEAP / max(middle, 1)))


def kept(folder: Path, name: str) -> list[Path]:
    """The inputs in a folder that a decoder has failed on."""
    return sorted(path for path in folder.glob(f"{name}-*") if path.suffix != ".txt")
