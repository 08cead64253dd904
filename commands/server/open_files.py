"""How many connections the system lets a process have."""

from __future__ import annotations

import resource

_OTHER_FILES = 512
"""The database, the log, what is being read and written."""

_FEWEST = 100


def room_for(connections: int) -> int:
    """Ask the system for as many open files as ``connections`` need, and say how many connections
    there can be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return connections
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(_FEWEST, min(connections, allowed - _OTHER_FILES))
