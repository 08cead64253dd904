"""Files that this account alone may read: the database, what SQLite keeps beside it, and copies.

SQLite makes a new database as the umask of the process lets it, and gives its journal and shared
memory the mode of the database. So the database is made here before SQLite opens it, and one that
stands open to others is closed.
"""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

UMASK = 0o077
"""What a process takes away from every file that it makes."""

OWN_FOLDER = Path(__file__).resolve().parent.parent / "var"
"""The one folder that is this program's own wherever it runs; any other may be somebody's home."""

_FILE, _FOLDER = 0o600, 0o700
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_logger = logging.getLogger(__name__)


def make_folder(folder: Path) -> None:
    """Make the folder and what is missing above it, closed to others from the first moment."""
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(mode=_FOLDER, exist_ok=True)
    if folder.resolve() == OWN_FOLDER:
        _close_to_others(folder, _FOLDER)


def make_private(path: Path) -> None:
    """Make the file where it is missing; close it, and all that begins with its name, to others.

    What cannot be closed is written into the log; what cannot be made is left to whoever opens it.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, _FILE))
    except OSError:
        return
    for one in sorted(path.parent.glob(f"{_plainly(path.name)}*")):
        if one.is_file():
            _close_to_others(one, _FILE)


def _plainly(name: str) -> str:
    """A name as a pattern that matches it alone."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _close_to_others(path: Path, mode: int) -> None:
    try:
        if path.stat().st_mode & _OTHERS:
            path.chmod(mode)
    except OSError as fault:
        _logger.warning("%s can be read by other accounts: %s", path, fault.strerror)
