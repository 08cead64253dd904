"""The unit's own words, which a stranger may have heard: they are no passwords."""

from __future__ import annotations

from domain.roster_rules import Roster


def words_of(roster: Roster) -> frozenset[str]:
    """Call signs of units and platoons, names of devices, names and titles of operations."""
    return frozenset(
        [
            *(one.callsign for one in roster.units.values()),
            *(one.callsign for one in roster.platoons.values()),
            *roster.devices,
            *roster.operations,
            *(one.title for one in roster.operations.values()),
        ]
    )
