"""Programs to compare with, each in an environment of its own that is made when it is asked for.

``make bench PEERS=1`` (or ``BENCH_PEERS=1`` in the environment) makes them under ``var/peers``;
what is there already is used in any case.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "var" / "peers"
HERE = Path(__file__).resolve().parent


class NotInstalledError(Exception):
    """The program is not there; the text says why and what to do."""


def asked_for() -> bool:
    """Whether peers may be installed: ``BENCH_PEERS=1``."""
    return os.environ.get("BENCH_PEERS") == "1"


def python_with(name: str, *packages: str) -> Path:
    """The Python of an environment with exactly these packages and what they need.

    Raises ``NotInstalledError`` where it is neither there nor asked for, or cannot be installed.
    """
    home = FOLDER / name.lower()
    python, note, wanted = home / "bin" / "python", home / "installed", "\n".join(packages)
    if note.exists() and note.read_text() == wanted:
        return python
    if not asked_for():
        raise NotInstalledError(f"{name} is not installed (make bench PEERS=1)")
    print(f"installing {' '.join(packages)}", file=sys.stderr, flush=True)
    venv.create(home, with_pip=True, clear=True)
    install = [str(python), "-m", "pip", "install", "-qq", *packages]
    if subprocess.run(install, stdout=sys.stderr).returncode:
        raise NotInstalledError(f"{name} could not be installed here; what pip said is above")
    note.write_text(wanted)
    return python
