"""Simulated positions in the form in which those of any phone come in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain.fixes import Fix, Report, judge
from domain.scenario import Patrol
from domain.time import from_microseconds
from services.patrol_simulation import PatrolFixes


def judged(patrol: Patrol, fixes: PatrolFixes) -> Iterator[tuple[Fix, datetime]]:
    """The fixes under the same judgement as those of any phone, with when they were received."""
    moments = (from_microseconds(int(one)) for one in fixes.received)
    for report, received_at in zip(reports(patrol, fixes), moments, strict=True):
        verdict = judge(report, received_at)
        if isinstance(verdict, Fix):
            yield verdict, received_at


def reports(patrol: Patrol, fixes: PatrolFixes) -> Iterator[Report]:
    """The fixes as the patrol's phone would send them, marked as synthetic."""
    columns = (fixes.latitude, fixes.longitude, fixes.speed, fixes.course, fixes.accuracy)
    values = zip(fixes.time, *columns, fixes.battery, strict=True)
    for time, latitude, longitude, speed, course, accuracy, battery in values:
        yield Report(
            device=patrol.device,
            fix_time=from_microseconds(int(time)),
            latitude=float(latitude),
            longitude=float(longitude),
            speed=float(speed),
            course=None if course != course else float(course),  # NaN while standing
            altitude=None,
            accuracy=float(accuracy),
            battery=float(battery),
            alarm=None,
            attributes={"synthetic": True},
        )
