"""What the map is drawn from: the two styles, the reference features, the hillshade pictures."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, request

import data.kosovo
from domain.access.rights import Act, Data, requires
from domain.errors import NotFound
from layers.composer import WORDS, compose_style
from layers.theme import THEMES
from pages.session import current_language
from pages.strings import LANGUAGES, text

_FOLDER = Path(data.kosovo.__file__).parent
_FEATURES = frozenset(path.stem for path in _FOLDER.glob("*.geojson"))


def blueprint() -> Blueprint:
    """``/map/style-<theme>.json``, ``/map/<name>.geojson`` and ``/map/hillshade-<theme>.webp``.

    Every answer has an ETag and is for this reader only; a browser asks again each time and gets
    304 while nothing has changed, so a corrected map is never older than a reload.
    """
    routes = Blueprint("map_files", __name__, url_prefix="/map")
    routes.get("/style-<theme>.json")(_style)
    routes.get("/<name>.geojson")(_features)
    routes.get("/hillshade-<theme>.webp")(_hillshade)
    return routes


@requires(Act.SEE, Data.PROGRAM)
def _style(theme: str) -> Response:
    wanted = request.args.get("language")
    language = wanted if wanted in LANGUAGES else current_language()
    if theme not in THEMES:
        raise NotFound(f"there is no map theme {theme!r}")
    words = tuple((word, text(f"map.{word}", language)) for word in WORDS)
    return _answer(_style_text(theme, words), "application/json")


@requires(Act.SEE, Data.PROGRAM)
def _features(name: str) -> Response:
    if name not in _FEATURES:
        raise NotFound(f"there are no map features {name!r}")
    # GeoJSON is JSON, and by this name every compressing server knows what to do with it.
    return _answer(_file(f"{name}.geojson"), "application/json")


@requires(Act.SEE, Data.PROGRAM)
def _hillshade(theme: str) -> Response:
    if theme not in THEMES:
        raise NotFound(f"there is no hillshade {theme!r}")
    return _answer(_file(f"hillshade-{theme}.webp"), "image/webp")


def _answer(content: bytes, kind: str) -> Response:
    answer = Response(content, mimetype=kind)
    answer.set_etag(hashlib.sha256(content).hexdigest()[:24])
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Vary"] = "Cookie, Accept-Language"
    answer.make_conditional(request)
    return answer


@cache
def _style_text(theme: str, words: tuple[tuple[str, str], ...]) -> bytes:
    style = compose_style(theme, dict(words))
    return json.dumps(style, ensure_ascii=False, separators=(",", ":")).encode()


@cache
def _file(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()
