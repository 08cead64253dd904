/* Crossing points along the foot of the monitor: when each was last visited and by whom. */
window.fpu = window.fpu || {};

(function () {
  "use strict";
  const COMMON = "common_crossing_point", NOT_VISITED = new Set(["closed_pass"]);
  const crossings = new Map(); // id -> {properties, at, cell}
  let limits = {due: 0, overdue: 0}, loading = 0;

  function start(panel) {
    limits = {due: Number(panel.dataset.dueAfter), overdue: Number(panel.dataset.overdueAfter)};
    load();
    return () => clearTimeout(loading);
  }

  async function load() {
    if (!document.getElementById("coverage-panel")) return;
    try {
      const operation = encodeURIComponent(fpu.operation());
      const answer = await fpu.get(`/api/v1/operations/${operation}/crossings`);
      crossings.clear();
      for (const {properties, geometry} of fpu.items(answer)) {
        crossings.set(properties.id, {properties, at: geometry.coordinates, cell: cell(properties)});
      }
      drawAll();
    } catch (fault) {
      loading = fpu.later(load, fault);
    }
  }

  function drawAll() {
    const common = [], others = [];
    for (const {properties, cell: made} of crossings.values()) {
      (properties.kind === COMMON ? common : others).push(made);
    }
    document.getElementById("coverage-common").replaceChildren(...common);
    document.getElementById("coverage-others").replaceChildren(...others);
    for (const crossing of crossings.values()) draw(crossing);
  }

  function cell(properties) {
    const make = fpu.element;
    const button = make("button", "crossing", null,
      make("span", "name", null, ...names(properties.name)), make("span", "age"), make("span", "by"));
    button.title = properties.name +
      (properties.approximate ? ` (${fpu.text("monitor.approximate")})` : "");
    button.addEventListener("click", () => fpu.map.goTo(crossings.get(properties.id).at, 10.5));
    return make("li", properties.approximate ? "approximate" : "", null, button);
  }

  /** Both names always, one below the other. */
  const names = (name) => name.split("/").map((one, i, all) =>
    fpu.element("span", "", i < all.length - 1 ? `${one}/` : one));

  function draw({properties, cell: made}) {
    const [, age, by] = made.firstChild.children, visit = properties.last_visit;
    const state = stateOf(properties);
    made.dataset.state = state;
    if (visit) fpu.showAge(age, visit.seen_at);
    else fpu.write(age, fpu.text(properties.visits_withheld ? "monitor.visits_withheld" : "monitor.not_visited"));
    fpu.write(by, who(visit, state));
    fpu.map.setState("crossings", properties.id, {coverage: state});
  }

  function who(visit, state) {
    if (!visit) return "";
    if (!visit.left_at) return fpu.text("monitor.visited_now", {name: visit.callsign});
    const by = fpu.text("monitor.visited_by", {name: visit.callsign});
    return state === "fine" ? by : `${by} · ${fpu.text(`monitor.${state}`)}`;
  }

  /** `fine`, `due`, `overdue`, or `none` where no visit is known or expected. */
  function stateOf(properties) {
    const visit = properties.last_visit;
    if (!visit || NOT_VISITED.has(properties.kind)) return "none";
    const age = fpu.secondsSince(visit.seen_at);
    if (age >= limits.overdue) return "overdue";
    return age >= limits.due ? "due" : "fine";
  }

  fpu.mount("coverage-panel", start);
  fpu.on("visit", ({crossing, last_visit: visit}) => {
    const known = crossings.get(crossing);
    if (!known) return;
    known.properties.last_visit = visit;
    draw(known);
  });
  fpu.on("reset", load);
  fpu.on("tick", () => {
    for (const crossing of crossings.values()) {
      if (stateOf(crossing.properties) !== crossing.cell.dataset.state) draw(crossing);
    }
  });
})();
