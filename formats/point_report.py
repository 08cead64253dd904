"""A point of a file as a report: what its format has read of place and time, and what else the
point measured. A file rings no alarm, and what nobody asked for by name is kept."""

from __future__ import annotations

from datetime import datetime

from domain.fixes import Rejection, Report
from formats.values import Values


def point_report(
    values: Values,
    *,
    device: str,
    fix_time: datetime | None,
    latitude: float | None,
    longitude: float | None,
    altitude: str = "altitude",
    faults: tuple[Rejection, ...] = (),
    where: str = "",
    unit: str = "",
) -> Report:
    """``altitude`` is its name in ``values``; metres, metres per second, degrees, percent.

    The attributes are the caller's to add to: nothing else refers to them.
    """
    return Report(
        device=device,
        fix_time=fix_time,
        latitude=latitude,
        longitude=longitude,
        speed=values.optional("speed", "speed"),
        course=values.optional("course", "course"),
        altitude=values.optional("altitude", altitude),
        accuracy=values.optional("accuracy", "accuracy"),
        battery=values.optional("battery", "battery"),
        alarm=None,
        attributes=values.attributes(),
        faults=faults,
        where=where,
        unit=unit,
    )
