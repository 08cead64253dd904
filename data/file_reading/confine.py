"""What a reading process takes away from itself before it sees a byte of the file."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

_NICER = 10
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_LINUX = sys.platform == "linux"


def confine(processor_s: int, wait_s: int, memory: int, result: int, parent: int) -> None:
    """Bound this process; ``memory`` and ``result`` are bytes, ``parent`` is who has started it.

    It ends with its parent, and where that cannot be asked for (only Linux can), at the latest
    after ``wait_s`` seconds. Whatever runs out ends it with a signal that tells which it was, or is
    a ``MemoryError`` or ``OSError`` here.
    """
    if _LINUX:
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)  # it had gone before this process could ask to end with it
    os.nice(_NICER)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, 32)
    _limit(resource.RLIMIT_NPROC, 0)  # it starts no process, unless the superuser runs it
    _limit(resource.RLIMIT_FSIZE, result)
    _limit(resource.RLIMIT_CPU, processor_s, processor_s + 1)  # SIGXCPU, which tells what it was
    _limit(resource.RLIMIT_AS, memory)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, wait_s)


def _limit(what: int, most: int, at_last: int | None = None) -> None:
    """Set a limit, or the lower one that is there already; some systems do not know all of them."""
    try:
        _, hard = resource.getrlimit(what)
        ceiling = most if at_last is None else at_last
        highest = ceiling if hard == resource.RLIM_INFINITY else min(ceiling, hard)
        resource.setrlimit(what, (min(most, highest), highest))
    except (ValueError, OSError):
        return
