"""The clock of a device, told by the quickest of its messages."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.clocks import ENOUGH, clock_skew_s

SECOND = 1_000_000


@given(
    st.integers(-3600, 120), st.lists(st.floats(0, 900), min_size=20, max_size=80), st.integers(0)
)
def test_a_clock_that_is_off_is_seen_through_slow_messages(
    skew: int, delays: list[float], seed: int
) -> None:
    """A third of the messages is quick, the others take up to a quarter of an hour."""
    delays[::3] = [0.3] * len(delays[::3])
    measured = np.arange(len(delays)) * 10 * SECOND
    received = measured + (np.array(delays) * SECOND).astype(np.int64)
    order = np.random.default_rng(seed).permutation(len(delays))
    told = clock_skew_s((measured + skew * SECOND)[order], received[order])
    assert told == pytest.approx(skew, abs=0.5)


def test_a_batch_sent_late_tells_by_its_newest_fix() -> None:
    measured = np.arange(600) * SECOND
    received = (measured // (60 * SECOND) + 1) * 60 * SECOND  # ten batches of a minute
    assert clock_skew_s(measured, received) == pytest.approx(-1.0)


def test_a_single_wrong_time_changes_nothing() -> None:
    measured = np.arange(40) * SECOND
    received = measured + SECOND // 5
    measured[17] += 90 * SECOND
    assert clock_skew_s(measured, received) == pytest.approx(-0.2)


def test_a_clock_that_was_set_again_is_believed_soon() -> None:
    received = np.arange(200) * SECOND
    measured = received + np.where(np.arange(200) < 100, 300, 0) * SECOND
    assert clock_skew_s(measured, received) == 0


@pytest.mark.parametrize("count", [0, 1, ENOUGH - 1])
def test_too_little_to_tell(count: int) -> None:
    times = np.arange(count) * SECOND
    assert clock_skew_s(times, times) is None


def test_a_single_refused_message_tells_the_clock() -> None:
    times = np.array([10_800 * SECOND])
    assert clock_skew_s(times, np.array([2 * SECOND]), np.array([True])) == 10_798
    assert clock_skew_s(times, np.array([2 * SECOND]), np.array([False])) is None


def test_refused_messages_count_until_others_come() -> None:
    """Three hours ahead, then set right: what came before is forgotten at once."""
    received = np.arange(40) * 10 * SECOND
    ahead = np.arange(40) < 30
    measured = received + np.where(ahead, 10_800, -1) * SECOND
    assert clock_skew_s(measured[:30], received[:30], ahead[:30]) == 10_800
    assert clock_skew_s(measured[:32], received[:32], ahead[:32]) is None
    assert clock_skew_s(measured, received, ahead) == -1
    order = np.random.default_rng(1).permutation(40)
    assert clock_skew_s(measured[order], received[order], ahead[order]) == -1
    # and the other way round: right at first, then set wrong
    assert clock_skew_s(-measured[::-1], -received[::-1], ahead[::-1]) == -10_800
