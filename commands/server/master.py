"""The process over the workers: which of them listen where, and what ended it."""

from __future__ import annotations

from typing import Any

from gunicorn.arbiter import Arbiter


class Master(Arbiter):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's arbiter; where the application has ``feeds_apart``, one worker listens at the last
    of the addresses and nowhere else, and all others at the rest.

    A worker that ends is replaced by one of the same kind. ``stopped_by`` is the signal that ended
    it all.
    """

    stopped_by = ""

    def spawn_worker(self) -> Any:
        """Start the worker that is missing: that of the phones' port before all others."""
        every: list[Any] = self.LISTENERS  # type: ignore[has-type]
        if self.app.feeds_apart:
            self.app.now_for_feeds = not self._has_feeds()
            self.LISTENERS = every[-1:] if self.app.now_for_feeds else every[:-1]
        try:
            return super().spawn_worker()  # the new process does not come back from here
        finally:
            self.LISTENERS = every

    def _has_feeds(self) -> bool:
        # While workers are replaced (SIGHUP) the old ones still run; only the newest will stay.
        newest = sorted(self.WORKERS.values(), key=lambda worker: -worker.age)
        return any(worker.is_for_feeds for worker in newest[: self.num_workers - 1])

    def handle_ttin(self) -> None:
        """How many workers there are is a setting."""

    def handle_ttou(self) -> None:
        """How many workers there are is a setting."""

    def handle_term(self) -> None:
        """SIGTERM."""
        self.stopped_by = "SIGTERM"
        super().handle_term()

    def handle_int(self) -> None:
        """Ctrl-C."""
        self.stopped_by = "SIGINT"
        super().handle_int()

    def handle_quit(self) -> None:
        """SIGQUIT."""
        self.stopped_by = "SIGQUIT"
        super().handle_quit()
