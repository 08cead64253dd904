"""Many officers at once: one wins, every other is told that somebody was first, the log is whole.

On SQLite and on PostgreSQL, through the services with a connection each, and through HTTP with a
server of several processes.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

import pytest

from app import create_app
from data.database import Database
from domain.chain import broken_links
from domain.errors import DashboardError, VersionConflict
from domain.events import Event
from domain.roster import Operation, Platoon
from domain.time import to_rfc3339
from services.access.demonstration_accounts import seed_demonstration_accounts
from services.clock import utc_now
from services.container import services_of
from settings import Settings
from tests.services.incident_world import BRIDGE, IncidentWorld, actor
from tests.serving import PATIENCE_S, serving

ATTEMPTS = 1000
AT_ONCE = 16


@pytest.fixture
def world(database: Database) -> IncidentWorld:
    return IncidentWorld(database)


def acknowledged(world: IncidentWorld) -> str:
    """An incident that waits for the commander's decision."""
    incident = world.report().events[0].stream
    for region, event in (("INC", "confirm"), ("T2", "kp_request"), ("T2", "acknowledge")):
        world.act(incident, region, event)
    return incident


def at_once(attempts: Sequence[Callable[[], str]]) -> Counter[str]:
    """How the attempts ended; ``AT_ONCE`` of them run side by side from one signal on."""
    barrier = threading.Barrier(AT_ONCE)

    def run(part: Sequence[Callable[[], str]]) -> list[str]:
        barrier.wait()
        return [attempt() for attempt in part]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = [attempts[number::AT_ONCE] for number in range(AT_ONCE)]
        return Counter(ended for part in pool.map(run, parts) for ended in part)


def trying(world: IncidentWorld, incident: str, sent: dict[str, Any]) -> Callable[[], str]:
    """One attempt, as the kind of its end."""

    def attempt() -> str:
        try:
            outcome = world.incidents.act("drill", incident, actor("commander"), sent)
        except DashboardError as refused:
            return type(refused).__name__
        return "won" if outcome.created else "again"

    return attempt


def chain(world: IncidentWorld) -> list[Event]:
    with world.store.view() as connection:
        return world.store.since(connection, "drill", 0)


def head(world: IncidentWorld) -> int:
    with world.store.view() as connection:
        return world.store.head(connection, "drill")


def assert_whole(events: Sequence[Event]) -> None:
    """No gap in any stream, none in the chain, and the chain verifies."""
    assert [event.chain_seq for event in events] == list(range(1, len(events) + 1))
    for stream in {event.stream for event in events}:
        numbers = [event.seq for event in events if event.stream == stream]
        assert numbers == list(range(1, len(numbers) + 1))
    assert broken_links(events) == []


