"""The small form of the decoders' fuzz, and that it sees what it looks for."""

from __future__ import annotations

import contextlib
import math
import mmap
import os
import signal
import socket
import time
import zlib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from domain.fixes import Report
from formats.message import Unreadable
from tests.fuzz.decoders import bombs
from tests.fuzz.decoders.inputs import KINDS, Inputs
from tests.fuzz.decoders.report import report
from tests.fuzz.decoders.run import Run, keep
from tests.fuzz.decoders.targets import Target, targets
from tests.fuzz.decoders.worker import MEMORY, Tally

Read = Callable[[bytes], Sequence[Report]]


def test_some_thousand_inputs_are_read_or_refused_by_every_decoder(tmp_path: Path) -> None:
    every = targets()
    run = Run(every, 6_000, seed=20, seconds=math.inf)
    tallies = run.go()
    failures = [failure for tally in tallies.values() for failure in tally.failures]
    keep(run, failures, tmp_path, 3)
    assert not [path.read_text() for path in sorted(tmp_path.glob("*.txt"))]
    assert sum(tally.inputs for tally in tallies.values()) == 6_000
    for name, tally in tallies.items():
        assert sum(tally.outcomes.values()) == sum(tally.kinds.values()) == tally.inputs, name
        assert tally.outcomes["accepted"] > 0, name
        assert tally.outcomes["refused"] > 0, name
        assert tally.reasons, name
    assert set().union(*(tally.kinds for tally in tallies.values())) == set(range(len(KINDS)))
    told = report(run, tallies, 1.0)
    assert "6,000 inputs in 1 s, 6,000 passed, 0 failed" in told
    assert all(f"\n{target.name} " in told for target in every)


def test_what_a_number_stands_for_does_not_change() -> None:
    for target in targets():
        first, again, other = Inputs(target, 1), Inputs(target, 1), Inputs(target, 2)
        made = [first.one(number) for number in range(60)]
        assert [again.one(number) for number in reversed(range(60))] == made[::-1]
        assert [other.one(number) for number in range(60)] != made


def test_archives_do_not_tell_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [bombs._archive.__wrapped__(way, 0) for way in range(bombs._ARCHIVES)]
    later = time.gmtime(2_000_000_000)
    monkeypatch.setattr(time, "localtime", lambda *_: later)
    assert [bombs._archive.__wrapped__(way, 0) for way in range(bombs._ARCHIVES)] == made


def test_a_decoder_accepts_what_its_inputs_are_made_from() -> None:
    for target in targets():
        read = 0
        for seed in target.seeds:
            with contextlib.suppress(*target.refusals):
                target.read(seed)
                read += 1
        assert read * 2 >= len(target.seeds) - 2 or target.name == "quarantine", target.name


def _refuses(field: str, detail: str) -> Read:
    def read(raw: bytes) -> Sequence[Report]:
        raise Unreadable(field, detail)

    return read


def _raises(raw: bytes) -> Sequence[Report]:
    raise KeyError(raw)


def _naive(raw: bytes) -> Sequence[Report]:
    moment = datetime(2026, 11, 21)  # noqa: DTZ001
    return [Report("d", moment, 42.0, 20.0, None, None, None, None, None, None, {})]


def _opens(raw: bytes) -> Sequence[Report]:
    with contextlib.suppress(OSError):
        open("/etc/hostname", "rb").close()
    return []


def _connects(raw: bytes) -> Sequence[Report]:
    with contextlib.suppress(OSError), socket.socket() as one:
        one.connect(("127.0.0.1", 9))
    return []


def _grows(raw: bytes) -> Sequence[Report]:
    assert b"\x01" * 150_000_000
    return []


def _asks_for_all(raw: bytes) -> Sequence[Report]:
    assert bytearray(2 * MEMORY)
    return []


def _dies(raw: bytes) -> Sequence[Report]:
    os.kill(os.getpid(), signal.SIGKILL)
    return []


def _hangs(raw: bytes) -> Sequence[Report]:
    while True:
        time.sleep(0.1)


FAULTY: dict[str, tuple[Read, str]] = {
    "another exception": (_raises, "KeyError"),
    "no field": (_refuses("", "is wrong"), "Broken"),
    "no reason": (_refuses("body", " "), "Broken"),
    "a reason that cannot be stored": (_refuses("body", "is \ud800"), "Broken"),
    "a reason without an end": (_refuses("body", "x" * 2_000), "Broken"),
    "a time without a zone": (_naive, "Broken"),
    "opens a file": (_opens, "outside"),
    "opens a socket": (_connects, "outside"),
    "much memory": (_grows, "memory"),
    "all memory": (_asks_for_all, "MemoryError"),
    "dies": (_dies, "crash"),
    "hangs": (_hangs, "hang"),
}


@pytest.mark.parametrize(("read", "kind"), FAULTY.values(), ids=FAULTY)
def test_a_faulty_decoder_is_seen_and_its_input_kept(read: Read, kind: str, tmp_path: Path) -> None:
    target = Target("faulty", ".bin", read, (Unreadable,), (b"seed",))
    patience = 2.0 if kind == "hang" else 600.0
    run = Run([target], 1, seed=1, patience=patience, seconds=math.inf)
    (failure,) = run.go()["faulty"].failures
    assert (failure.kind, failure.number) == (kind, 0)
    assert keep(run, [failure], tmp_path, 3) == 1
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.bin")} == {
        f"faulty-{kind}-0.bin": Inputs(target, 1).one(0)[1]
    }


def test_an_input_that_costs_too_much_is_seen() -> None:
    def slow(raw: bytes) -> Sequence[Report]:
        began = time.process_time()
        while time.process_time() - began < 0.02:
            pass
        return []

    target = Target("slow", ".bin", slow, (), (b"seed",))
    tally = Run([target], 3, seed=1, seconds=0.01).go()["slow"]
    assert [failure.kind for failure in tally.failures] == ["slow"] * 3


def test_a_process_that_somebody_else_ends_is_no_fault_of_its_input() -> None:
    def ends_once(raw: bytes) -> Sequence[Report]:
        if not mark[0]:
            mark[0] = 1
            os.kill(os.getpid(), signal.SIGKILL)
        return []

    mark = mmap.mmap(-1, 1)
    run = Run([Target("ended", ".gpx", ends_once, (), (b"seed",))], 20, seed=1, seconds=math.inf)
    tally = run.go()["ended"]
    assert (tally.inputs, tally.outcomes, tally.failures) == (20, {"nothing": 20}, [])
    assert run.ended_by_others == 1
    assert run.lost == ["ended, input 0: the process ended with -9"]


def test_the_inputs_around_one_that_kills_are_read_as_well() -> None:
    deadly = {number for number in range(120) if zlib.crc32(_input(number)) % 30 == 0}
    target = Target("deadly", ".bin", _kills_at_some, (), (b"seed",))
    tally: Tally = Run([target], 120, seed=1, seconds=math.inf).go()["deadly"]
    assert len(deadly) > 1
    assert {failure.number for failure in tally.failures} == deadly
    assert tally.inputs == 120
    assert sum(tally.outcomes.values()) == 120 - len(deadly)


def _input(number: int) -> bytes:
    return Inputs(Target("deadly", ".bin", _kills_at_some, (), (b"seed",)), 1).one(number)[1]


def _kills_at_some(raw: bytes) -> Sequence[Report]:
    if zlib.crc32(raw) % 30 == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return []
