"""Every layer of the map, in drawing order: the first lies at the bottom."""

from __future__ import annotations

from layers.alarms import ALARMS
from layers.crossings import CROSSINGS
from layers.districts import DISTRICTS
from layers.hillshade import HILLSHADE
from layers.impossible import IMPOSSIBLE
from layers.incidents import INCIDENTS
from layers.lakes import LAKES
from layers.land import LAND
from layers.layer import MapLayer
from layers.municipalities import MUNICIPALITIES
from layers.neighbours import NEIGHBOURS
from layers.outline import OUTLINE
from layers.patrols import PATROLS
from layers.rivers import RIVERS
from layers.roads import ROADS
from layers.settlements import SETTLEMENTS
from layers.trails import TRAILS

__all__ = ["LAYERS", "MapLayer"]

LAYERS: tuple[MapLayer, ...] = (
    LAND,
    HILLSHADE,
    NEIGHBOURS,
    RIVERS,
    LAKES,
    MUNICIPALITIES,
    DISTRICTS,
    ROADS,
    OUTLINE,
    SETTLEMENTS,
    TRAILS,
    IMPOSSIBLE,
    CROSSINGS,
    INCIDENTS,
    PATROLS,
    ALARMS,
)
