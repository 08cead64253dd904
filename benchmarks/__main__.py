"""``python -m benchmarks [--quick] [NAME …]``: all benchmarks, or those named, and one table.

The table alone goes to the standard output; what each benchmark tells of itself, and its rows as
soon as they are known, go to the standard error. One that does not finish has a row that says so.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime

from benchmarks.table import Row, heading, not_measured, rendered

NAMES = (
    "half_open",
    "incident_rebuild",
    "incident_decision",
    "ingest_burst",
    "ingest_cot",
    "ingest_http",
    "ingest_mqtt",
    "map_drawing",
    "monitor_tracks",
    "screens_storm",
    "state_at",
    "track_analysis",
)


def main(arguments: Sequence[str]) -> int:
    """Print the table; 1 when a benchmark did not finish. A limit that is missed is no failure:
    what is measured on a busy machine is for a person to judge."""
    wanted = [one for one in arguments if one != "--quick"]
    if len(wanted) < len(arguments):
        os.environ["BENCH_QUICK"] = "1"
    unknown = set(wanted) - set(NAMES)
    if unknown:
        raise SystemExit(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    began, load = datetime.now(UTC), os.getloadavg()[0]
    rows: list[Row] = []
    unfinished = 0
    with redirect_stdout(sys.stderr):
        for name in wanted or NAMES:
            print(f"\n## {name}", flush=True)
            try:
                found = [*importlib.import_module(f"benchmarks.{name}").main()]
            except (Exception, SystemExit) as problem:
                traceback.print_exc()
                found = [not_measured(name, f"it did not finish: {problem}")]
                unfinished += 1
            rows += found
            print("\n".join(str(one) for one in found), flush=True)
    short = "\nShort forms: these figures only show that everything runs.\n"
    print(f"{heading(began, load)}\n{short if os.environ.get('BENCH_QUICK') == '1' else ''}")
    print(rendered(rows))
    return 1 if unfinished else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
