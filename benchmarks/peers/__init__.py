"""Programs to compare with, each in an environment of its own that is made when it is asked for."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "var" / "peers"
HERE = Path(__file__).resolve().parent


def asked_for() -> bool:
    """Whether peers may be installed: ``BENCH_PEERS=1``."""
    return os.environ.get("BENCH_PEERS") == "1"


def python_with(name: str, *packages: str) -> Path | None:
    """The Python of an environment with these packages; None where it is neither there nor
    asked for."""
    home = FOLDER / name
    python = home / "bin" / "python"
    if not python.exists():
        if not asked_for():
            return None
        venv.create(home, with_pip=True)
        install = [str(python), "-m", "pip", "install", "--quiet", *packages]
        subprocess.run(install, check=True, stdout=sys.stderr)
    return python
