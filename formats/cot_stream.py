"""Where one event ends and the next begins in the bytes of a TAK connection.

The streaming protocol has no other mark than ``</event>``: what came before it and after the one
before it is one event (the protocol text that comes with ATAK). An XML declaration may stand in
front of each.
"""

from __future__ import annotations

END = b"</event>"

LARGEST_EVENT = 64 * 1024
"""Bytes of one event. Real ones have under 2 KB; of what is longer only the end is looked at, so
that garbage without an end costs bounded memory and the event behind it is still found."""


class Splitter:
    """The events of one connection; however the bytes are cut, the pieces are the same."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """What ``data`` completes: pieces that end with ``END``, at most ``LARGEST_EVENT`` long."""
        known = len(self._rest)
        buffer = self._rest + data if known else data
        if buffer.find(END, max(0, known - len(END))) < 0:
            self._rest = _bounded(buffer)
            return []
        *parts, rest = buffer.split(END)
        self._rest = _bounded(rest)
        return [_last(part + END) for part in parts]

    def rest(self) -> bytes:
        """What is left without an end; it is given once."""
        rest, self._rest = self._rest, b""
        return _last(rest)


def _bounded(rest: bytes) -> bytes:
    """Trimmed seldom, because trimming copies."""
    return rest if len(rest) <= 2 * LARGEST_EVENT else rest[-LARGEST_EVENT:]


def _last(piece: bytes) -> bytes:
    return piece if len(piece) <= LARGEST_EVENT else piece[-LARGEST_EVENT:]
