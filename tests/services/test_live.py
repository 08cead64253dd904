"""The live stream over a real journal, with real threads: nothing lost, nothing twice, in order."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from sqlalchemy import delete

from data.database import Database
from data.journal import Journal
from data.schema import changes
from domain.errors import StoreUnavailable
from services.live import LiveHub, Message, Subscription

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NEVER = 3600.0  # seconds; a schedule that plays no part in a test
LONG = 30.0  # only a hanging test waits that long

MakeHub = Callable[..., LiveHub]


@pytest.fixture
def make_hub(database: Database) -> Iterator[MakeHub]:
    hubs: list[LiveHub] = []

    def make(**options: Any) -> LiveHub:
        given = {"beat_s": NEVER, "look_s": NEVER, **options}
        hubs.append(LiveHub(Journal(database), lambda: NOON, **given))
        return hubs[-1]

    yield make
    for hub in hubs:
        hub.close()


def write(database: Database, *numbers: int, operation: str = "demo") -> None:
    with database.writing() as connection:
        for number in numbers:
            Journal(database).append(connection, operation, "log", {"n": number}, NOON)


def numbers(messages: list[Message]) -> list[int]:
    return [json.loads(message.data_text)["n"] for message in messages]


def take(subscription: Subscription, count: int) -> list[Message]:
    """The next ``count`` messages other than beats."""
    messages = (message for message in subscription if message.kind != "beat")
    return list(islice(messages, count))


class Reader(threading.Thread):
    """A screen: reads from a subscription until it ends."""

    def __init__(self, subscription: Subscription, enough: int) -> None:
        super().__init__()
        self.subscription = subscription
        self.enough = enough
        self.messages: list[Message] = []
        self.has_enough = threading.Event()
        self.heard_one = threading.Condition()
        self.start()

    def run(self) -> None:
        for message in self.subscription:
            if message.kind != "beat":
                with self.heard_one:
                    self.messages.append(message)
                    self.heard_one.notify_all()
            if len(self.messages) >= self.enough:
                self.has_enough.set()

    def has_heard(self, count: int) -> bool:
        """Whether that many messages have come; waits for them."""
        with self.heard_one:
            return self.heard_one.wait_for(lambda: len(self.messages) >= count, LONG)


def test_a_commit_is_heard_by_every_screen_of_its_operation(
    database: Database, make_hub: MakeHub
) -> None:
    hub = make_hub()
    write(database, 1)
    demo, second, live = hub.subscribe("demo"), hub.subscribe("demo"), hub.subscribe("live")
    write(database, 2, 3)
    write(database, 4, operation="live")
    hub.wake()
    assert numbers(take(demo, 2)) == numbers(take(second, 2)) == [2, 3]
    assert numbers(take(live, 1)) == [4]


def test_a_commit_of_another_process_is_found_without_being_woken(
    make_hub: MakeHub, open_database: Callable[[], Database]
) -> None:
    subscription = make_hub(look_s=0.01).subscribe("demo")
    write(open_database(), 7)
    assert numbers(take(subscription, 1)) == [7]


def test_nothing_is_lost_nothing_twice_and_all_in_order(
    database: Database, make_hub: MakeHub, open_database: Callable[[], Database]
) -> None:
    """Two processes write while screens come, go and resume in the middle."""
    hub, other = make_hub(look_s=0.01), open_database()
    total = 200
    readers = [Reader(hub.subscribe("demo"), total) for _ in range(3)]

    def here() -> None:
        for number in range(0, total, 2):
            write(database, number)
            hub.wake()

    def there() -> None:
        for number in range(1, total, 2):
            write(other, number)

    writers = [threading.Thread(target=here), threading.Thread(target=there)]
    for writer in writers:
        writer.start()
    resumed: list[Message] = []
    last_id = 0
    while len(resumed) < total:  # a screen that loses its connection after every few messages
        with closing(hub.subscribe("demo", last_id)) as subscription:
            resumed += take(subscription, min(7, total - len(resumed)))
        last_id = resumed[-1].seq
    for writer in writers:
        writer.join()
    assert all(reader.has_enough.wait(LONG) for reader in readers)
    hub.close()
    for reader in readers:
        reader.join()
        assert reader.messages == resumed
    assert sorted(numbers(resumed)) == list(range(total))
    assert [message.seq for message in resumed] == sorted({message.seq for message in resumed})


@pytest.mark.parametrize("ring", [0, 3, 2000])
def test_resuming_from_memory_and_from_the_journal_is_the_same(
    database: Database, make_hub: MakeHub, ring: int
) -> None:
    hub = make_hub(ring=ring)
    witness = hub.subscribe("demo")
    write(database, *range(1200))  # more than two pages
    hub.wake()
    seen = take(witness, 1200)
    for missed in (0, 1, 2, 5, 1199):
        subscription = hub.subscribe("demo", seen[missed].seq)
        write(database, 5000 + missed)
        hub.wake()
        rest = [*range(missed + 1, 1200), *(5000 + n for n in (0, 1, 2, 5, 1199) if n <= missed)]
        assert numbers(take(subscription, len(rest))) == rest
        subscription.close()


def test_what_was_there_before_the_process_began_can_be_resumed(
    database: Database, make_hub: MakeHub
) -> None:
    write(database, 1, 2, 3)
    first = Journal(database).since(0, 1)[0].seq
    assert numbers(take(make_hub().subscribe("demo", first), 2)) == [2, 3]


def test_a_screen_may_be_ahead_of_this_process(database: Database, make_hub: MakeHub) -> None:
    hub = make_hub()
    hub.subscribe("demo").close()  # the hub stands at the beginning
    write(database, 1, 2)
    subscription = hub.subscribe("demo", Journal(database).head())  # heard from another process
    write(database, 3)
    hub.wake()
    assert numbers(take(subscription, 1)) == [3]


def test_what_is_no_longer_kept_makes_the_screen_start_again(
    database: Database, make_hub: MakeHub
) -> None:
    write(database, 1, 2, 3)
    first = Journal(database).since(0, 1)[0].seq
    Journal(database).prune(NOON + timedelta(hours=2), hours=1)
    hub = make_hub()
    for last_id in (first, first + 1000):
        subscription = hub.subscribe("demo", last_id)
        [reset] = take(subscription, 1)
        assert (reset.kind, reset.seq) == ("reset", Journal(database).head())
        write(database, 4)
        hub.wake()
        assert numbers(take(subscription, 1)) == [4]


@pytest.mark.parametrize(("missed", "kind"), [(5, "log"), (6, "reset")])
def test_who_missed_too_much_starts_again_without_reading_it(
    database: Database, make_hub: MakeHub, missed: int, kind: str
) -> None:
    write(database, *range(10))
    hub = make_hub(most_missed=5)
    subscription = hub.subscribe("demo", Journal(database).head() - missed)
    assert take(subscription, 1)[0].kind == kind
    write(database, 99)
    hub.wake()
    assert numbers(take(subscription, 5 if kind == "log" else 1))[-1] == 99


def test_a_slow_screen_starts_again_and_goes_on(database: Database, make_hub: MakeHub) -> None:
    hub = make_hub(room=10)
    slow, quick = hub.subscribe("demo"), Reader(hub.subscribe("demo"), 20)
    for number in range(20):
        write(database, number)
        hub.wake()
        assert quick.has_heard(number + 1)  # else a starved machine makes it slow as well
    [reset] = take(slow, 1)
    assert (reset.kind, json.loads(reset.data_text)) == ("reset", {"reason": "slow"})
    assert reset.seq == quick.messages[-1].seq
    write(database, 20)
    hub.wake()
    assert numbers(take(slow, 1)) == [20]
    hub.close()
    quick.join()
    assert numbers(quick.messages)[:20] == list(range(20))


def test_another_journal_makes_every_screen_start_again(
    database: Database, make_hub: MakeHub
) -> None:
    hub = make_hub()
    write(database, 1, 2)
    subscription = hub.subscribe("demo")
    with database.writing() as connection:
        connection.execute(delete(changes))
    hub.wake()
    [reset] = take(subscription, 1)
    assert (reset.kind, reset.seq) == ("reset", 0)


def test_a_beat_comes_at_once_and_on_schedule(database: Database, make_hub: MakeHub) -> None:
    subscription = make_hub(beat_s=0.01).subscribe("demo")
    beats = [next(subscription) for _ in range(3)]
    assert {beat.kind for beat in beats} == {"beat"}
    assert json.loads(beats[0].data_text) == {"now": "2026-11-21T12:00:00Z"}


def test_a_beat_carries_how_far_the_stream_is_for_quiet_operations_too(
    database: Database, make_hub: MakeHub
) -> None:
    hub = make_hub(beat_s=0.01)
    quiet, busy = hub.subscribe("live"), hub.subscribe("demo")
    write(database, 1, 2)
    hub.wake()
    head = take(busy, 2)[-1].seq
    assert any(beat.seq == head for beat in quiet)


def test_beats_tell_while_the_journal_cannot_be_read(database: Database, make_hub: MakeHub) -> None:
    class Failing(Journal):
        fails = False

        def since(self, seq: int, limit: int) -> Any:
            if self.fails:
                raise StoreUnavailable("the disk is gone")
            return super().since(seq, limit)

    journal = Failing(database)
    hub = LiveHub(journal, lambda: NOON, beat_s=0.01, look_s=0.01)
    with closing(hub.subscribe("demo")) as subscription:
        journal.fails = True
        assert any(json.loads(beat.data_text).get("stale") for beat in subscription)
        journal.fails = False
        assert any("stale" not in json.loads(beat.data_text) for beat in subscription)
        write(database, 5)
        assert numbers(take(subscription, 1)) == [5]
    hub.close()


def test_closing_the_hub_or_the_subscription_ends_a_waiting_screen(make_hub: MakeHub) -> None:
    hub = make_hub()
    one, other = Reader(hub.subscribe("demo"), 1), Reader(hub.subscribe("demo"), 1)
    one.subscription.close()
    one.join(LONG)
    assert not one.is_alive()
    assert other.is_alive()
    hub.close()
    other.join(LONG)
    assert not other.is_alive()
    assert list(hub.subscribe("demo")) == []
