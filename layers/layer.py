"""What a map layer is: where its features come from and how they are painted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from layers.theme import Theme

Paint = list[dict[str, Any]]


@dataclass(frozen=True)
class MapLayer:
    """One entry of the map's legend.

    ``id`` names the source, begins the id of every style layer, and is the key of the label in
    the catalogue (``layers.<id>``). ``moving``: the source starts empty and the browser fills it.
    ``switchable``: the person may hide it; ``shown``: it is visible at first. ``source`` gives the
    MapLibre source, ``paint`` the MapLibre style layers, bottom to top; ``yielding`` labels that
    give way where the name of a settlement needs the room.
    """

    id: str
    moving: bool
    switchable: bool
    shown: bool
    source: Callable[[], dict[str, Any]]
    paint: Callable[[Theme], Paint]
    yielding: Callable[[Theme], Paint] | None = None


def reference_source(name: str, **extra: Any) -> Callable[[], dict[str, Any]]:
    """The source of a reference layer: GeoJSON that ships with the program."""
    return lambda: {"type": "geojson", "data": f"/map/{name}.geojson", **extra}
