"""Files that hold everything: readable by their owner alone, and there as a whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from domain.errors import DashboardError

_PIECE = 1 << 20


class BackupRefused(DashboardError):
    """Nothing was written or replaced; the detail says why."""

    title = "No backup"


@contextmanager
def as_refusal(path: Path) -> Iterator[None]:
    """What the file system refuses, in words that name the path."""
    try:
        yield
    except OSError as fault:
        name = fault.filename if isinstance(fault.filename, str) else path
        raise BackupRefused(f"{name}: {fault.strerror or fault}") from fault


@contextmanager
def unfinished(path: Path, suffix: str = ".unfinished") -> Iterator[Path]:
    """A new file beside ``path`` that only its owner may read; gone afterwards, with whatever
    SQLite has put beside it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=suffix)
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
    finally:
        for part in (beside, *companions(beside)):
            with suppress(OSError):
                part.unlink(missing_ok=True)


def publish(made: Path, path: Path) -> None:
    """Give what was made its name, once it is on the disk. Raises ``BackupRefused`` where the name
    is taken: a file is never replaced."""
    synchronise(made)
    try:
        os.link(made, path)
    except FileExistsError as fault:
        raise BackupRefused(f"{path} exists; a file is never replaced") from fault
    except OSError:  # a file system that knows no second name, such as that of a memory stick
        refuse_taken(path)
        made.rename(path)
    synchronise(path.parent)


def refuse_taken(path: Path) -> None:
    """Raise ``BackupRefused`` where anything has that name, a link that leads nowhere included."""
    if os.path.lexists(path):
        raise BackupRefused(f"{path} exists; a file is never replaced")


def refuse_full(folder: Path, needed: int, what: str) -> None:
    """Raise ``BackupRefused`` where ``needed`` bytes do not fit."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise BackupRefused(
            f"{folder} has {free:,} bytes free, and {what} takes {needed:,}: nothing was written"
        )


def synchronise(path: Path) -> None:
    """Return when a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def companions(database: Path) -> list[Path]:
    """What SQLite may have put beside a database."""
    return [database.with_name(database.name + suffix) for suffix in ("-wal", "-shm", "-journal")]


def first_bytes(path: Path) -> bytes:
    """The first 16, fewer where there are fewer; they tell what kind of file it is."""
    with path.open("rb") as file:
        return file.read(16)


def sha256_of(path: Path) -> str:
    """The digest of a file, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
