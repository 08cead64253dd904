"""Parts for the tests of the quarantine: what puts an entry there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from domain.fixes import Report
from domain.stored_fixes import StoredFix
from services.container import Services


def put(
    services: Services, at: datetime, lat: float, lon: float, device: str = "phone", **extra: Any
) -> int:
    """One position as OsmAnd sends it; the number of its entry in the quarantine."""
    report = Report(device, at, lat, lon, 5.0, None, None, None, None, None, extra)
    raw = f"id={device}&lat={lat}&lon={lon}&timestamp={int(at.timestamp())}&speed=10"
    raw += "".join(f"&{name}={str(value).lower()}" for name, value in extra.items())
    receipt = services.ingest.accept("osmand", [report], raw.encode(), services.clock())
    assert receipt.quarantined == 1
    found = (
        services.quarantine.listing("demo", "FPU_DUTY", unassigned=each) for each in (False, True)
    )
    return max(one["id"] for listing in found for one in listing["items"])


def latest(services: Services) -> StoredFix:
    """The newest position of the one unit that has any."""
    (found,) = services.tracks._fixes.latest("demo")
    return found
