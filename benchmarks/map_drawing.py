"""Which way moving things are drawn: Plotly traces, or GeoJSON sources of our own style.

Run ``python -m benchmarks.map_drawing`` (about six minutes). It serves a tiny Dash page, opens it
in headless Chromium and moves 100 and 1,000 units, each with a trail, in four ways:

* ``extendTraces``: one trace of heads that is restyled and one trace for each unit's trail that
  is extended, all from one awaited queue;
* ``restyle``: one trace of heads and one of all trails, both replaced as whole arrays;
* ``setData``: one GeoJSON source of heads and one of trails in the style, replaced by ``setData``;
* ``setData/20``: the same, but the trails only with every twentieth update, as a replay can do.

For each it prints the median over 60 updates (fewer where they do not fit into 45 seconds) of:
the time our script waits in the call (what an awaited queue waits for), the main thread's busy
time by the browser's own counter, and the time from the call to the map being idle again, which
is when the new picture with its labels faded in is on screen. Then it plays for five seconds at 20
frames a second, as a replay at 60 times would, and counts the frames that were really painted. A
way that needed more than a second an update is not tried with more units: its cost grows with the
number of traces and the page stops answering.
"""

from __future__ import annotations

import json
import logging
import math
import os
import shutil
import statistics
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dash
from playwright.sync_api import CDPSession, Page, sync_playwright
from werkzeug.serving import make_server

from benchmarks.sizes import quick, size
from benchmarks.table import Row, alone, not_measured, number, rate, row

UNITS = (100, 1000)
TRAIL = 60
BUDGET = 45.0
TOO_SLOW = 1000.0
REPLAY_SECONDS = 5
FRAMES_A_SECOND = 20
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]
WAYS = ("extendTraces", "restyle", "setData", "setData/20")

