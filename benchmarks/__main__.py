"""``python -m benchmarks [NAME …]``: run all benchmarks, or those named, one after the other."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from datetime import UTC, datetime

NAMES = (
    "incident_rebuild",
    "incident_decision",
    "ingest_burst",
    "ingest_http",
    "map_drawing",
    "monitor_tracks",
    "state_at",
    "track_analysis",
)


def main(wanted: list[str]) -> None:
    """Print where and when, then each table."""
    unknown = set(wanted) - set(NAMES)
    if unknown:
        raise SystemExit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    now = datetime.now(UTC)
    print(f"{now:%Y-%m-%d %H:%MZ}, {os.cpu_count()} cores, Python {platform.python_version()}, "
          f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    for name in wanted or NAMES:
        print(f"\n## {name}")
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
