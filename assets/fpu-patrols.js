/* Patrols on the monitor: the list at the left, symbols and trails on the map, following one. */
window.fpu = window.fpu || {};

fpu.patrols = (function () {
  "use strict";
  const MINUTE = 60, HOUR = 3600, SHIFT = 8 * HOUR, RETRY = 3000, NEAR = 10.5, USUAL = 9;
  const DRAWN = 14; // the finest zoom for those who see trails, but not every position
  const rows = new Map(); // unit -> its row and the parts that change
  let tracks = null, selected = null, followed = null, trail = HOUR;
  let moved = false, labels = "", loading = 0, drawnFor = 0;

  const base = () => `/api/v1/operations/${encodeURIComponent(fpu.operation())}`;

  /* --- what the server knows ----------------------------------------------------------------- */

  function start() {
    const {lateAfter, silentAfter, gapSeconds, fastest} = document.getElementById("shell").dataset;
    tracks = new fpu.Tracks({
      late: Number(lateAfter), silent: Number(silentAfter),
      gap: Number(gapSeconds), fastest: Number(fastest),
    });
    rows.clear();
    selected = followed = null;
    document.getElementById("patrol-list").replaceChildren();
    load();
    const asking = setInterval(() => { loadClocks(); loadWork(); }, fpu.work.AGAIN);
    return () => {
      clearTimeout(loading);
      clearInterval(asking);
    };
  }

  async function load() {
    if (!tracks || !fpu.sees("positions")) return;
    try {
      const [units, latest] = await Promise.all(
        [fpu.get(`${base()}/units`), fpu.get(`${base()}/positions/latest`)]);
      for (const unit of fpu.items(units)) tracks.describe(unit.id, unit.callsign, unit.task);
      await loadTrails();
      for (const feature of fpu.items(latest)) tracks.fix(feature);
      drawAll();
      loadClocks();
    } catch (fault) {
      fpu.notice(fpu.text("monitor.loading_failed"));
      loading = fpu.later(load, fault);
    }
  }

  async function loadTrails() {
    const from = trailStart(fpu.now(), trailSeconds());
    drawnFor = sharpest(fpu.map.sharpness() || USUAL);
    tracks.draw(await fpu.get(`${base()}/tracks?from=${from}&zoom=${drawnFor}&times=1`));
  }

  const sharpest = (zoom) => (fpu.sees("tracks") ? zoom : Math.min(zoom, DRAWN));

  /** Since when trails are asked for: long ones from a whole hour, which the server has ready,
      others from a whole minute, so that screens that start together ask for the same. */
  function trailStart(now, seconds) {
    const start = now - seconds * 1000, step = (seconds > HOUR ? HOUR : MINUTE) * 1000;
    return new Date(start - start % step).toISOString();
  }

  /** Ask for more points when the map shows more than those that were asked for can tell. */
  async function refine() {
    if (tracks && drawnFor && sharpest(fpu.map.sharpness()) > drawnFor) await setTrail(trail);
  }

  /** Clocks that are wrong are told in the rows; what cannot be asked now is asked again soon. */
  async function loadClocks() {
    const wrong = await fpu.work.clocks(base()).catch(() => null);
    if (wrong) for (const [unit, row] of rows) fpu.write(row.clock, wrong.get(unit) || "");
  }

  /** What the chosen patrol did while its trail was made. */
  async function loadWork() {
    const unit = selected, row = rows.get(unit);
    if (!row || !fpu.sees("tracks")) return drawImpossible([]);
    const told = await fpu.work.told(base(), unit, trailSeconds()).catch(() => null);
    if (unit !== selected) return;
    fpu.write(row.work, told ? told.words : "");
    drawImpossible(told ? told.impossible : []);
  }

  /** Positions of the chosen patrol where it cannot have been; its line leaves them out. */
  function drawImpossible(features) {
    fpu.map.show("impossible", {type: "FeatureCollection", features});
  }

  /** Positions that were stored together: each unit is drawn once. */
  function hear(features) {
    if (!tracks) return;
    const changed = new Set();
    for (const feature of features) {
      if (tracks.fix(feature)) changed.add(feature.properties.unit);
    }
    for (const unit of changed) drawRow(tracks.units.get(unit));
    moved = true;
    if (changed.has(followed)) keep();
    requestAnimationFrame(drawMap);
  }

  /* --- the map ------------------------------------------------------------------------------- */

  function drawMap() {
    if (!moved || !tracks) return;
    moved = false;
    const now = fpu.now();
    fpu.map.show("trails", tracks.lines(now, trailSeconds(), selected));
    fpu.map.show("patrols", tracks.heads(now, selected, label));
  }

  function drawAll() {
    for (const unit of tracks.units.values()) drawRow(unit);
    drawEmpty();
    drawCount();
    moved = true;
    drawMap();
  }

  /** What stands under a call sign on the map: calm, and a silent unit says so in words. */
  function label(look, age, ahead, lost) {
    if (lost) return lostSince(lost);
    if (ahead) return fpu.text("monitor.clock_ahead");
    const words = fpu.calmAge(age);
    return look === "silent" ? `${fpu.text("monitor.look_silent")} ${words}` : words;
  }

  /** That the device was lost, with the day and the minute, Zulu. */
  const lostSince = (time) =>
    fpu.text("monitor.contact_lost", {time: fpu.group(time).split(" ")[0]});

  /** A device was lost. */
  function lose(message) {
    if (!tracks) return;
    tracks.lose(message);
    const known = tracks.units.get(message.unit);
    if (known) drawRow(known);
    drawCount();
    moved = true;
    requestAnimationFrame(drawMap);
  }

  /** Once a second: the map is redrawn only when the words or looks on it have changed. */
  function tick() {
    if (!tracks) return;
    const now = fpu.now(), heads = tracks.heads(now, selected, label);
    const said = heads.features.map(({properties: p}) => p.unit + p.look + p.age).join();
    if (said === labels) return;
    labels = said;
    for (const unit of tracks.units.values()) drawRow(unit);
    drawCount();
    fpu.map.show("patrols", heads);
    fpu.map.show("trails", tracks.lines(now, trailSeconds(), selected));
  }

  function trailSeconds() {
    if (trail !== "shift") return trail;
    const began = fpu.secondsSince(document.getElementById("shell").dataset.shiftStarted);
    return began === null ? SHIFT : Math.max(began, 900);
  }

  /** Draw trails of the last so many seconds, or of the `shift`. */
  async function setTrail(seconds) {
    trail = seconds;
    loadWork();
    try {
      await loadTrails();
      for (const known of tracks.units.values()) if (known.fix_time) tracks.fix(asFeature(known));
    } catch (fault) {
      fpu.notice(fpu.text("monitor.loading_failed"));
    }
    moved = true;
    drawMap();
  }

  const asFeature = (known) => ({properties: known, geometry: {coordinates: known.at}});

  /* --- choosing and following ---------------------------------------------------------------- */

  /** Mark a unit in the list and on the map, and go there; null for none. */
  function select(unit, goThere) {
    selected = unit;
    for (const [name, row] of rows) {
      row.item.classList.toggle("selected", name === unit);
      if (name !== unit) fpu.write(row.work, "");
    }
    drawImpossible([]);
    loadWork();
    const known = tracks.units.get(unit);
    if (known?.at && goThere) fpu.map.goTo(known.at, NEAR);
    if (unit) rows.get(unit)?.item.scrollIntoView({block: "nearest"});
    moved = true;
    drawMap();
  }

  /** Keep a unit in the middle of the map until the user drags it or stops; null for none. */
  function follow(unit) {
    followed = unit;
    for (const [name, row] of rows) row.follow.setAttribute("aria-pressed", name === unit);
    if (unit) {
      select(unit, true);
    }
    fpu.tell("follow", unit && tracks.units.get(unit).callsign);
  }

  function keep() {
    const known = tracks.units.get(followed);
    if (known?.at) fpu.map.keepInView(known.at);
  }

  /* --- the list ------------------------------------------------------------------------------ */

  function drawRow(known) {
    const row = rows.get(known.unit) || addRow(known);
    const look = tracks.look(known, fpu.now());
    fpu.write(row.sign, known.callsign || known.unit);
    row.sign.title = known.callsign || known.unit;
    row.doing.title = known.task || "";
    fpu.write(row.task, known.task || fpu.text("monitor.no_task"));
    const pace = tracks.motion(known).speed;
    const state = look === "stopped" && pace === null ? "monitor.speed_unknown" : `monitor.look_${look}`;
    fpu.write(row.state, known.contact_lost ? lostSince(known.contact_lost) : fpu.text(state));
    fpu.write(row.speed, look === "moving" ? speed(pace) : "");
    if (row.item.dataset.look !== look) {
      row.item.dataset.look = look;
      drawSymbol(row, look);
    }
    fpu.showAge(row.age, known.fix_time);
  }

  /** In the heading: how many there are, and how many of them are silent. */
  function drawCount() {
    const place = document.querySelector("#patrol-panel .panel-aside");
    if (!place) return;
    const now = fpu.now(), all = [...tracks.units.values()];
    const silent = all.filter((known) => tracks.look(known, now) === "silent").length;
    const words = silent ? ` · ${fpu.text("monitor.count_silent", {n: silent})}` : "";
    fpu.write(place, `${all.length}${words}`);
  }

  const speed = (pace) => fpu.text("monitor.speed", {n: Math.round(pace * 3.6)});

  function drawSymbol(row, look) {
    const name = look === "unknown" ? "silent" : look;
    row.symbol.replaceChildren(fpu.images.canvas(`patrol-${name}-${fpu.theme.now()}`));
  }

  function addRow(known) {
    const make = fpu.element;
    const row = {
      symbol: make("span", "symbol"), sign: make("strong", "sign"), age: make("span", "age"),
      state: make("span", "state"), speed: make("span", "speed"), task: make("span", "task"),
      clock: make("span", "clock"), work: make("span", "work"), follow: make("button", "follow"),
    };
    row.doing = make("span", "doing", null, row.state, row.speed, row.clock, row.task);
    const choose = make("button", "choose", null, row.symbol, row.sign, row.age, row.doing, row.work);
    row.item = make("li", "patrol", null, choose, row.follow);
    choose.addEventListener("click", () => select(known.unit, true));
    row.follow.title = fpu.text("monitor.follow", {name: known.callsign || known.unit});
    row.follow.setAttribute("aria-label", row.follow.title);
    row.follow.setAttribute("aria-pressed", "false");
    row.follow.addEventListener("click", () => {
      follow(followed === known.unit ? null : known.unit);
    });
    rows.set(known.unit, row);
    place(row, known);
    return row;
  }

  /** Rows stay in the order of call signs, so that each patrol keeps its place for the eye. */
  function place(row, known) {
    const list = document.getElementById("patrol-list"), name = known.callsign || known.unit;
    row.item.dataset.name = name;
    const next = [...list.children].find((other) =>
      name.localeCompare(other.dataset.name || "", undefined, {numeric: true}) < 0);
    list.insertBefore(row.item, next || null);
  }

  function drawEmpty() {
    const list = document.getElementById("patrol-list");
    list.querySelector(".empty")?.remove();
    if (!rows.size) list.append(fpu.element("li", "empty", fpu.text("monitor.no_patrols")));
  }

  function redrawSymbols() {
    for (const row of rows.values()) drawSymbol(row, row.item.dataset.look);
  }

  fpu.mount("patrol-list", start);
  fpu.on("fix", hear);
  fpu.on("contact", lose);
  fpu.on("tick", tick);
  fpu.on("reset", load);
  fpu.on("tracks", () => {
    clearTimeout(loading);
    loading = setTimeout(load, RETRY);
  });
  fpu.on("theme", redrawSymbols);
  fpu.on("map-moved", refine);
  fpu.on("map-dragged", () => { if (followed) follow(null); });
  fpu.on("map-pick", (picked) => {
    if (picked.layer === "patrols" || picked.layer === "alarms") select(picked.unit, false);
  });

  return {select, follow, setTrail, trail: () => trail};
})();
