"""The door of the feeds: the whole way of a request until it is stored or refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from api.feeds import FeedDoor
from domain.errors import InvalidField
from domain.fixes import Rejection, Report
from formats.registry import HTTP_FORMATS
from services.ports import DeviceRecord
from tests.formats.samples import RECEIVED_AT, samples
from tests.fuzz.decoders import wire

_KEY = "fpu-test"  # of every device in the payloads


def requests() -> Iterable[bytes]:
    """The payloads of every format that devices send."""
    return [path.read_bytes() for name in HTTP_FORMATS for path in samples(name)]


class _Kept:
    """Takes what the door hands in, and every name for a device with the key of the payloads."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.rejections: list[Rejection] = []

    def accept(self, source: str, reports: Sequence[Report], raw: bytes, received_at: Any) -> None:
        self.reports += reports

    def quarantine(
        self, source: str, device: str, raw: bytes, rejection: Rejection, received_at: Any
    ) -> None:
        self.rejections.append(rejection)

    def find(self, device_id: str) -> DeviceRecord | None:
        key_hash = hashlib.sha256(_KEY.encode()).hexdigest()
        return DeviceRecord(device_id, key_hash, "knots", enabled=True)


def _no_page(environ: Any, start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [])
    return [b"{}"]


def feed(raw: bytes) -> Sequence[Report]:
    """A request at the door; what it puts into quarantine is as a refusal of its decoder."""
    kept, statuses = _Kept(), []
    limiter = FixedWindowRateLimiter(MemoryStorage())
    door = FeedDoor(_no_page, kept, kept, limiter, lambda: RECEIVED_AT)
    answer = b"".join(
        door(wire.environ(raw), lambda status, *_: statuses.append(status))  # type: ignore[arg-type]
    )
    status = int(statuses[-1].partition(" ")[0])
    assert status < 500, statuses[-1]
    if status >= 400:
        json.loads(answer)
        raise InvalidField("request", statuses[-1])
    for rejection in kept.rejections:
        raise InvalidField(rejection.field, rejection.detail)
    return kept.reports