SCRIPT = """
window.bench = (function () {
  const gd = () => document.querySelector('#map .js-plotly-plot');
  const map = () => gd()._fullLayout.map._subplot.map;
  let units = [], way, step = 0, first = 0;
  const lon = (u, s) => 20.3 + (u % 40) * 0.03 + 0.012 * Math.cos(u + s / 15);
  const lat = (u, s) => 42.0 + Math.floor(u / 40) * 0.04 + 0.012 * Math.sin(u + s / 15);
  const head = (u) => ({type: 'Feature', properties: {name: 'FP ' + u},
    geometry: {type: 'Point', coordinates: units[u].at(-1)}});
  const trail = (u) => ({type: 'Feature', properties: {},
    geometry: {type: 'LineString', coordinates: units[u]}});
  const collection = (make) =>
    ({type: 'FeatureCollection', features: units.map((_, u) => make(u))});
  const wholeTrails = (axis) => units.flatMap((points) => [...points.map((p) => p[axis]), null]);

  function move() {
    step += 1;
    units.forEach((points, u) => { points.push([lon(u, step), lat(u, step)]); points.shift(); });
  }
  const draw = {
    setData: async () => {
      map().getSource('heads').setData(collection(head));
      map().getSource('trails').setData(collection(trail));
    },
    'setData/20': async () => {
      map().getSource('heads').setData(collection(head));
      if (step % 20 === 0) map().getSource('trails').setData(collection(trail));
    },
    restyle: () => Plotly.restyle(gd(), {
      lon: [units.map((p) => p.at(-1)[0]), wholeTrails(0)],
      lat: [units.map((p) => p.at(-1)[1]), wholeTrails(1)],
    }, [0, 1]),
    extendTraces: async () => {
      await Plotly.restyle(gd(), {lon: [units.map((p) => p.at(-1)[0])],
                                  lat: [units.map((p) => p.at(-1)[1])]}, [0]);
      const traces = units.map((_, u) => u + 1);
      await Plotly.extendTraces(gd(), {lon: units.map((p) => [p.at(-1)[0]]),
                                       lat: units.map((p) => [p.at(-1)[1]])}, traces, first);
    },
  };
  const idle = () => new Promise((done, failed) => {
    const late = () => failed(new Error(`${way}: the map did not come to rest in a minute`));
    const limit = setTimeout(late, 60000);
    map().once('idle', () => { clearTimeout(limit); done(); });
  });
  // A map that rests already does not say so again unless it draws again.
  const saysIdle = () => map().triggerRepaint();

  async function prepare(count, chosen, trailLength) {
    way = chosen; first = trailLength; step = trailLength;
    units = Array.from({length: count}, (_, u) =>
      Array.from({length: trailLength}, (_, s) => [lon(u, s), lat(u, s)]));
    if (way.startsWith('setData')) {
      const text = {'text-field': ['get', 'name'], 'text-size': 12, 'text-offset': [0, 1]};
      map().addSource('trails', {type: 'geojson', data: collection(trail)});
      map().addSource('heads', {type: 'geojson', data: collection(head)});
      map().addLayer({id: 'trails', type: 'line', source: 'trails',
                      paint: {'line-color': '#48c', 'line-width': 2}});
      map().addLayer({id: 'heads', type: 'circle', source: 'heads',
                      paint: {'circle-color': '#fff', 'circle-radius': 5}});
      map().addLayer({id: 'names', type: 'symbol', source: 'heads', layout: text,
                      paint: {'text-color': '#fff'}});
    } else {
      const heads = {type: 'scattermap', mode: 'markers+text', textposition: 'bottom center',
        lon: units.map((p) => p.at(-1)[0]), lat: units.map((p) => p.at(-1)[1]),
        text: units.map((_, u) => 'FP ' + u), textfont: {color: '#fff'},
        marker: {color: '#fff', size: 10}};
      const line = {type: 'scattermap', mode: 'lines', line: {color: '#48c', width: 2}};
      const trails = way === 'restyle'
        ? [{...line, lon: wholeTrails(0), lat: wholeTrails(1)}]
        : units.map((p) => ({...line, lon: p.map((x) => x[0]), lat: p.map((x) => x[1])}));
      await Plotly.addTraces(gd(), [heads, ...trails]);
    }
    const seen = idle();
    saysIdle();
    await seen;
  }
  async function update() {
    move();
    const seen = idle(), started = performance.now();
    await draw[way]();
    const call = performance.now() - started;
    saysIdle();
    await seen;
    return [call, performance.now() - started];
  }
  async function replay(seconds, rate) {
    let painted = 0, sent = 0;
    const count = () => { painted += 1; };
    map().on('render', count);
    const started = performance.now();
    while (performance.now() - started < seconds * 1000) {
      move();
      await draw[way]();
      sent += 1;
      const wait = started + sent * 1000 / rate - performance.now();
      await new Promise((done) => setTimeout(done, Math.max(wait, 0)));
    }
    map().off('render', count);
    const took = (performance.now() - started) / 1000;
    return {sent: sent / took, painted: painted / took};
  }
  return {prepare, update, replay, ready: () => !!(gd() && gd()._fullLayout && map().loaded())};
})();
"""


@dataclass(frozen=True)
class Measured:
    """Medians in milliseconds over ``updates``; rates in frames a second."""

    way: str
    units: int
    updates: int
    call: float
    busy: float
    repaint: float
    sent: float
    painted: float


def page_app() -> dash.Dash:
    """One dark empty map, nothing from the network."""
    app = dash.Dash(__name__)
    style = {
        "version": 8,
        "sources": {},
        "layers": [{"id": "ground", "type": "background", "paint": {"background-color": "#123"}}],
    }
    figure = {
        "data": [{"type": "scattermap", "lon": [], "lat": []}],
        "layout": {
            "map": {"style": style, "center": {"lon": 20.9, "lat": 42.5}, "zoom": 8},
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "showlegend": False,
            "uirevision": "constant",
        },
    }
    app.layout = dash.dcc.Graph(id="map", figure=figure, style={"height": "100vh"})
    return app


