"""``docs/states.md``, made from the transition table: diagrams and every row in words.

``python -m pages.state_diagram`` writes the file; a test fails while it differs from the table.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from domain.guards import GUARDS
from domain.transitions import INC, LINE, RES, START, STATES, T2, T3, TABLE, Transition
from pages.lane_layout import PLACES
from pages.strings import text

FILE = Path(__file__).resolve().parent.parent / "docs" / "states.md"
_TITLES = {
    INC: "The incident (lane of Kosovo Police)",
    T2: "Tier 2, the EULEX Formed Police Unit",
    T3: "Tier 3, KFOR",
    LINE: "Who holds the line",
    RES: "A platoon",
}
_INTRODUCTION = """\
# States and transitions

Made by `python -m pages.state_diagram` from `domain/transitions.py`; change the table, not this
page. Five regions run side by side, because all three responders can be on scene at once. A
transition happens when its event is asserted by one of the roles named, entered by a user with one
of the roles named, and every guard holds; what the event must carry is in `domain/records.py`.
"""


def document() -> str:
    """The whole page as Markdown with Mermaid diagrams."""
    parts = [_INTRODUCTION]
    for region, title in _TITLES.items():
        parts.append(f"## {title}\n")
        parts.append("```mermaid\n" + "\n".join(_diagram(region)) + "\n```\n")
        parts.append("\n".join(_rows(region)) + "\n")
    parts.append("## Guards\n")
    parts.append("\n".join(_guards()) + "\n")
    return "\n".join(parts)


def _diagram(region: str) -> Iterator[str]:
    yield "stateDiagram-v2"
    yield "    direction LR"
    for state in STATES[region]:
        yield f'    state "{text(f"state.{region}_{state}")}" as {state}'
    for state in STATES[region]:
        if PLACES[region, state].exit:
            yield f"    class {state} exit"
    yield "    classDef exit stroke-dasharray: 4"
    arrows = dict.fromkeys(
        (before, row.to_state, row.event)
        for row in TABLE
        if row.region == region
        for before in row.from_states
    )
    for before, after, event in arrows:
        yield f"    {'[*]' if before == START else before} --> {after}: {event}"


def _rows(region: str) -> Iterator[str]:
    yield "| | from | event | to | asserted by | entered by | guards |"
    yield "|---|---|---|---|---|---|---|"
    for row in TABLE:
        if row.region == region:
            yield _row(row)


def _row(row: Transition) -> str:
    cells = (
        row.id,
        ", ".join(row.from_states),
        f"`{row.event}`<br>{text(f'event.{row.region}_{row.event}')}",
        row.to_state,
        ", ".join(row.asserted_by),
        ", ".join(row.entered_by),
        ", ".join(row.guards),
    )
    return "| " + " | ".join(cells) + " |"


def _guards() -> Iterator[str]:
    yield "| guard | what it says when it stops an event | looks at the form |"
    yield "|---|---|---|"
    for name, guard in GUARDS.items():
        yield f"| {name} | {text(f'guard.{name}')} | {'yes' if guard.needs_record else ''} |"


def main() -> None:
    """Write the page."""
    FILE.write_text(document(), encoding="utf-8")
    sys.stdout.write(f"{FILE.name} written\n")


if __name__ == "__main__":
    main()
