"""Files of anchors on disk: read whole, and added to so that what was written stays."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from domain.anchors import AnchorFile
from domain.chain import Anchor
from services.anchoring import read_anchors, write_anchors


def read_file(path: Path) -> AnchorFile:
    """What the file holds; one that cannot be read holds nothing and says why."""
    try:
        return read_anchors(path.read_bytes().decode("utf-8", "replace"))
    except OSError as fault:
        return AnchorFile((), (f"{path}: {fault.strerror}",))


def add_to_file(path: Path, anchors: Sequence[Anchor]) -> None:
    """Add the anchors as whole lines; when it returns they are on disk. Raises ``OSError``.

    What a writer that died has left of a last line is taken away first: it is no anchor.
    """
    new = not path.exists()
    with path.open("ab") as out:
        _end_at_a_line(path, out.fileno())
        out.write(write_anchors(anchors).encode())
        out.flush()
        os.fsync(out.fileno())
    if new:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _end_at_a_line(path: Path, file: int) -> None:
    kept = path.read_bytes()
    begun = len(kept) - (kept.rfind(b"\n") + 1)
    if not begun:
        return
    if read_anchors(kept[len(kept) - begun :].decode("utf-8", "replace")).anchors:
        os.write(file, b"\n")  # all of it is there but its end
    else:
        os.ftruncate(file, len(kept) - begun)
