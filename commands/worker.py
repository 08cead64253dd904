"""A worker of the server that stays with a connection for a moment after an answer.

Who sends one request after another (a tracker that empties its queue, a screen that loads) is then
answered by one thread all the way, instead of being handed from the main thread to another one for
each request, which costs as much as a small answer does.
"""

from __future__ import annotations

import select
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

STAYS_MILLISECONDS = 5


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's worker with threads, less hasty."""

    def handle(self, conn: Any) -> Any:
        """Answer the requests of a connection while they follow closely; as gunicorn's own, tells
        whether it may be kept open."""
        keep = super().handle(conn)
        while keep is True and self._follows(conn):
            keep = super().handle(conn)
        return keep

    def _follows(self, conn: Any) -> bool:
        """Whether another request is there in a moment, and nobody else waits for this thread."""
        if not self.alive or self.tpool._work_queue.qsize():
            return False
        waiting = select.poll()
        waiting.register(conn.sock, select.POLLIN)
        return bool(waiting.poll(STAYS_MILLISECONDS))
