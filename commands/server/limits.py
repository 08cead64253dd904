"""How long a client may take, how much it may send, and how many connections it may have."""

from __future__ import annotations

from dataclasses import dataclass

from services.track_files import MOST_BYTES

FEED_BODY = 64 * 1024
"""Bytes of the largest body of the phones' port; the feeds refuse a larger one."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, bytes and counts of one worker.

    A phone on a bad mobile link (a second or two to and fro, 1 kB a second) is well within them:
    its header has some hundred bytes. ``rate`` is what a body or an answer must move in bytes a
    second on top of its first seconds.
    """

    head_s: float = 20.0
    body_s: float = 20.0
    idle_s: float = 30.0
    send_s: float = 20.0
    stream_s: float = 15.0
    linger_s: float = 2.0
    rate: int = 500
    head_bytes: int = 64 * 1024
    body_bytes: int = MOST_BYTES
    held_bytes: int = 128 * 1024 * 1024
    connections: int = 2000
    of_one_address: int = 64
