"""The styles drawn by the real map in a real browser: all of it there, nothing from outside."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import plotly
import pytest
from flask import Flask, Response
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from api.map_files import blueprint
from layers.registry import LAYERS

pytestmark = pytest.mark.browser
_PAGE = """<!doctype html><meta charset="utf-8"><script src="/plotly.js"></script>
<div id="graph" style="width:1366px;height:768px"></div><script>
const theme = new URLSearchParams(location.search).get("theme");
Plotly.newPlot("graph", [{type: "scattermap", lat: [], lon: []}], {
  margin: {l: 0, r: 0, t: 0, b: 0},
  map: {style: `/map/style-${theme}.json`, center: {lat: 42.56, lon: 20.9}, zoom: 7.8}});
</script>"""
_MAP = "document.getElementById('graph')._fullLayout?.map?._subplot?.map"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = Flask(__name__)
    server.register_blueprint(blueprint())
    server.get("/", endpoint="page")(lambda: _PAGE)
    server.get("/favicon.ico", endpoint="icon")(lambda: Response(status=204))
    script = plotly.offline.get_plotlyjs()
    server.get("/plotly.js", endpoint="plotly")(
        lambda: Response(script, mimetype="text/javascript")
    )
    serving = make_server("127.0.0.1", 0, server, threaded=True)
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{serving.server_port}"
    serving.shutdown()
    thread.join()
    serving.server_close()


@pytest.mark.parametrize("theme", ["day", "night"])
def test_the_whole_map_is_drawn_offline(chromium: Browser, address: str, theme: str) -> None:
    page = chromium.new_page(viewport={"width": 1366, "height": 768})
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    page.goto(f"{address}/?theme={theme}")
    page.wait_for_function(f"{_MAP}?.loaded() && {_MAP}.areTilesLoaded()", timeout=60_000)
    drawn = page.evaluate(
        f"""() => {{
          const seen = {_MAP}.queryRenderedFeatures();
          const names = (source) => new Set(
            seen.filter((f) => f.source === source).map((f) => f.properties.id));
          return {{
            sources: [...new Set(seen.map((f) => f.source))],
            crossings: [...names("crossings")].filter((id) => !id.endsWith("-search")).length,
            settlements: names("settlements").size,
          }};
        }}"""
    )
    page.close()
    outside = [url for url in asked if not url.startswith((address, "blob:", "data:"))]
    assert not outside
    assert not faults
    assert drawn["crossings"] == 19
    assert drawn["settlements"] >= 7
    pictures = {"hillshade"}
    assert {la.id for la in LAYERS if not la.moving} - pictures <= set(drawn["sources"])
