"""What the tests need of the system: installed where allowed, asked for where not."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

WITH_SERVERS = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"
"""Where Debian puts servers; the path of an account that is not root lacks it."""

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def missing() -> list[str]:
    """Debian names of what is not there."""
    found = []
    if not any(shutil.which(name) for name in CHROMIUM):
        found += ["chromium", "fonts-liberation", "fonts-dejavu-core"]
    installed = shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not installed and not os.environ.get("FPU_TEST_POSTGRES_URL"):
        found.append("postgresql")
    if not shutil.which("redis-server"):
        found.append("redis-server")
    if not shutil.which("mosquitto", path=WITH_SERVERS):
        found.append("mosquitto")
    if not shutil.which("nginx", path=WITH_SERVERS):
        found.append("nginx-light")
    if not shutil.which("caddy", path=WITH_SERVERS):
        found.append("caddy")
    return found


def main() -> None:
    """Install what is missing as root on Debian; otherwise say what a person has to install."""
    wanted = missing()
    if not wanted:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        settings = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=True, env=settings)
        quiet = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *wanted]
        subprocess.run(quiet, check=True, env=settings, stdout=subprocess.DEVNULL)
        wanted = missing()
    if wanted:
        raise SystemExit(f"the tests need {' and '.join(wanted)}: please install them")


if __name__ == "__main__":
    main()
