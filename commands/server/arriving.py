"""A request while its bytes come in: is it all there?

Nothing is interpreted here. This only decides when a thread is given the request; what it says,
and whether it is well formed, gunicorn's parser judges from the same bytes. Whatever looks odd is
therefore *ready*: the parser refuses it at once.
"""

from __future__ import annotations

import re
import time
from enum import Enum

from commands.server.limits import Limits

_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"^content-length:[ \t]*([0-9]{1,15})[ \t]*$", re.IGNORECASE)
_CODING = re.compile(rb"^transfer-encoding:[ \t]*chunked[ \t]*$", re.IGNORECASE)
_FRAMING = re.compile(rb"^(?:content-length|transfer-encoding)[ \t]*:", re.IGNORECASE)
_EXPECTS = re.compile(rb"^expect:[ \t]*100-continue[ \t]*$", re.IGNORECASE | re.MULTILINE)
_SIZE = re.compile(rb"[0-9a-fA-F]{1,12}")
_BEGINNING = re.compile(rb"(?:\r\Z|\r\n)?[A-Z]{0,32}(?:\Z| )")
_SIZE_LINE = 256


class State(Enum):
    """How far a request has come."""

    NOTHING = "nothing"
    HEAD = "head"
    BODY = "body"
    READY = "ready"
    NOT_HTTP = "not HTTP"
    TOO_LARGE = "head too large"


class Arriving:
    """The bytes of the next request of one connection.

    ``whole`` is false for a request that is ready although its body is not there, because the body
    is too large or its framing is not understood: the connection ends with its answer.
    """

    def __init__(self, limits: Limits, began: float, seconds: float, data: bytes = b"") -> None:
        self._limits = limits
        self._deadline = began + seconds
        self._head_end = 0
        self._searched = 0
        self._needed = 0  # bytes in all, of a body with a length
        self._next = -1  # where the next chunk begins, of a body in chunks
        self._decoded = 0
        self._last = began
        self.held = bytearray()
        self.state = State.NOTHING
        self.whole = True
        self.expects = False
        self.add(data)

    def add(self, data: bytes) -> None:
        """Take what has been received, which may reach into the request after this one."""
        if not data:
            return
        if self.state is State.NOTHING:
            self.state = State.HEAD
            self._deadline = min(self._deadline, time.monotonic() + self._limits.head_s)
        self.held += data
        self._last = time.monotonic()
        if self.state is State.HEAD:
            self._look_at_head()
        if self.state is State.BODY:
            self._look_at_body()

    @property
    def deadline(self) -> float:
        """When it must be all there, on the clock of ``time.monotonic``.

        A body may take longer as long as it keeps coming, and not too slowly.
        """
        if self.state is not State.BODY:
            return self._deadline
        by_rate = self._deadline + (len(self.held) - self._head_end) / self._limits.rate
        return min(by_rate, self._last + self._limits.body_s)

    def _look_at_head(self) -> None:
        end = self.held.find(_HEAD_END, max(0, self._searched - len(_HEAD_END) + 1))
        self._searched = len(self.held)
        if end < 0:
            if not _BEGINNING.match(self.held[:40]):
                self.state = State.NOT_HTTP
            elif len(self.held) > self._limits.head_bytes:
                self.state = State.TOO_LARGE
            return
        self._head_end = end + len(_HEAD_END)
        if self._head_end > self._limits.head_bytes:
            self.state = State.TOO_LARGE
            return
        self._frame(bytes(self.held[:end]))

    def _frame(self, head: bytes) -> None:
        """How long the body is, from the one header that says so."""
        framing = [line for line in head.split(b"\r\n") if _FRAMING.match(line)]
        self.state = State.READY
        if not framing:
            return
        length = _LENGTH.match(framing[0])
        if len(framing) > 1 or not (length or _CODING.match(framing[0])):
            self.whole = False
            return
        if length:
            self._needed = self._head_end + int(length[1])
            if int(length[1]) > self._limits.body_bytes:
                self.whole = False
                return
        else:
            self._next = self._head_end
        self.state = State.BODY
        self.expects = bool(_EXPECTS.search(head.replace(b"\r\n", b"\n")))
        self._deadline = time.monotonic() + self._limits.body_s

    def _look_at_body(self) -> None:
        if self._next < 0:
            if len(self.held) >= self._needed:
                self.state = State.READY
            return
        while self.state is State.BODY and self._look_at_chunk():
            pass
        most = 2 * self._limits.body_bytes + self._limits.head_bytes
        if self.state is State.BODY and len(self.held) - self._head_end > most:
            self._give_up()  # more framing than content

    def _look_at_chunk(self) -> bool:
        """Step over one chunk, or the trailers; false where more bytes are needed."""
        end = self.held.find(b"\r\n", self._next, self._next + _SIZE_LINE)
        if end < 0:
            if len(self.held) - self._next >= _SIZE_LINE:
                self._give_up()
            return False
        size = _SIZE.match(self.held, self._next, end)
        if not size:
            self._give_up()
            return False
        count = int(size[0], 16)
        if not count:
            return self._look_at_trailers(end)
        self._decoded += count
        if self._decoded > self._limits.body_bytes:
            self._give_up()
            return False
        after = end + 2 + count + 2
        if len(self.held) < after:
            self._decoded -= count  # looked at again when it is there
            return False
        self._next = after
        return True

    def _look_at_trailers(self, size_end: int) -> bool:
        # either nothing, or lines that an empty one ends; the line of the size ends the same way
        end = self.held.find(_HEAD_END, size_end)
        if end >= 0:
            self.state = State.READY
        elif len(self.held) - size_end > self._limits.head_bytes:
            self._give_up()
        return False

    def _give_up(self) -> None:
        self.state = State.READY
        self.whole = False
