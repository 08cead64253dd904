"""The HTML document around the screens."""

from __future__ import annotations

from typing import Any

from dash import Dash

from api.strings import strings_address
from pages.session import current_language
from pages.strings import text


class Dashboard(Dash):
    """Dash with a document in the user's language, whose words are loaded before any script."""

    def _config(self) -> dict[str, Any]:
        """What the browser is told of this program.

        Dash would add every screen as it looked when the first request came, with that user's name
        and whatever stood on the screens. The layout for validation stays on the server, where the
        tests find dangling ids with it.
        """
        config: dict[str, Any] = super()._config()  # type: ignore[no-untyped-call]
        config.pop("validation_layout", None)
        config["suppress_callback_exceptions"] = True
        return config

    def interpolate_index(
        self,
        metas: str = "",
        title: str = "",
        css: str = "",
        config: str = "",
        scripts: str = "",
        app_entry: str = "",
        favicon: str = "",
        renderer: str = "",
    ) -> str:
        """The document around the fragments that Dash hands in."""
        language = current_language()
        return _DOCUMENT.format(
            language=language,
            strings=strings_address(language),
            waiting=text("shell.waiting", language),
            metas=metas,
            title=title,
            css=css,
            config=config,
            scripts=scripts,
            favicon=favicon,
            renderer=renderer,
        )


_DOCUMENT = """<!doctype html>
<html lang="{language}">
<head>
{metas}
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>{title}</title>
{favicon}
{css}
</head>
<body>
<div id="react-entry-point"><p class="waiting">{waiting}</p></div>
<footer>
{config}
<script src="{strings}"></script>
{scripts}
{renderer}
</footer>
</body>
</html>
"""
