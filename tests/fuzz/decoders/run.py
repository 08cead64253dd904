"""Gives inputs to workers, watches them, and keeps what they fail on.

A worker that says nothing for ``patience`` seconds about one input hangs and is killed; an input
that costs more than ``seconds`` of processor time is too slow. A worker that hangs or dies leaves
its batch to another, which reads the same inputs in the same order: if that is lost as well it was
the input, if not the machine stood still or somebody ended the first. The inputs around a deadly
one are read by others, so that none is left out.
"""

from __future__ import annotations

import mmap
import multiprocessing
import os
import re
import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path

from tests.fuzz.decoders.bombs import warm
from tests.fuzz.decoders.inputs import Inputs
from tests.fuzz.decoders.targets import Target
from tests.fuzz.decoders.worker import NOTE, Failure, Tally, Task, work

BATCH = 10_000
MOST_LOST = 20
"""Workers that one decoder may kill before it gets no more inputs."""

_FORK = multiprocessing.get_context("fork")


@dataclass
class _Worker:
    target: Target
    numbers: range
    place: int
    process: ForkProcess
    answer: Connection


class Run:
    """One run over ``targets``: ``count`` inputs in all, by the shares of the targets."""

    def __init__(
        self,
        targets: Sequence[Target],
        count: int,
        seed: int,
        *,
        workers: int = 2,
        patience: float = 60.0,
        seconds: float = 3.0,
        say: Callable[[int, int], None] = lambda done, failures: None,
    ) -> None:
        self.targets = {target.name: target for target in targets}
        self._seed = seed
        self._workers = workers
        self._patience = patience
        self._seconds = seconds
        self._say = say
        warm()
        self._note = mmap.mmap(-1, NOTE.size * workers)
        self._lost = dict.fromkeys(self.targets, 0)
        self._again: set[tuple[str, range]] = set()
        self.lost: list[str] = []
        self._batches = deque(_batches(_amounts(targets, count)))
        self.tallies = {name: Tally() for name in self.targets}

    def go(self) -> Mapping[str, Tally]:
        """The tallies by the names of the decoders."""
        free, busy = list(range(self._workers)), dict[Connection, _Worker]()
        while self._batches or busy:
            while free and self._batches:
                worker = self._start(*self._batches.popleft(), free.pop())
                busy[worker.answer] = worker
            for answer in set(busy).intersection(wait(list(busy), timeout=0.5)):
                worker = busy.pop(answer)
                self._finish(worker)
                free.append(worker.place)
            for worker in busy.values():
                if self._hangs(worker):
                    _end(worker.process)  # its end of the answer closes, and it is finished above
            self._say(
                sum(tally.inputs for tally in self.tallies.values()),
                sum(len(tally.failures) for tally in self.tallies.values()),
            )
        return self.tallies

    @property
    def ended_by_others(self) -> int:
        """Workers that were lost to no input: another one has read the same."""
        return len(self._again)

    def input(self, name: str, number: int) -> bytes:
        """The bytes of one input."""
        return Inputs(self.targets[name], self._seed).one(number)[1]

    def _start(self, name: str, numbers: range, place: int) -> _Worker:
        target = self.targets[name]
        mine, theirs = _FORK.Pipe(duplex=False)
        at = place * NOTE.size
        NOTE.pack_into(self._note, at, -1, time.monotonic())
        task = Task(target, self._seed, numbers, self._seconds, self._note, at)
        process = _FORK.Process(target=work, args=(task, theirs), daemon=True)
        process.start()
        theirs.close()
        return _Worker(target, numbers, place, process, mine)

    def _hangs(self, worker: _Worker) -> bool:
        number, since = self._noted(worker)
        return number >= 0 and time.monotonic() - since > self._patience

    def _noted(self, worker: _Worker) -> tuple[int, float]:
        """The input that a worker is at, and since when."""
        number, since = NOTE.unpack_from(self._note, worker.place * NOTE.size)
        return number, since

    def _finish(self, worker: _Worker) -> None:
        name = worker.target.name
        hung = self._hangs(worker)
        try:
            self.tallies[name].add(worker.answer.recv())
        except EOFError:
            worker.process.join()
            self._lose(worker, self._noted(worker)[0], hung)
        worker.answer.close()
        worker.process.join()

    def _lose(self, worker: _Worker, number: int, hung: bool) -> None:
        name, code = worker.target.name, worker.process.exitcode or 0
        if code > 0 or number < 0:
            raise RuntimeError(f"the fuzz itself failed at {name}, after input {number} ({code})")
        why = f"nothing for {self._patience:g} s" if hung else f"the process ended with {code}"
        batch = name, worker.numbers
        if batch not in self._again:
            self.lost.append(f"{name}, input {number}: {why}")
            self._again.add(batch)
            self._batches.appendleft(batch)
            return
        self._again.discard(batch)
        self.tallies[name].failures.append(Failure(name, number, "hang" if hung else "crash", why))
        self._lost[name] += 1
        if self._lost[name] >= MOST_LOST:
            self._batches = deque(batch for batch in self._batches if batch[0] != name)
            return
        self.tallies[name].inputs += 1
        numbers = worker.numbers
        rest = (range(numbers.start, number), range(number + 1, numbers.stop))
        self._batches.extendleft((name, part) for part in rest if part)


def _end(process: ForkProcess) -> None:
    """Let it show where it stands, then kill it."""
    if process.pid is not None:
        os.kill(process.pid, signal.SIGUSR1)
        process.join(1)
    process.kill()


def keep(run: Run, failures: Sequence[Failure], folder: Path, most: int) -> int:
    """Writes failing inputs to ``folder``, each with what went wrong in a ``.txt`` beside it.

    At most ``most`` of those that failed in the same way; gives how many there are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    alike: Counter[tuple[str, str, str]] = Counter()
    for failure in failures:
        said, _, place = failure.detail.partition("\n")
        way = failure.target, failure.kind, place or re.sub(r"\d+|'.*'", "", said)
        alike[way] += 1
        if alike[way] > most:
            continue
        stem = f"{failure.target}-{failure.kind}-{failure.number}"
        suffix = run.targets[failure.target].suffix
        (folder / f"{stem}{suffix}").write_bytes(run.input(failure.target, failure.number))
        (folder / f"{stem}.txt").write_text(f"{failure.kind}: {failure.detail}\n", encoding="utf-8")
    return sum(min(most, count) for count in alike.values())


def _amounts(targets: Sequence[Target], count: int) -> dict[str, int]:
    whole = sum(target.share for target in targets)
    amounts = {target.name: round(count * target.share / whole) for target in targets}
    amounts[targets[0].name] += count - sum(amounts.values())
    return amounts


def _batches(amounts: Mapping[str, int]) -> list[tuple[str, range]]:
    """Batches of all decoders by turns."""
    found = [
        (start / amount, name, range(start, min(start + BATCH, amount)))
        for name, amount in amounts.items()
        for start in range(0, amount, BATCH)
    ]
    return [(name, numbers) for _, name, numbers in sorted(found, key=lambda each: each[0])]
