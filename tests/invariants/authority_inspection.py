"""Authority judged from the log alone: whose word, whose acceptance, what was said to be wrong.

Invariants 2, 3, 6, 9 and 23 by the ghost of ``tests/domain/ghost.py``; 9 also for corrections, 12
for the identities that events keep, and 22 for drafts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from domain.events import CLOSES_A_DRAFT, DISPUTED, DRAFT, RETIMED, Event
from tests.domain.ghost import FORWARD, SAID_ANEW, Ghost, broken_by, seen, tells_of_an_end
from tests.invariants.file_of import PLATOON, Breach

REQUESTS = ("kp_request", *SAID_ANEW)
T2_OVER = ("REFUSED", "CANCELLED", "EXPIRED", "WITHDRAWN", "RELEASED", "NONE")


@dataclass
class Authority:
    """What is known of authority; ``requests`` are as they are known with their corrections, and
    ``drafts`` are those that are open, by incident."""

    ghost: Ghost = field(default_factory=Ghost)
    requests: dict[str, dict[str, object]] = field(default_factory=dict)
    engagement: dict[str, str] = field(default_factory=dict)
    request: dict[str, str | None] = field(default_factory=dict)
    accepted: dict[str, bool] = field(default_factory=dict)
    serves: dict[str, str | None] = field(default_factory=dict)
    drafts: dict[str, dict[str, Event]] = field(default_factory=dict)
    after_revoking: set[str] = field(default_factory=set)

    def see(self, together: Sequence[Event], linked: frozenset[str]) -> Iterator[Breach]:
        """What the events of one command break."""
        before = self.ghost
        for event in together:
            yield from self._draft(event)
            if event.event not in CLOSES_A_DRAFT:
                yield from self._identities(event, together[0])
                yield from self._corrected(event)
                self.ghost = seen(self.ghost, event, together[0])
            self._open(event)
        for words in broken_by(before, self.ghost, together):
            number, said = words.split(" ", 1)
            yield Breach(int(number), said)
        yield from self._accepter(before, together[0], linked)
        yield from self._drafts_stand()

    def _accepter(self, before: Ghost, event: Event, linked: frozenset[str]) -> Iterator[Breach]:
        accepts = (event.region, event.event) in (("T2", "accept"), ("RES", "redeploy"))
        if not accepts or event.corrects is not None:
            return
        incident = event.stream if event.region == "T2" else str(event.incident)
        behind = before.word(incident).behind
        if event.entered_by in behind:
            yield Breach(3, f"{event.event} by a person behind the request")
        if linked & behind:
            yield Breach(3, f"{event.event} by whose account is linked to one behind the request")

    # --- identities ------------------------------------------------------------------------------

    def _identities(self, event: Event, first: Event) -> Iterator[Breach]:
        body = event.body
        if event.region == "RES":
            name = event.stream.removeprefix(PLATOON)
            if event.to_state is None or event.corrects is not None or "exercise" in event.event:
                return
            if event.event in ("reserve", "redeploy"):
                self.serves[name] = self.engagement.get(str(event.incident))
            named = body.get("engagement", self.serves.get(name))
            if named != self.serves.get(name) or (event.event != "returned" and not named):
                yield Breach(12, f"{event.event} names another engagement")
            return
        if event.region != "T2" or event.to_state is None or event.corrects is not None:
            return
        if event.event not in ("kp_request", "prealert", "stand_down"):
            kept = (body.get("engagement"), body.get("request"))
            if kept != (self.engagement.get(event.stream), self.request.get(event.stream)):
                yield Breach(12, f"{event.event} names another engagement or request")
        if event.event == "kp_request":
            self.engagement[event.stream] = event.event_id
            self.accepted[event.stream] = False
        if event.event in REQUESTS:
            self.request[event.stream] = event.event_id
            self.requests[event.event_id] = dict(event.record["request"])
        if event.event == "accept":
            self.accepted[event.stream] = True
        if event.to_state in T2_OVER:
            self.request[event.stream] = None

    # --- corrections -----------------------------------------------------------------------------

    def _corrected(self, event: Event) -> Iterator[Breach]:
        known = self.requests.get(event.corrects or "")
        if known is None or event.reason == DISPUTED or event.region != "T2":
            return
        if event.to_state is not None:
            yield Breach(9, "a correction moved a state")
        said = event.record["request"]
        purposes = known["purpose"], said["purpose"]
        if purposes[0] != purposes[1] and purposes[1] == "civil_disturbance":
            yield Breach(9, "a correction gave authority for civil disturbance")
        if purposes[0] not in (purposes[1], "civil_disturbance") and self.accepted[event.stream]:
            yield Breach(9, "a correction gave another purpose after the acceptance")
        if said["platoons_asked"] > known["platoons_asked"]:  # type: ignore[operator]
            yield Breach(9, "a correction asked for more platoons")
        known.update(said)

    # --- drafts ----------------------------------------------------------------------------------

    def _open(self, event: Event) -> None:
        if event.event == DRAFT:
            self.drafts.setdefault(event.stream, {})[event.event_id] = event
            if self.ghost.word(event.stream).revoked:
                self.after_revoking.add(event.event_id)

    def _draft(self, event: Event) -> Iterator[Breach]:
        waiting = self.drafts.get(event.stream, {})
        if event.event in CLOSES_A_DRAFT:
            waiting.pop(event.record["draft"], None)
            return
        if event.to_state in ("CLOSED", "DISCARDED") and waiting:
            yield Breach(22, f"{event.event} while a draft waits")
        incident = str(event.incident) if event.region == "RES" else event.stream
        forward = (event.region, event.event) in FORWARD and event.to_state is not None
        forward |= event.event == "handback_failed" and event.to_state == "ENGAGED"
        if event.corrects is None and forward and self._said_to_end(incident):
            yield Breach(23, f"{event.event} after Kosovo Police said that it has ended")

    def _said_to_end(self, incident: str) -> bool:
        return any(
            tells_of_an_end(one.record["steps"])
            and self.request.get(incident) in one.record["stands_on"]
            for one in self.drafts.get(incident, {}).values()
        )

    def _drafts_stand(self) -> Iterator[Breach]:
        for incident, waiting in self.drafts.items():
            word = self.ghost.word(incident)
            for draft in waiting.values():
                for request in draft.record["stands_on"]:
                    revoked = word.revoked and draft.event_id not in self.after_revoking
                    if request != self.request.get(incident) or revoked:
                        yield Breach(22, "a draft stands on a request that is not live")


def changes(event: Event) -> bool:
    """Whether a correction changes what is known; a dispute does not."""
    return event.corrects is not None and event.reason != DISPUTED


def retimed(event: Event) -> bool:
    """Whether a correction moves the time of its event."""
    return event.corrects is not None and event.reason == RETIMED
