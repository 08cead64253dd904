"""The words of the screens for the browser's scripts, as a script of its own language."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, url_for

from domain.access.rights import Act, Data, requires
from domain.errors import NotFound
from pages.strings import LANGUAGES, catalogue

_A_YEAR = 31_536_000
_EXTENSION = "fpu_scripts"


@dataclass(frozen=True, slots=True)
class _Script:
    text: str
    version: str


def register(server: Flask) -> None:
    """Add ``/strings/<language>.js``; the words are those of ``server`` at this time."""
    with server.app_context():
        server.extensions[_EXTENSION] = {language: _script(language) for language in LANGUAGES}

    @server.get("/strings/<language>.js")
    @requires(Act.SEE, Data.PROGRAM)
    def strings(language: str) -> Response:
        if language not in LANGUAGES:
            raise NotFound(f"there is no language {language!r}")
        answer = Response(
            _of(server.extensions, language).text, content_type="text/javascript; charset=utf-8"
        )
        answer.headers["Cache-Control"] = f"private, max-age={_A_YEAR}, immutable"
        return answer


def strings_address(language: str) -> str:
    """The address of the script; another text gives another address."""
    version = _of(current_app.extensions, language).version
    return url_for("strings", language=language, v=version)


def _of(extensions: dict[str, Any], language: str) -> _Script:
    found: _Script = extensions[_EXTENSION][language]
    return found


def _script(language: str) -> _Script:
    words = json.dumps(dict(catalogue(language)), ensure_ascii=False, separators=(",", ":"))
    script = (
        "window.fpu = window.fpu || {};\n"
        f'window.fpu.language = "{language}";\n'
        f"window.fpu.strings = {words};\n"
    )
    return _Script(script, hashlib.sha256(script.encode()).hexdigest()[:12])
