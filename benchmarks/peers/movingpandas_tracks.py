"""MovingPandas cleans, splits and simplifies one track; run by a Python that has it installed.

``python movingpandas_tracks.py FILE.npz`` where the file has ``t`` (seconds), ``x`` and ``y``
(metres, UTM 34N). Prints one line of JSON: seconds taken, and how many fixes, pieces and points.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from datetime import timedelta

import geopandas
import movingpandas
import numpy as np
import pandas

HIGHEST_SPEED, GAP_S, TOLERANCE_M = 70.0, 120.0, 5.0


def main(name: str) -> None:
    """Measure once; building the trajectory is not counted."""
    warnings.simplefilter("ignore")
    kept = np.load(name)
    points = geopandas.points_from_xy(kept["x"], kept["y"])
    index = pandas.to_datetime(kept["t"], unit="s")
    frame = geopandas.GeoDataFrame({"id": 1}, geometry=points, index=index, crs=32634)
    whole = movingpandas.Trajectory(frame, 1)
    begun, busy = time.perf_counter(), time.process_time()
    clean = movingpandas.OutlierCleaner(whole).clean(v_max=HIGHEST_SPEED, units=("m", "s"))
    cleaned = time.perf_counter()
    split = movingpandas.ObservationGapSplitter(clean).split(gap=timedelta(seconds=GAP_S))
    parted = time.perf_counter()
    drawn = movingpandas.DouglasPeuckerGeneralizer(split).generalize(tolerance=TOLERANCE_M)
    ended, used = time.perf_counter(), time.process_time() - busy
    said = {
        "version": movingpandas.__version__,
        "seconds": ended - begun,
        "processor": used,
        "steps": [cleaned - begun, parted - cleaned, ended - parted],
        "fixes": len(frame),
        "cleaned": clean.size(),
        "pieces": len(split),
        "points": sum(one.size() for one in drawn),
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1])
