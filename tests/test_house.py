"""The house itself: the direction of imports, the size of files, what must never be in them."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("domain", "formats", "services", "data", "layers", "pages", "callbacks", "api", "commands")


def _sources() -> list[Path]:
    found = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    return [*found, ROOT / "app.py", ROOT / "joining.py", ROOT / "settings.py"]


def test_imports_point_one_way() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    assert "0 broken" in done.stdout


def test_files_stay_small() -> None:
    sizes = {
        path: len(path.read_text().splitlines())
        for path in _sources()
        if path.name != "__init__.py" and "versions" not in path.parts
    }
    assert statistics.median(sizes.values()) <= 170
    large = [str(path.relative_to(ROOT)) for path, size in sizes.items() if size > 400]
    assert len(large) <= 3, large


def test_nothing_happens_on_import() -> None:
    code = (
        "import sys, threading; import app; import socket; "
        "assert threading.active_count() == 1; assert 'dash' in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("suffix", [".py", ".js", ".css", ".md", ".toml", ".json", ".csv", ".html"])
def test_no_file_reaches_for_the_network(suffix: str) -> None:
    """Screens, layers and scripts name no other host; sources of facts do, in their columns."""
    reaching = re.compile(
        r"(?:src|href|url|fetch|EventSource|import)\s*[=(:]\s*[\"'`](?:https?:)?//(?!127\.0\.0\.1)"
    )
    allowed = {ROOT / "data" / "kosovo" / "build"}
    for room in ("pages", "layers", "callbacks", "api", "assets", "services", "domain"):
        for path in (ROOT / room).rglob(f"*{suffix}"):
            if allowed.isdisjoint(path.parents):
                assert reaching.search(path.read_text(errors="replace")) is None, path


def test_every_needed_package_is_pinned() -> None:
    for name in ("requirements.txt", "requirements-test.txt"):
        for line in (ROOT / name).read_text().splitlines():
            words = line.split("#")[0].strip()
            if words and not words.startswith("-r"):
                assert re.fullmatch(r"[A-Za-z0-9_.\[\]-]+==[0-9][^ ]*", words), line