def measure(page: Page, counters: CDPSession, way: str, units: int) -> Measured:
    """One way at one number of units on a fresh page."""
    page.evaluate("([n, way, trail]) => bench.prepare(n, way, trail)", [units, way, TRAIL])
    calls, repaints, busy = [], [], []
    stop = time.monotonic() + BUDGET
    updates = size("UPDATES", 60, 3)
    while len(calls) < updates and time.monotonic() < stop:
        before = main_thread(counters)
        call, repaint = page.evaluate("() => bench.update()")
        busy.append(main_thread(counters) - before)
        calls.append(call)
        repaints.append(repaint)
    seconds = 1 if quick() else REPLAY_SECONDS
    rates = page.evaluate("([s, f]) => bench.replay(s, f)", [seconds, FRAMES_A_SECOND])
    return Measured(
        way,
        units,
        len(calls),
        statistics.median(calls),
        statistics.median(busy),
        statistics.median(repaints),
        rates["sent"],
        rates["painted"],
    )


def main_thread(counters: CDPSession) -> float:
    """Milliseconds that the page's main thread has spent in tasks so far."""
    metrics: list[dict[str, Any]] = counters.send("Performance.getMetrics")["metrics"]
    return next(m["value"] for m in metrics if m["name"] == "TaskDuration") * 1000


def table(results: list[Measured]) -> str:
    """A Markdown table, as the decision record quotes it."""
    names = "units, way, updates, call ms, main thread ms, on screen ms, replay sent/s, painted/s"
    lines = [f"| {' | '.join(names.split(', '))} |", "|--:|---|--:|--:|--:|--:|--:|--:|"]
    for r in results:
        figures = (f"{v:.1f}" for v in (r.call, r.busy, r.repaint, r.sent, r.painted))
        lines.append(f"| {r.units:,} | {r.way} | {r.updates} | {' | '.join(figures)} |")
    return "\n".join(lines)


def main() -> list[Row]:
    """Measure every way; the rows tell of the way that the product goes."""
    if CHROMIUM is None:
        raise SystemExit("there is no Chromium here")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, page_app().server, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    results: list[Measured] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for units in (12,) if quick() else UNITS:
            for way in WAYS:
                if any(r.way == way and r.repaint > TOO_SLOW for r in results):
                    continue
                page = browser.new_page(viewport={"width": 1366, "height": 768})
                page.goto(f"http://127.0.0.1:{server.server_port}/")
                page.wait_for_selector("#map .js-plotly-plot")
                page.evaluate(SCRIPT)
                page.wait_for_function("() => bench.ready()")
                counters = page.context.new_cdp_session(page)
                counters.send("Performance.enable")
                results.append(measure(page, counters, way, units))
                page.close()
        version = browser.version
        browser.close()
    server.shutdown()
    load = math.ceil(os.getloadavg()[0] * 10) / 10
    facts = {"chromium": version, "cores": os.cpu_count(), "load": load}
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%MZ} software rendering {json.dumps(facts)}")
    print(table(results))
    return _rows(results)


def _rows(results: list[Measured]) -> list[Row]:
    """Our own sources against the faster of Plotly's two ways, and the replay against its rate."""
    rows = []
    for units in sorted({one.units for one in results}):
        ways = {one.way: one for one in results if one.units == units}
        plotly = [ways[way] for way in ("extendTraces", "restyle") if way in ways]
        what = f"{units:,} moved units with trails, until the new picture is on screen"
        if "setData" in ways and plotly:
            ours, peer = ways["setData"].repaint, min(plotly, key=lambda one: one.repaint)
            told = f"Plotly traces, {peer.way}: {number(peer.repaint)} ms"
            rows.append(row(what, f"{number(ours)} ms", told, peer.repaint / ours))
        else:
            missing = "Plotly's traces" if "setData" in ways else "our own sources"
            why = f"{missing} took more than {TOO_SLOW:.0f} ms with fewer units"
            rows.append(not_measured(what, why))
        if "setData/20" in ways:
            painted = ways["setData/20"].painted
            what = f"replay of {units:,} units at 60 times, pictures painted"
            asked = f"{FRAMES_A_SECOND} a second asked for"
            rows.append(row(what, rate(painted), asked, painted / FRAMES_A_SECOND))
    return rows


if __name__ == "__main__":
    alone(main)
