"""What the analysis of tracks may be told: every limit in one place, with sensible defaults."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AnalysisSettings:
    """Metres, seconds, metres per second (squared).

    Cleaning: no patrol is faster than ``highest_speed`` or changes its speed faster than
    ``highest_acceleration``, give or take ``jump_slack_m``; a fix that says of itself that it may
    be ``useless_accuracy_m`` off is not used. Pieces: ``gap_s`` without a fix is a gap. Stops: a
    unit stands while its fixes of ``stop_window_s`` spread (root of the mean square distance from
    their middle) by no more than ``stop_spread_m``; its stop are the fixes within
    ``stop_reach_m`` of the middle, stops nearer than that and ``stop_merge_s`` are one, and what
    is shorter than ``stop_shortest_s`` is a traffic light. ``wander_m`` is how far a receiver may
    wander off a straight way without that counting as distance. A clock that is
    ``clock_wrong_s`` off is wrong.
    """

    highest_speed: float = 70.0
    highest_acceleration: float = 6.0
    jump_slack_m: float = 50.0
    useless_accuracy_m: float = 500.0
    gap_s: float = 120.0
    stop_window_s: float = 60.0
    stop_spread_m: float = 15.0
    stop_reach_m: float = 30.0
    stop_merge_s: float = 120.0
    stop_shortest_s: float = 90.0
    wander_m: float = 5.0
    clock_wrong_s: float = 30.0
