"""``flask log``: check the hash chains, and write the anchors that make a cut end visible."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import click

from commands.anchor_files import add_to_file, read_file
from commands.durations import Span
from commands.group import Group
from commands.log_security import HasSecurityKeeping, security_commands
from domain.errors import StoreUnavailable
from services.anchoring import Anchoring, BrokenChain
from services.log_check import LogCheck, Verdict


class HasLogCheck(HasSecurityKeeping, Protocol):
    """What these commands need of the joined services."""

    @property
    def log_check(self) -> LogCheck: ...
    @property
    def anchoring(self) -> Anchoring: ...


def log_commands(get_services: Callable[[], HasLogCheck]) -> Group:
    """The group, to be added to ``app.cli``; ``get_services`` is called when a command runs."""
    group = Group("log", help="The hash-chained log: verify it, anchor it elsewhere.")
    group.add_command(security_commands(get_services))

    @group.command()
    @click.option(
        "--anchors",
        type=click.Path(dir_okay=False, path_type=Path),
        help="A file that `flask log anchor` wrote earlier and that was kept elsewhere.",
    )
    def verify(anchors: Path | None) -> None:
        """Read every chain from its beginning; exit code 1 when anything is broken."""
        kept = None if anchors is None else read_file(anchors)
        verdicts = get_services().log_check.verify(kept)
        for verdict in verdicts:
            _show(verdict)
        if any(verdict.faults for verdict in verdicts):
            raise click.exceptions.Exit(1)

    @group.command()
    @click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
    @click.option("--every", type=Span(), help="Go on, so often: 15m, 1h, 1d. Ends with a signal.")
    def anchor(file: Path, every: timedelta | None) -> None:
        """Add the end of every chain to FILE; keep that file where this machine cannot write.

        What FILE has already is held against the chains first; a broken chain is not anchored.
        """
        anchoring = get_services().anchoring
        if every is None:
            _anchor(anchoring, file, always=True)
            return
        with _until_a_signal() as stopped:
            go_on(anchoring, file, every, stopped)

    return group


class Stopped(Protocol):
    """Tells when to end; ``threading.Event`` does."""

    def wait(self, timeout: float) -> bool:
        """Wait for so many seconds; True when it is to end."""


def go_on(anchoring: Anchoring, file: Path, every: timedelta, stopped: Stopped) -> None:
    """Anchor at once and then so often, until it is stopped. Raises ``ClickException`` at the
    first fault; a database that does not answer is told of and asked again in its turn."""
    click.echo(f"anchoring to {file}, every {every}")
    while True:
        try:
            _anchor(anchoring, file, always=False)
        except StoreUnavailable as fault:
            click.echo(f"nothing anchored: {fault.detail}", err=True)
        if stopped.wait(every.total_seconds()):
            break
    click.echo("ended")


def _anchor(anchoring: Anchoring, file: Path, *, always: bool) -> None:
    kept = read_file(file) if file.exists() and file.stat().st_size else None
    try:
        found = anchoring.due(kept, always=always)
        if found:
            add_to_file(file, found)
    except BrokenChain as broken:
        for verdict in broken.verdicts:
            _show(verdict)
        raise
    except OSError as fault:
        raise click.ClickException(f"{file}: {fault.strerror}") from fault
    click.echo(f"anchored {len(found)} chain(s)" if found else "nothing has changed")


@contextmanager
def _until_a_signal() -> Iterator[threading.Event]:
    """Set by SIGINT and SIGTERM, which end the process only after what is being written."""
    stopped = threading.Event()

    def stop(*_: Any) -> None:
        stopped.set()

    before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _show(verdict: Verdict) -> None:
    count = "" if verdict.events is None else f"{verdict.events} event(s), "
    click.echo(f"{verdict.operation}: {count}{verdict.state}")
    for line in (*verdict.faults, *verdict.remarks):
        click.echo(f"  {line}")
