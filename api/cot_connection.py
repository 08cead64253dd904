"""One TAK client: its bytes in, cut into events, and what the others said, out."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from formats.cot import Reading, read
from formats.cot_stream import Splitter

PIECE = 256 * 1024
"""Bytes that are handed to the network at once. What it does not take is shared by all connections
that wait for it, instead of being copied and moved for each of them."""

LARGEST_BACKLOG = 8 * 1024 * 1024
"""Bytes that may wait for a client that does not read (about 12,000 events). Then it is let go and
has to connect again: it must cost neither memory nor the others their time."""

QUIET_S = 5.0
"""A connection that was replaced by a new one of the same client is read on until it has been quiet
for so long: what was sent before the client lost it still counts."""


BINARY = b"\xbf"
"""What every message of the binary form of the TAK protocol begins with; no XML does. A client
speaks it only to a server that has offered it, which this one never does."""


class Hall(Protocol):
    """Where connections report; ``CotListener`` is it."""

    def entered(self, connection: Connection) -> bool:
        """A client has connected; False sends it away."""

    def said(self, connection: Connection, readings: Sequence[Reading]) -> None:
        """It has said something."""

    def binary(self, connection: Connection) -> None:
        """It speaks the binary form of the protocol, and is closed."""

    def left(self, connection: Connection) -> None:
        """It is gone."""


class Connection(asyncio.Protocol):
    """``certificate`` is the common name that a client has proven, None without TLS. ``device`` is
    the known device that it speaks for, None until that is clear."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._splitter = Splitter()
        self._transport: asyncio.Transport | None = None
        self._heard = 0
        self._waiting: deque[memoryview] = deque()
        self._backlog = 0
        self._full = False
        self.certificate: str | None = None
        self.proven: str | None = None
        self.device: str | None = None
        self.replaced = False
        self.faults = 0
        self.peer = "?"

    # --- what asyncio calls --------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        name = transport.get_extra_info("peername")
        self.peer = str(name[0]) if name else "?"
        certificate = transport.get_extra_info("peercert")
        secured = transport.get_extra_info("ssl_object") is not None
        self.certificate = _common_name(certificate or {}) if secured else None
        if not self._hall.entered(self):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        self._heard += 1
        if self._heard == 1 and data.startswith(BINARY):
            self._hall.binary(self)
            self.close()
            return
        pieces = self._splitter.feed(data)
        if pieces:
            self._hall.said(self, read(pieces))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._waiting.clear()
        self._hall.left(self)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._hand_over()

    # --- what the listener calls ---------------------------------------------------------------

    def send(self, data: bytes) -> bool:
        """Hand over, without waiting; False when the client does not read and was let go."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return True
        whole = memoryview(data)
        self._waiting.extend(whole[start : start + PIECE] for start in range(0, len(data), PIECE))
        self._backlog += len(data)
        self._hand_over()
        if self._backlog <= LARGEST_BACKLOG:
            return True
        transport.abort()
        return False

    def _hand_over(self) -> None:
        """Give the network as much as it takes."""
        while self._waiting and not self._full and self._transport is not None:
            piece = self._waiting.popleft()
            self._backlog -= len(piece)
            self._transport.write(piece)

    @property
    def leaving(self) -> bool:
        """Whether it is closed or about to be."""
        return self._transport is None or self._transport.is_closing()

    def pause(self) -> None:
        """Read nothing more for now; the network then holds the client back."""
        if self._transport is not None and self._transport.is_reading():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def retire(self) -> None:
        """A newer connection of the same client has taken its place."""
        self.replaced = True
        heard = self._heard
        asyncio.get_running_loop().call_later(QUIET_S, self._close_if_quiet, heard)

    def close(self) -> None:
        """End it, after what is on its way to the client."""
        if self._transport is not None:
            for piece in self._waiting:
                self._transport.write(piece)
            self._waiting.clear()
            self._transport.close()

    def _close_if_quiet(self, heard: int) -> None:
        if self._heard == heard:
            self.close()
        else:
            self.retire()


def _common_name(certificate: Mapping[str, Any]) -> str:
    """The common name of the client's certificate, which the handshake has verified."""
    for names in certificate.get("subject", ()):
        for key, value in names:
            if key == "commonName":
                return str(value)
    return ""
