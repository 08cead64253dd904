"""The theme of the map as a style sheet, so that the screen around the map shares its colours.

``assets/fpu-colours.css`` is this text; a test fails when the theme has changed and the file has
not. To write it again::

    python -c "from pages.colours import stylesheet; print(stylesheet(), end='')" \\
        > assets/fpu-colours.css
"""

from __future__ import annotations

from layers.theme import DAY, NIGHT, Theme, css_variables

_HEAD = "/* Made from layers/theme.py by pages/colours.py; do not edit. */\n"


def stylesheet() -> str:
    """CSS custom properties of both themes; night is the usual one."""
    night = _block(':root, :root[data-theme="night"]', NIGHT)
    return _HEAD + night + _block(':root[data-theme="day"]', DAY)


def _block(selector: str, theme: Theme) -> str:
    lines = [f"  {one.strip()};\n" for one in css_variables(theme).split(";") if one.strip()]
    return f"{selector} {{\n{''.join(lines)}}}\n"
