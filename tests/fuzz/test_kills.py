"""The small form of ``make fuzz``: a process killed at each write step of one acceptance."""

from __future__ import annotations

from data.database import Database
from tests.fuzz.kills import CYCLE, Fuzz, victims
from tests.services.incident_world import IncidentWorld


def test_killed_at_each_write_step_of_an_acceptance_it_is_all_or_nothing(
    database: Database, database_url: str
) -> None:
    world = IncidentWorld(database)
    with victims(database_url) as those:
        fuzz = Fuzz(world, those, incident=world.report().events[0].stream)
        for _, region, event, user in CYCLE[:4]:
            world.act(fuzz.incident, region, event, user)
        fuzz.every_step(fuzz.job("incident", "T2", "accept", "commander"), "accept")
    # two events and two lines of the journal, each before and after, and the commit
    assert fuzz.summary.kills == 10
    assert (fuzz.summary.lost, fuzz.summary.kept, fuzz.summary.answered) == (9, 1, 1)
    assert world.incidents.platoon_states("drill")["drill-p1"].state == "RESERVED"
