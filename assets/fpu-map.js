/* The map. The one place that touches the MapLibre map inside Plotly's figure: moving things are
   GeoJSON sources of our own style, replaced by setData once per animation frame, and survive a
   change of the style with the camera kept (docs/adr/0020-how-moving-things-are-drawn.md). */
window.fpu = window.fpu || {};

fpu.map = (function () {
  "use strict";
  const PICK = ["alarms", "patrols", "incidents", "crossings"]; // what a click means, in this order
  const REACH = 7, BEAT = 600;
  const contents = new Map();   // source -> the GeoJSON that it must show
  const dirty = new Set();      // sources to be set in the next frame
  const shown = new Map();      // layer of the registry -> whether it is visible
  const states = new Map();     // "source|feature" -> feature state
  let graph = null, map = null, styled = null;
  let whole = null, aim = null;
  let frame = 0, beating = 0, beat = false, wanting = 0;

  /* --- finding the map ----------------------------------------------------------------------- */

  /** Plotly keeps its MapLibre map here; not a public interface, see tests/browser/test_map_*. */
  const inner = (figure) => figure?._fullLayout?.map?._subplot?.map || null;

  /** Use the figure inside an element, once Plotly has drawn it; returns how to let go. */
  function attach(element) {
    function look() {
      const figure = element.querySelector(".js-plotly-plot"), found = inner(figure);
      if (found && found.getStyle()) take(figure, found);
      else wanting = requestAnimationFrame(look);
    }
    look();
    return detach;
  }

  function take(figure, found) {
    graph = figure;
    map = found;
    // Plotly's own resolver would ask a server on the internet for every image it does not know.
    map.setMissingStyleImageResolver(addImage);
    map.on("styledata", refill);
    map.on("click", picked);
    map.on("movestart", userMoves);
    map.on("moveend", moved);
    map.on("resize", () => { if (whole) fit(whole, 0); });
    map.on("dragstart", () => fpu.tell("map-dragged"));
    refill();
    beating = setInterval(pulse, BEAT);
    fpu.tell("map-ready");
  }

  function detach() {
    cancelAnimationFrame(wanting);
    cancelAnimationFrame(frame);
    clearInterval(beating);
    graph = map = styled = whole = aim = null;
    frame = 0;
  }

  /* --- what it shows ------------------------------------------------------------------------- */

  /** Show GeoJSON in a source; many calls in one frame cost one. */
  function show(source, geojson) {
    contents.set(source, geojson);
    dirty.add(source);
    frame = frame || requestAnimationFrame(flush);
  }

  function flush() {
    frame = 0;
    if (!map) return;
    for (const name of dirty) {
      const source = map.getSource(name);
      if (!source) continue;
      source.setData(contents.get(name));
      dirty.delete(name);
    }
  }

  /** After a change of the style its sources are empty again: fill them. */
  function refill() {
    if (!map || !map.style) return;
    const style = map.style.stylesheet && map.style.stylesheet.name;
    if (style === styled && !dirty.size) return;
    styled = style;
    for (const name of contents.keys()) dirty.add(name);
    flush();
    for (const [layer, visible] of shown) applyVisibility(layer, visible);
    for (const [key, state] of states) applyState(key, state);
  }

  function addImage(name) {
    const made = fpu.images.draw(name);
    if (made && !map.hasImage(name)) map.addImage(name, made.image, {pixelRatio: made.pixelRatio});
  }

  /** Show or hide a layer of the registry: every style layer of its source. */
  function setVisible(layer, visible) {
    shown.set(layer, visible);
    if (map) applyVisibility(layer, visible);
  }

  function applyVisibility(layer, visible) {
    const value = visible ? "visible" : "none";
    for (const style of map.getStyle().layers) {
      if (style.source !== layer || (style.layout?.visibility || "visible") === value) continue;
      map.setLayoutProperty(style.id, "visibility", value);
    }
  }

  /** Whether a layer of the registry is visible; `otherwise` where nobody has switched it. */
  const isVisible = (layer, otherwise) => shown.get(layer) ?? otherwise;

  /** Set the state of one feature of a reference layer, such as the coverage of a crossing. */
  function setState(source, feature, state) {
    const key = `${source}|${feature}`;
    states.set(key, state);
    if (map) applyState(key, state);
  }

  function applyState(key, state) {
    const [source, id] = key.split("|");
    if (map.getSource(source)) map.setFeatureState({source, id}, state);
  }

  function pulse() {
    const alarms = contents.get("alarms");
    if (!map || !alarms || !alarms.features.length || !map.getLayer("alarms-ring")) return;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    beat = !beat;
    map.setPaintProperty("alarms-ring", "circle-opacity", beat ? 0.5 : 0.12);
  }

  /* --- style and camera ---------------------------------------------------------------------- */

  /** Change to the style at an address; the camera and everything that moves stay. Resolves when
      it is drawn. */
  function setStyle(address) {
    if (!graph || graph.layout.map.style === address) return Promise.resolve();
    return Plotly.relayout(graph, {"map.style": address});
  }

  /** Plotly learns of the user's moves only; of ours it must be told, or it would undo them. */
  function record({center: [lon, lat], zoom}) {
    Object.assign(graph.layout.map, {center: {lon, lat}, zoom});
    Object.assign(graph._fullLayout.map, {center: {lon, lat}, zoom});
  }

  const camera = () => ({center: map.getCenter().toArray(), zoom: map.getZoom()});

  /** A move of ours that something interrupts, such as a panel that opens, still ends where it
      was going: only the user changes the aim. */
  function moved() {
    if (!map || !graph) return;
    const now = camera();
    if (aim && !same(now, aim)) return;
    aim = null;
    record(now);
    fpu.tell("map-moved");
  }

  const same = (a, b) => Math.abs(a.zoom - b.zoom) < 0.01 &&
    a.center.every((degrees, i) => Math.abs(degrees - b.center[i]) < 1e-4);

  /** The zoom whose pixels are those of the screen: finer than the map's on a finer screen. */
  const sharpness = () =>
    map ? Math.ceil(map.getZoom() + Math.log2(window.devicePixelRatio || 1) - 0.01) : null;

  function userMoves(event) {
    if (event.originalEvent) whole = aim = null;
  }

  function move(center, zoom, duration) {
    aim = {center, zoom};
    record(aim);
    map.easeTo({...aim, duration});
  }

  /** Move to a position [lon, lat]; nearer if the map shows more than `zoom`. */
  function goTo(at, zoom) {
    if (!map) return;
    whole = null;
    move(at, Math.max(map.getZoom(), zoom || 0), 500);
  }

  /** Keep a position in view without changing the scale. */
  function keepInView(at) {
    if (!map) return;
    whole = null;
    move(at, aim ? aim.zoom : map.getZoom(), 400);
  }

  /** How much room (px) the tools over the map need, with a symbol and its number below them. */
  function underTools() {
    const tools = document.getElementById("map-tools"), room = 38;
    return tools ? tools.offsetTop + tools.offsetHeight + room : room;
  }

  /** Show a whole area: [[west, south], [east, north]], in `duration` ms; and again when the map
      gets another size, until somebody moves it. */
  function fit(bounds, duration = 500) {
    if (!map) return;
    whole = bounds;
    const padding = {top: underTools(), right: 24, bottom: 24, left: 24};
    const {center, zoom} = map.cameraForBounds(bounds, {padding});
    move([center.lng, center.lat], zoom, duration);
  }

  /* --- clicks -------------------------------------------------------------------------------- */

  function picked(event) {
    const {x, y} = event.point, {lng, lat} = event.lngLat;
    const near = map.queryRenderedFeatures([[x - REACH, y - REACH], [x + REACH, y + REACH]]);
    for (const source of PICK) {
      const found = near.find((feature) => feature.source === source);
      if (found) return fpu.tell("map-pick", {layer: source, ...found.properties});
    }
    fpu.tell("map-click", {lat, lon: lng});
  }

  return {
    attach, show, setVisible, isVisible, setState, setStyle, sharpness, goTo, keepInView, fit,
    isReady: () => map !== null,
    camera: () => map && camera(),
    /** What a source shows now; for tests. */
    contents: (source) => contents.get(source),
  };
})();
