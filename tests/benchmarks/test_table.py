"""What the table of ``make bench`` says of a limit that is met, missed, quoted or not measured."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from benchmarks import __main__ as bench
from benchmarks.table import (
    Limit,
    Row,
    at_least,
    at_most,
    duration,
    not_measured,
    number,
    rendered,
    row,
    value_row,
)


@pytest.mark.parametrize(
    ("limit", "ratio", "met"),
    [
        (at_least(10), 10.0, "yes"),
        (at_least(10), 9.999, "**no**"),
        (at_most(2), 2.0, "yes"),
        (at_most(2), 2.001, "**no**"),
    ],
)
def test_a_limit_is_of_the_figure_and_not_of_what_is_printed(
    limit: Limit, ratio: float, met: str
) -> None:
    assert row("it", "5 s", "a peer", ratio, limit).met == met
    assert value_row("it", ratio, limit).met == met


def test_without_a_limit_nothing_is_met() -> None:
    assert row("it", "5 s", "a peer", 0.4) == Row("it", "5 s", "a peer", "0.400", "", "")


@pytest.mark.parametrize(
    ("ratio", "noise", "met"),
    [(1.04, (0.97, 1.1), "yes"), (1.04, (1.01, 1.1), "**no**"), (0.9, (0.8, 1.2), "yes")],
)
def test_noise_counts_for_what_is_measured(
    ratio: float, noise: tuple[float, float], met: str
) -> None:
    found = row("it", "5 ms", "before", ratio, at_most(1), noise=noise)
    assert found.met == met
    assert found.limit == "at most 1 within the noise"
    assert found.ratio == f"{number(ratio)} ({number(noise[0])} to {number(noise[1])})"


def test_a_quoted_figure_and_a_loss_are_said() -> None:
    found = row("it", "5", "x", 3.0, at_least(2), quoted=True, but="it lost 3 of 4")
    assert found.met == "yes, against a quoted figure, it lost 3 of 4"


def test_what_was_not_measured_owes_its_figure() -> None:
    found = not_measured("it", "taky is not installed (make bench PEERS=1)", at_least(10), "taky")
    assert found.met == "not measured: taky is not installed (make bench PEERS=1)"
    assert (found.measured, found.ratio, found.limit) == ("", "", "at least 10")


@pytest.mark.parametrize(
    ("value", "told"), [(1718.6, "1,719"), (29.44, "29.4"), (3.018, "3.02"), (0.976, "0.976")]
)
def test_figures_have_three_places(value: float, told: str) -> None:
    assert number(value) == told


def test_short_times_are_in_milliseconds() -> None:
    assert (duration(0.0165), duration(2.5)) == ("16.5 ms", "2.50 s")


def test_the_columns_line_up() -> None:
    lines = rendered([row("a", "b", "c", 12.0), not_measured("longer", "d")]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert len({tuple(i for i, c in enumerate(line) if c == "|") for line in lines}) == 1
    assert lines[1].split("|")[4].strip().endswith("-:")  # numbers stand to the right


def test_one_benchmark_that_fails_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> list[Row]:
        print("details of what fails")
        raise SystemExit("the server does not listen")

    good = SimpleNamespace(main=lambda: [row("what is good", "5", "6", 0.8)])
    monkeypatch.setitem(sys.modules, "benchmarks.fails", SimpleNamespace(main=fails))
    monkeypatch.setitem(sys.modules, "benchmarks.good", good)
    monkeypatch.setattr(bench, "NAMES", ("fails", "good"))
    assert bench.main([]) == 1
    told = capsys.readouterr()
    assert "not measured: it did not finish: the server does not listen" in told.out
    assert "| what is good" in told.out
    assert "details" not in told.out
    assert "details of what fails" in told.err
    assert "load average" in told.out.splitlines()[0]
    assert bench.main(["good"]) == 0


def test_only_what_there_is_can_be_asked_for() -> None:
    with pytest.raises(
        SystemExit, match="no benchmark nothing; there are half_open, incident_rebuild"
    ):
        bench.main(["nothing"])
