"""Cleaning, gaps and simplification of a million fixes of twelve vehicles.

The peer is MovingPandas (BSD-3-Clause), which does the same with one of the vehicles in the same
run, its time scaled by the number of fixes; building its trajectory is not counted. It is installed
into an environment of its own when asked for (``BENCH_PEERS=1``). Best of five of ours, one run of
the peer, by the clock and by the processor, which other work disturbs less. The truth of the
generated tracks tells whether what was found is right.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.generated_tracks import Drive, fleet
from benchmarks.peers import HERE, NotInstalledError, python_with
from benchmarks.sizes import quick
from benchmarks.table import (
    Row,
    alone,
    at_least,
    duration,
    not_measured,
    number,
    row,
    value_row,
)  # fmt: skip
from domain.analysis_settings import AnalysisSettings
from domain.fleet import Fleet, fleet_of, plane, simplified
from domain.stops import find_stops
from domain.track_analysis import analyse, clean

VEHICLES, FIXES, TOLERANCE_M, RUNS, LIMIT = 12, 1_000_000, 5.0, 5, 500
FOUND = 0.98  # of the outliers, and so much of what is found must be one
SETTINGS = AnalysisSettings()
PEER = ("movingpandas==0.23.0", "geopandas==1.2.0", "pandas==3.1.1", "shapely==2.2.0")


def main() -> list[Row]:
    """The time against the peer, and whether what was found is right."""
    drives = fleet(1, VEHICLES, hours=2.0 if quick() else 25.2)
    whole = _as_fleet(drives)
    truth = np.concatenate([one.outliers for one in drives])
    chosen = np.concatenate([np.flatnonzero(whole.track == n)[: FIXES // VEHICLES]
                             for n in range(VEHICLES)])  # fmt: skip
    million, truth = whole.take(chosen), truth[chosen]
    same, used = _best(lambda: _the_same(million))
    stops, used_stops = _best(lambda: _with_stops(million))
    everything, used_all = _best(lambda: analyse(million, SETTINGS))
    cleaned = clean(million, SETTINGS)
    hit = int((truth & cleaned.outliers).sum())
    print(
        f"{len(million):,} fixes of {VEHICLES} vehicles, {len(_the_same(million)):,} points kept; "
        f"outliers: precision {hit / cleaned.outliers.sum():.3f}, recall {hit / truth.sum():.3f}"
    )
    title = "cleaning, gaps, simplification"
    print(f"{title:44} {same:9.3f} s, processor {used:.3f} s")
    print(f"{'the same and stops':44} {stops:9.3f} s, processor {used_stops:.3f} s")
    print(
        f"{'the whole analysis, distances too':44} {everything:9.3f} s, processor {used_all:.3f} s"
    )
    of = f"outliers of {len(million):,} generated fixes"
    return [
        *_compare(million.take(million.track == 0), same, used, len(million)),
        value_row(f"{of}: precision", float(hit / cleaned.outliers.sum()), at_least(FOUND)),
        value_row(f"{of}: recall", float(hit / truth.sum()), at_least(FOUND)),
    ]


def _the_same(its: Fleet) -> object:
    cleaned = clean(its, SETTINGS)
    x, y = plane(cleaned.believed)
    return simplified(x, y, cleaned.piece, TOLERANCE_M)


def _with_stops(its: Fleet) -> None:
    cleaned = clean(its, SETTINGS)
    find_stops(cleaned.believed, cleaned.piece, SETTINGS)
    x, y = plane(cleaned.believed)
    simplified(x, y, cleaned.piece, TOLERANCE_M)


def _compare(one: Fleet, ours: float, used: float, fixes: int) -> list[Row]:
    what = f"cleaning, gaps and simplification of {fixes:,} fixes of {VEHICLES} vehicles"
    try:
        python = python_with("MovingPandas", *PEER)
    except NotInstalledError as why:
        return [not_measured(what, why, at_least(LIMIT), PEER[0].replace("==", " "))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.npz"
        x, y = plane(one)
        np.savez(path, t=one.fix_time / 1e6, x=x + 500_000, y=y + 4_700_000)
        script = HERE / "movingpandas_tracks.py"
        said = subprocess.run([python, script, path], check=True, capture_output=True)
    peer = json.loads(said.stdout)
    scaled, worked = (peer[name] * fixes / peer["fixes"] for name in ("seconds", "processor"))
    title = f"MovingPandas {peer['version']} on one vehicle, scaled"
    return [
        row(what, duration(ours), f"{title}: {duration(scaled)}", scaled / ours,
            at_least(LIMIT), but=f"in processor time {number(worked / used)}"),
    ]  # fmt: skip


def _as_fleet(drives: list[Drive]) -> Fleet:
    track = np.repeat(np.arange(len(drives)), [len(one.fix_time) for one in drives])
    names = ("fix_time", "latitude", "longitude", "accuracy")
    return fleet_of(track, *(np.concatenate([getattr(d, n) for d in drives]) for n in names))[0]


def _best(work: Callable[[], object]) -> tuple[float, float]:
    taken, used = [], []
    for _ in range(RUNS):
        begun, busy = time.perf_counter(), time.process_time()
        work()
        taken.append(time.perf_counter() - begun)
        used.append(time.process_time() - busy)
    return min(taken), min(used)


if __name__ == "__main__":
    alone(main)
