"""What a unit may set differently. None of these is published; all are defaults of this product."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits that the guards use; metres and durations.

    ``clock_tolerance``: how far ahead of our clock a time may lie before it counts as the future.
    ``request_expires_after``: how old an unanswered request is before it may be marked expired.
    ``arrival_radius_m``: how near to the incident an arrival is believed without a reason.
    ``reserve_minimum``: platoons to keep available unless an override is recorded.
    """

    clock_tolerance: timedelta = timedelta(seconds=30)
    request_expires_after: timedelta = timedelta(minutes=60)
    arrival_radius_m: float = 1000.0
    reserve_minimum: int = 1
