"""Who lost a race for a platoon: somebody else took it after this incident was last looked at.

The order of the chain decides. Taken before the incident's newest event, the platoon was seen to be
gone and a rule refuses it; taken after, nobody could have known, and that is a lost race.
"""

from __future__ import annotations

from domain.errors import VersionConflict
from domain.events import Event
from domain.streams import PLATOON
from services.event_ports import EventLog
from services.ports import Transaction
from services.summaries import event_view

_TAKEN_BY = ("reserve", "redeploy")


def lost_race(
    log: EventLog, connection: Transaction, operation: str, incident: object, names: object
) -> VersionConflict | None:
    """The conflict to raise, None where no platoon of ``names`` was lost in a race.

    ``incident`` and ``names`` are as they were sent: their shape may not have been checked yet.
    """
    if not isinstance(incident, str) or not isinstance(names, list):
        return None
    wanted = [name for name in names if isinstance(name, str)]
    newest = log.last_of_each(connection, operation, [incident]) if wanted else {}
    if incident not in newest:
        return None
    head = newest[incident]
    taken = {
        name: [
            event
            for event in log.stream(connection, operation, PLATOON + name)
            if event.chain_seq > head.chain_seq and _took(event, incident)
        ]
        for name in wanted
    }
    lost = [name for name, events in taken.items() if events]
    if not lost:
        return None
    return VersionConflict(
        f"somebody else was first with {', '.join(lost)}: look at what happened and decide again",
        field="record.platoons",
        guard="platoons_free",
        platoons=lost,
        version=head.seq,
        since=[event_view(event) for name in lost for event in taken[name]],
    )


def _took(event: Event, incident: str) -> bool:
    return (
        event.event in _TAKEN_BY
        and event.to_state is not None
        and event.corrects is None
        and event.incident != incident
    )