def test_a_thousand_attempts_on_the_last_platoon_have_one_winner(world: IncidentWorld) -> None:
    """Eight incidents want the one platoon beside the reserve; each is tried 125 times."""
    incidents = [acknowledged(world) for _ in range(8)]
    before = len(chain(world))
    sent = {incident: world.envelope(incident, "T2", "accept") for incident in incidents}
    attempts = [
        trying(world, incident, {**sent[incident], "command_id": str(uuid.uuid4())})
        for _ in range(ATTEMPTS // len(incidents))
        for incident in incidents
    ]
    ended = at_once(attempts)
    assert ended == {"won": 1, VersionConflict.__name__: ATTEMPTS - 1}
    events = chain(world)
    assert_whole(events)
    assert [(event.region, event.event) for event in events[before:]] == [
        ("T2", "accept"), ("RES", "reserve"),
    ]  # fmt: skip
    winner = events[before].stream
    platoon = world.incidents.platoon_states("drill")["drill-p1"]
    assert (platoon.state, platoon.incident, platoon.version) == ("RESERVED", winner, 1)


def test_one_command_sent_a_hundred_times_at_once_is_one_event(world: IncidentWorld) -> None:
    incident = acknowledged(world)
    before = len(chain(world))
    sent = world.envelope(incident, "T2", "accept")
    answers: list[dict[str, Any]] = []

    def attempt() -> str:
        outcome = world.incidents.act("drill", incident, actor("commander"), sent)
        answers.append(outcome.view())
        return "won" if outcome.created else "again"

    assert at_once([attempt] * 100) == {"won": 1, "again": 99}
    assert all(answer == answers[0] for answer in answers)
    events = chain(world)
    assert_whole(events)
    assert len(events) == before + 2


def two_accept_at_once(world: IncidentWorld, services: Sequence[Any], runs: int) -> None:
    """Two users accept the last platoon at once, again and again; exactly one wins each time."""
    incidents: list[str] = []
    for run in range(runs):
        if run % 10 == 0:  # histories stay short
            incidents = [acknowledged(world), acknowledged(world)]
        before = head(world)
        barrier = threading.Barrier(2)

        def accept(number: int, incidents: list[str], barrier: threading.Barrier) -> str:
            sent = world.envelope(incidents[number], "T2", "accept")
            barrier.wait()
            try:
                services[number].act("drill", incidents[number], actor("commander"), sent)
            except VersionConflict:
                return "lost"
            return incidents[number]

        with ThreadPoolExecutor(2) as pool:
            ended = list(pool.map(accept, (0, 1), [incidents] * 2, [barrier] * 2))
        assert ended.count("lost") == 1
        winner = next(one for one in ended if one != "lost")
        assert head(world) == before + 2
        world.act(winner, "T2", "cancel")
        free = {"engagement": winner, "reason_text": "next run"}
        world.act_on_platoon("drill-p1", "unreserve", "commander", record=free)
        for event in ("kp_request", "acknowledge"):
            world.act(winner, "T2", event)
    assert_whole(chain(world))


def test_two_users_accept_the_last_platoon_at_once(
    world: IncidentWorld, open_database: Callable[[], Database]
) -> None:
    others = world.of_another_process(open_database())
    two_accept_at_once(world, [world.incidents, others], runs=50)


# --- through HTTP --------------------------------------------------------------------------------


@pytest.fixture
def port(database_url: str) -> Iterator[int]:
    """A server of two processes over a database with one platoon beside the reserve."""
    with_operation(database_url)
    with serving(database_url, FPU_WORKERS="2") as running:
        yield running.port


def with_operation(database_url: str) -> None:
    """Accounts, the operation ``demo`` and two platoons."""
    server = create_app(Settings(database_url=database_url))
    services = services_of(server.extensions)
    seed_demonstration_accounts(services.accounts)
    services.roster.ensure_live(services.clock())
    services.roster.add(Operation("demo", "exercise", "Demonstration", services.clock()))
    for name in ("p1", "p2"):
        services.roster.add(Platoon(name, "demo", f"CRC-{name}", "crowd_control", 30))
    services.close()


def test_a_hundred_requests_for_the_last_platoon_get_one_201_and_otherwise_409(port: int) -> None:
    world = _Client(port)
    incidents = [world.acknowledged() for _ in range(4)]
    now = world.now
    accept = {"tasking_order_no": "1", "platoons": ["p1"], "eta": now}
    attempts = [
        (incident, world.envelope("T2", "accept", 4, accept))
        for _ in range(25)
        for incident in incidents
    ]
    answers: list[tuple[int, dict[str, Any]]] = []

    def attempt(incident: str, sent: dict[str, Any]) -> str:
        status, answer = _Client(port).post("commander", f"/{incident}/events", sent)
        answers.append((status, answer))
        return str(status)

    ended = at_once([lambda i=i, s=s: attempt(i, s) for i, s in attempts])
    assert ended == {"201": 1, "409": 99}
    assert all(answer["since"] for status, answer in answers if status == 409)
    states = [world.get(f"/{incident}")["t2"] for incident in incidents]
    assert Counter(states) == {"ACCEPTED": 1, "ACKNOWLEDGED": 3}


def test_one_request_sent_a_hundred_times_gets_one_201_and_otherwise_200(port: int) -> None:
    world = _Client(port)
    incident = world.acknowledged()
    accept = {"tasking_order_no": "1", "platoons": ["p1"], "eta": world.now}
    sent = world.envelope("T2", "accept", 4, accept)
    answers: list[dict[str, Any]] = []

    def attempt() -> str:
        status, answer = _Client(port).post("commander", f"/{incident}/events", sent)
        answers.append(answer)
        return str(status)

    assert at_once([attempt] * 100) == {"201": 1, "200": 99}
    assert all(answer == answers[0] for answer in answers)
    assert world.get(f"/{incident}")["version"] == 5


class _Client:
    """Asks the server as accounts of the demonstration."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.now = to_rfc3339(utc_now())

    def post(self, account: str, path: str, body: object) -> tuple[int, dict[str, Any]]:
        return self._ask("POST", account, path, json.dumps(body))

    def get(self, path: str) -> dict[str, Any]:
        return self._ask("GET", "duty", path, None)[1]

    def _ask(
        self, method: str, account: str, path: str, body: str | None
    ) -> tuple[int, dict[str, Any]]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
        headers = {"Authorization": f"Bearer demo-{account}", "Content-Type": "application/json"}
        connection.request(method, f"/api/v1/operations/demo/incidents{path}", body, headers)
        answer = connection.getresponse()
        found = answer.status, json.loads(answer.read())
        connection.close()
        return found

    def envelope(self, region: str, event: str, version: int, record: object) -> dict[str, Any]:
        return {
            "command_id": str(uuid.uuid4()), "region": region, "event": event,
            "expected_version": version, "occurred_at": self.now,
            "asserted_by": {"org": "KP" if event in ("confirm", "kp_request") else "FPU",
                            "function": "duty officer"},
            "channel": "radio", "channel_ref": "7", "position": BRIDGE, "record": record,
        }  # fmt: skip

    def acknowledged(self) -> str:
        report = {
            "title": "Crowd", "category": "peaceful_gathering", "severity": 2, "source": "patrol",
            "source_reliability": "B", "info_credibility": 2,
        }  # fmt: skip
        sent = self.envelope("INC", "report", 0, report)
        status, answer = self.post("duty", "", sent)
        assert status == 201, answer
        incident = str(answer["state"]["id"])
        request = {
            "officer_function": "duty officer", "officer_service_no": "1", "officer_unit": "north",
            "received_at": self.now, "purpose": "civil_disturbance", "platoons_asked": 1,
            "legal_basis": "JA_2008_124", "kp_commander_contact": "radio 1",
        }  # fmt: skip
        for version, (region, event, record) in enumerate(
            (
                ("INC", "confirm", {"kp_informed_at": self.now, "kp_unit": "north"}),
                ("T2", "kp_request", {"request": request}),
                ("T2", "acknowledge", {"read_back": True}),
            ),
            start=1,
        ):
            whole = self.envelope(region, event, version, record)
            status, answer = self.post("duty", f"/{incident}/events", whole)
            assert status == 201, answer
        return incident
