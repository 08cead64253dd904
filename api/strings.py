"""The words of the screens for the browser's scripts, as a script of its own language."""

from __future__ import annotations

import hashlib
import json
from functools import cache

from flask import Flask, Response, url_for

from domain.errors import NotFound
from pages.strings import LANGUAGES, catalogue

_A_YEAR = 31_536_000


def register(server: Flask) -> None:
    """Add ``/strings/<language>.js``."""

    @server.get("/strings/<language>.js")
    def strings(language: str) -> Response:
        if language not in LANGUAGES:
            raise NotFound(f"there is no language {language!r}")
        answer = Response(_script(language), content_type="text/javascript; charset=utf-8")
        answer.headers["Cache-Control"] = f"private, max-age={_A_YEAR}, immutable"
        return answer


def strings_address(language: str) -> str:
    """The address of the script; another text gives another address."""
    version = hashlib.sha256(_script(language).encode()).hexdigest()[:12]
    return url_for("strings", language=language, v=version)


@cache
def _script(language: str) -> str:
    words = json.dumps(dict(catalogue(language)), ensure_ascii=False, separators=(",", ":"))
    return (
        "window.fpu = window.fpu || {};\n"
        f'window.fpu.language = "{language}";\n'
        f"window.fpu.strings = {words};\n"
    )
