/* The monitor: joins the map with its tools, with the incidents on it and with the lists. */
window.fpu = window.fpu || {};

(function () {
  "use strict";
  const OVER = new Set(["CLOSED", "DISCARDED"]);
  const WHOLE = [[20.0, 41.84], [21.8, 43.28]]; // west, south; east, north of Kosovo*
  const TRAILS = [900, 3600, 14400, "shift"];
  const EMS_A_PIXEL = 0.077; // the symbols and the numbers grow alike with the zoom
  const incidents = new Map();
  let selected = null, going = false, picks = 0, loading = 0;

  /* --- incidents on the map ------------------------------------------------------------------ */

  async function loadIncidents() {
    if (!document.getElementById("map-panel")) return;
    try {
      const operation = encodeURIComponent(fpu.operation());
      const found = await fpu.all(`/api/v1/operations/${operation}/incidents`);
      incidents.clear();
      for (const incident of found) incidents.set(incident.id, incident);
      drawIncidents();
      go();
    } catch (fault) {
      loading = fpu.later(loadIncidents, fault);
    }
  }

  function drawIncidents() {
    const features = [...incidents.values()].filter((one) => one.position).map(feature);
    fpu.map.show("incidents", {type: "FeatureCollection", features});
  }

  function feature(incident) {
    const {id, severity, tier, position, disputed = false} = incident;
    const over = OVER.has(incident.inc);
    const flag = over ? "over" : disputed ? "disputed" : incident.waiting.length ? "waiting" : "plain";
    const number = `${id.slice(id.lastIndexOf("-") + 1)} ${fpu.text("monitor.tier", {n: tier})}`;
    return {
      type: "Feature",
      geometry: {type: "Point", coordinates: [position.lon, position.lat]},
      properties: {
        id, severity: over ? 0 : severity, image: `incident-${severity}-${tier}-${flag}`,
        label: over ? "" : disputed ? `${number} ! ${fpu.text("monitor.disputed")}` : number,
        selected: id === selected, disputed: disputed && !over,
        reach: fpu.images.radius(severity, tier, flag) * EMS_A_PIXEL + 0.35,
      },
    };
  }

  /** Mark an incident, or none, and go there; called by Dash when the selection changes. */
  function showIncident(id) {
    selected = id || null;
    const address = new URL(location.href);
    if (selected) address.searchParams.set("incident", selected);
    else address.searchParams.delete("incident");
    if (address.href !== location.href) history.replaceState(history.state, "", address);
    drawIncidents();
    going = selected !== null;
    go();
    return selected;
  }

  /** Go to the selected incident once, as soon as both it and the map are there. */
  function go() {
    if (!going || !fpu.map.isReady() || !incidents.has(selected)) return;
    going = false;
    const {position} = incidents.get(selected);
    if (position) fpu.map.goTo([position.lon, position.lat], 9.5);
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.fpu = {showIncident};

  /* --- clicks on the map --------------------------------------------------------------------- */

  fpu.on("map-click", (at) => {
    if (!document.getElementById("map-panel")) return;
    closeLayers();
    picks += 1;
    fpu.store("map-click", {...at, n: picks});
  });

  fpu.on("map-pick", (picked) => {
    if (!document.getElementById("map-panel")) return;
    picks += 1;
    fpu.store("map-pick", {...picked, n: picks});
    if (picked.layer === "incidents") fpu.store("selected-incident", picked.id);
  });

  /* --- tools over the map -------------------------------------------------------------------- */

  function tools(place) {
    const whole = fpu.element("button", "tool", fpu.text("monitor.whole"));
    whole.addEventListener("click", () => fpu.map.fit(WHOLE));
    place.append(layerTool(JSON.parse(place.dataset.layers)), trailTool(), whole, followTool());
  }

  function layerTool(layers) {
    const list = fpu.element("div", "layer-list");
    for (const {id, shown} of layers) {
      const box = fpu.element("input");
      box.type = "checkbox";
      box.checked = fpu.map.isVisible(id, shown);
      box.addEventListener("change", () => fpu.map.setVisible(id, box.checked));
      const name = fpu.element("span", "", fpu.text(`layers.${id}`));
      list.prepend(fpu.element("label", "", null, box, name));
    }
    const made = fpu.element("details", "tool layers", null,
      fpu.element("summary", "", fpu.text("monitor.layers")), list);
    made.addEventListener("keydown", (event) => {
      if (event.key === "Escape") made.open = false;
    });
    return made;
  }

  function closeLayers() {
    const layers = document.querySelector("#map-tools details");
    if (layers) layers.open = false;
  }

  function trailTool() {
    const made = fpu.element("div", "tool trail-choice", null,
      fpu.element("span", "legend", fpu.text("monitor.trail")));
    made.setAttribute("role", "group");
    made.setAttribute("aria-label", fpu.text("monitor.trail"));
    for (const seconds of TRAILS) {
      const button = fpu.element("button", "", fpu.text(`monitor.trail_${seconds}`));
      button.setAttribute("aria-pressed", seconds === fpu.patrols.trail());
      button.addEventListener("click", () => {
        for (const other of made.querySelectorAll("button")) {
          other.setAttribute("aria-pressed", other === button);
        }
        fpu.patrols.setTrail(seconds);
      });
      made.append(button);
    }
    return made;
  }

  function followTool() {
    const made = fpu.element("button", "tool following");
    made.hidden = true;
    made.title = fpu.text("monitor.stop_following");
    made.addEventListener("click", () => fpu.patrols.follow(null));
    return made;
  }

  fpu.on("follow", (name) => {
    const made = document.querySelector("#map-tools .following");
    made.hidden = !name;
    fpu.write(made, name ? `${fpu.text("monitor.following", {name})} ✕` : "");
  });

  /* --- start --------------------------------------------------------------------------------- */

  fpu.mount("map-tools", tools);
  fpu.mount("map-panel", (element) => {
    const letGo = fpu.map.attach(element);
    loadIncidents();
    return () => { letGo(); clearTimeout(loading); };
  });
  fpu.on("map-ready", async () => {
    await fpu.map.setStyle(`/map/style-${fpu.theme.now()}.json`);
    if (selected) go();
    else fpu.map.fit(WHOLE, 0);
  });
  fpu.on("theme", (theme) => fpu.map.setStyle(`/map/style-${theme}.json`));
  fpu.on("incident", (incident) => {
    incidents.set(incident.id, incident);
    drawIncidents();
  });
  fpu.on("reset", loadIncidents);
})();
