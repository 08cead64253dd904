"""Several workers that count in one Redis, and what holds when it goes away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from domain.access.sources import Source
from services.access import attempts as limits
from services.access.attempts import SignInAttempts
from services.access.limiting import LateLimiter
from tests.data.test_cache import redis_url, unused_port

__all__ = ["redis_url", "unused_port"]  # fixtures


def test_workers_share_the_few_guesses_and_what_is_known(redis_url: str) -> None:
    workers = [SignInAttempts(LateLimiter(redis_url)) for _ in range(3)]
    desk = Source("192.0.2.1")
    assert workers[0].begin("anna", desk) == 0
    workers[0].succeeded("anna", desk)
    assert workers[1].knows("anna", desk)

    def guess(number: int) -> float:
        return workers[number % 3].begin("anna", Source(f"198.51.100.{number}"))

    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(guess, range(40)))
    assert waits.count(0) == limits.STRANGERS.amount - 1, "the first sign-in was a stranger's"
    assert 3_000 < max(waits) <= 3_600
    for worker in workers:
        assert worker.wait("anna", desk) == 0
        assert worker.wait("anna", Source("203.0.113.9")) > 0
    for name in ("?" + "a" * 64, ""):
        assert workers[0].begin(name, Source("2001:db8::1")) == 0


def test_a_redis_that_goes_away_leaves_each_to_count_alone(unused_port: int) -> None:
    worker = SignInAttempts(LateLimiter(f"redis://127.0.0.1:{unused_port}/0"))
    waits = [worker.begin("anna", Source(f"198.51.100.{number}")) for number in range(12)]
    assert waits.count(0) == limits.STRANGERS.amount
    worker.succeeded("anna", Source("192.0.2.1"))
    assert worker.wait("anna", Source("192.0.2.1")) == 0
