"""``docs/rights.md``, made from the table of rights: who may see, take away and change what.

``python -m pages.rights_table`` writes the file; a test fails while it differs from the table.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from domain.access.rights import EVERYBODY, ONLY_IN, WORDS, Act, Data, may, message_kinds
from pages.registry import PAGES
from pages.strings import text

FILE = Path(__file__).resolve().parent.parent / "docs" / "rights.md"
_LETTERS = {Act.SEE: "s", Act.TAKE_AWAY: "t", Act.CHANGE: "c"}
_INTRODUCTION = """\
# Who may see, take away and change what

Made by `python -m pages.rights_table` from `domain/access/rights.py`; change the table, not this
page. **s** is to see, **t** to take away as a file, **c** to change. Where no letter stands,
nobody may: a route, a callback, a screen or a kind of message that declares nothing is given to
nobody. Which *event* a role may enter is in [states.md](states.md); here stands only whether it
may write such records at all.
"""
_REASONS = """\
## Why so
- **WALL** stands open in a room. It gets what its screen draws: the newest positions, and the
  trails of now as sharp as a map is drawn (`tracks` with a `zoom` of 14 at most, no `to`, from
  the beginning of the shift or eight hours ago). Whoever comes back to the live stream is sent to
  the snapshot instead of the positions of the past. No exact track, no analysis, no refused
  message, no file.
- **ADMIN** keeps accounts and devices. It sees no position of a unit, a patrol or a device: none
  on the map, none in alerts, no visits, no log (which names places), no refused message as it
  came; that one was refused, when, of which device and why, it does see. The place of an
  *incident* is where something was reported, not where a unit is, and is shown.
- **EXCON** has all its rights in exercises and none in the live operation or a history, which it
  does not even find in the list. What belongs to no operation (refused messages of devices that
  were in none) may be a patrol's, and is not for it either.
- **AUDITOR** reads, and takes tracks away for the review.
- Who has the machine itself in hand (the command line, SYSTEM) has the database in hand.
"""


def document() -> str:
    """The whole page as Markdown."""
    parts = [
        _INTRODUCTION,
        "\n".join(_table()) + "\n",
        _REASONS,
        "## What each screen and message is\n",
        "\n".join(_declared()) + "\n",
    ]
    return "\n".join(parts)


def _table() -> Iterator[str]:
    yield "| kind | what it is | " + " | ".join(EVERYBODY) + " |"
    yield "|---|---|" + "---|" * len(EVERYBODY)
    for data in Data:
        cells = ["".join(_letters(role, data)) for role in EVERYBODY]
        yield f"| `{data}` | {WORDS[data]} | " + " | ".join(cells) + " |"
    for role, kinds in ONLY_IN.items():
        yield f"\n{role}: in operations of the kind {' or '.join(kinds)} only."


def _letters(role: str, data: Data) -> Iterator[str]:
    return (letter for act, letter in _LETTERS.items() if may(role, act, data))


def _declared() -> Iterator[str]:
    yield "| | kind |"
    yield "|---|---|"
    for page in PAGES:
        yield f"| screen *{text(page.title_key)}* | `{page.data}` |"
    for kind, data in message_kinds().items():
        yield f"| message `{kind}` | `{data}` |"


def main() -> None:
    """Write the page."""
    FILE.write_text(document(), encoding="utf-8")
    sys.stdout.write(f"{FILE.name} written\n")


if __name__ == "__main__":
    main()
