"""A listener as a process of its own: it runs until a signal ends it, and tells what it did."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from services.garbage import settle


class Listener(Protocol):
    """What ends in good order: ``run`` returns some time after ``stop``."""

    @property
    def counts(self) -> Counter[str]: ...

    async def run(self) -> None: ...

    def stop(self) -> None: ...


def run_process(work: Coroutine[Any, Any, None]) -> None:
    """Do the work of the process to its end."""
    settle()
    asyncio.run(work)


def stop_at_signals(listener: Listener) -> None:
    """From now on SIGINT and SIGTERM stop it; called on its loop."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, listener.stop)


async def run_and_tell(listener: Listener, say: Callable[[str], None]) -> None:
    """Run it until it is stopped, then say what it counted."""
    await listener.run()
    told = ", ".join(f"{what}: {number:,}" for what, number in sorted(listener.counts.items()))
    say(f"stopped; {told}" if told else "stopped")
