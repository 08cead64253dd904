"""The one theme: every colour of the map and of what stands for tiers, by day and by night.

The three tier colours mean tiers and nothing else. They differ in hue and in lightness, so that
they stay apart for colour-blind eyes and on a pale projector. Severity is told by size and
shape, the state of a request by line and fill, never by a tier's colour.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

# A font of the reader's own machine: nothing is fetched. MapLibre takes the weight from the
# first name, and each further name is a family to try.
FONT = ["Map Regular", "Noto Sans", "Segoe UI", "Liberation Sans", "Arial"]
FONT_BOLD = ["Map Bold", "Noto Sans", "Segoe UI", "Liberation Sans", "Arial"]
FONT_ITALIC = ["Map Italic", "Noto Sans", "Segoe UI", "Liberation Sans", "Arial"]


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as CSS text; ``name`` is ``day`` or ``night``."""

    name: str
    # ground
    sea: str
    land: str
    surroundings: str
    surroundings_strength: float
    surroundings_line: str
    surroundings_text: str
    name_text: str
    water: str
    water_line: str
    water_text: str
    # lines
    outline: str
    outline_glow: str
    district_line: str
    municipality_line: str
    municipality_text: str
    road_casing: str
    motorway: str
    national_road: str
    regional_road: str
    road_from_afar: str
    road_text: str
    # labels
    city_text: str
    town_text: str
    village_text: str
    halo: str
    settlement_fill: str
    settlement_line: str
    # crossing points
    crossing: str
    crossing_fill: str
    crossing_muted: str
    crossing_text: str
    # what moves
    unit: str
    unit_fill: str
    trail: str
    silent: str
    alarm: str
    selection: str
    # the three responders, and nothing else
    tier_1: str
    tier_2: str
    tier_3: str

    def tier(self, number: int) -> str:
        """The colour of tier 1, 2 or 3."""
        return (self.tier_1, self.tier_2, self.tier_3)[number - 1]


DAY = Theme(
    name="day",
    sea="#d3dfe5",
    land="#f3f1ea",
    surroundings="#e7e4dd",
    surroundings_strength=0.66,
    surroundings_line="#b8b2a6",
    surroundings_text="#8d887d",
    name_text="#5c5f63",
    water="#a8c8da",
    water_line="#6f9fba",
    water_text="#3d7391",
    outline="#474d55",
    outline_glow="#8a8578",
    district_line="#8b857a",
    municipality_line="#aaa497",
    municipality_text="#847c6e",
    road_casing="#a49d8f",
    motorway="#fffdf8",
    national_road="#fffdf8",
    regional_road="#b9b2a4",
    road_from_afar="#b3ab9c",
    road_text="#6d675c",
    city_text="#1d2228",
    town_text="#2f353c",
    village_text="#464d55",
    halo="#f8f6f1",
    settlement_fill="#ffffff",
    settlement_line="#343a41",
    crossing="#1d2228",
    crossing_fill="#ffffff",
    crossing_muted="#6a7078",
    crossing_text="#1d2228",
    unit="#14181d",
    unit_fill="#ffffff",
    trail="#2f6b3a",
    silent="#8b9097",
    alarm="#c4001d",
    selection="#00838f",
    tier_1="#1769c7",
    tier_2="#a85600",
    tier_3="#5a1846",
)

NIGHT = Theme(
    name="night",
    sea="#0f151b",
    land="#20272f",
    surroundings="#11161b",
    surroundings_strength=0.68,
    surroundings_line="#3d464f",
    surroundings_text="#6d7883",
    name_text="#a3adb7",
    water="#22404f",
    water_line="#3f6d85",
    water_text="#7fb0c9",
    outline="#b4bec8",
    outline_glow="#05080b",
    district_line="#5b6671",
    municipality_line="#46505a",
    municipality_text="#7d8894",
    road_casing="#0f1419",
    motorway="#8d97a1",
    national_road="#67717b",
    regional_road="#4f5964",
    road_from_afar="#5f6a75",
    road_text="#9aa5b0",
    city_text="#f2f5f8",
    town_text="#d5dce3",
    village_text="#b3bdc7",
    halo="#141a20",
    settlement_fill="#20272f",
    settlement_line="#cfd7df",
    crossing="#f2f5f8",
    crossing_fill="#141a20",
    crossing_muted="#8e99a4",
    crossing_text="#f2f5f8",
    unit="#f7f9fb",
    unit_fill="#141a20",
    trail="#a5e0a0",
    silent="#77828d",
    alarm="#ff5a5f",
    selection="#4dd0e1",
    tier_1="#5aa9ff",
    tier_2="#ffc247",
    tier_3="#ff6fb5",
)

THEMES = {theme.name: theme for theme in (DAY, NIGHT)}


def css_variables(theme: Theme) -> str:
    """The theme as CSS custom properties (``--tier-1: #1769c7;``), for the screens around it."""
    colours = {name: value for name, value in asdict(theme).items() if str(value).startswith("#")}
    return "".join(f"--{name.replace('_', '-')}: {value};" for name, value in colours.items())
