/* Track files: read a file, ask what it would do, draw it, store it; undo; take a selection away. */
window.fpu = window.fpu || {};

(function () {
  "use strict";
  const {post, told, labelled, input, choice, button, askReason, base} = fpu.dialogs;
  const NOTHING = {type: "FeatureCollection", features: []};
  const MEGA = 1024 * 1024;
  const NO_ROOM = 503, TOO_MANY = 429;
  let parts = null, changes = 0, asked = 0, underway = null;

  /* --- the form ------------------------------------------------------------------------------ */

  async function units() {
    const found = fpu.items(await fpu.get(`${base()}/units`));
    return found.map((unit) => [unit.id, unit.callsign]);
  }

  async function uploadForm(place) {
    const file = input("file"), anywhere = input("checkbox"), utc = input("checkbox");
    file.accept = place.dataset.ends;
    const unit = choice([["", fpu.text("tracks.as_the_file_says")]]);
    const drop = fpu.element("div", "file-drop wide", null,
      labelled(fpu.text("tracks.choose", {n: place.dataset.most / MEGA}), file));
    const form = fpu.element("div", "file-form", null, drop,
      labelled(fpu.text("tracks.unit"), unit, "wide"),
      labelled(fpu.text("tracks.anywhere"), anywhere, "tick wide"),
      labelled(fpu.text("tracks.utc"), utc, "tick wide"));
    const notice = fpu.element("p", "file-notice"), done = fpu.element("p", "file-done");
    notice.setAttribute("role", "alert");
    done.setAttribute("role", "status");
    const report = fpu.element("div", "file-report", null, notice, done);
    place.replaceChildren(form, report);
    parts = {file, unit, anywhere, utc, notice, done, report, most: Number(place.dataset.most),
             reasons: JSON.parse(place.dataset.reasons), chosen: null};
    for (const control of [unit, anywhere, utc]) control.addEventListener("change", look);
    file.addEventListener("change", () => choose(file.files[0]));
    drop.addEventListener("dragover", (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      choose(event.dataTransfer.files[0]);
    });
    for (const [value, words] of await units()) unit.append(option(value, words));
  }

  function option(value, words) {
    const made = fpu.element("option", "", words);
    made.value = value;
    return made;
  }

  function choose(file) {
    parts.chosen = file || null;
    look();
  }

  function tell(notice, done) {
    fpu.write(parts.notice, notice || "");
    fpu.write(parts.done, done || "");
  }

  function clear() {
    parts.report.replaceChildren(parts.notice, parts.done);
    fpu.map.show("trails", NOTHING);
  }

  /* --- look, store --------------------------------------------------------------------------- */

  async function look() {
    const {chosen, unit, anywhere, utc, most} = parts;
    if (!chosen) return;
    clear();
    if (chosen.size > most) return tell(fpu.text("tracks.too_large", {n: most / MEGA}));
    const mine = asked += 1;
    if (underway) underway.abort(); // the server stops reading for an answer that nobody sees
    underway = new AbortController();
    tell("", fpu.text("tracks.reading"));
    const query = new URLSearchParams({name: chosen.name, unit: unit.value,
                                       anywhere: anywhere.checked, utc: utc.checked});
    try {
      const seen = await post(`${base()}/imports?${query}`, chosen, underway.signal);
      if (mine === asked) show(seen);
      bump();
    } catch (fault) {
      if (mine === asked) tell(refusal(fault));
    }
  }

  /** Why a file is not taken, in the reader's language where it is about what may be spent on it. */
  function refusal(fault) {
    const {budget, most, detail, status, retry_after: wait} = fault.problem || {};
    if (budget) return fpu.text(`tracks.over_${budget}`, {n: most, detail});
    if (wait && status === NO_ROOM) return fpu.text("tracks.busy", {n: wait});
    if (wait && status === TOO_MANY) return fpu.text("tracks.own_busy", {n: wait});
    return fpu.text("tracks.refused", {detail: fault.message});
  }

  function show(seen) {
    clear();
    tell(seen.broken ? fpu.text("tracks.broken", {detail: seen.broken}) : "");
    const facts = fpu.element("dl");
    const row = (name, words, wide) =>
      facts.append(fpu.element("dt", "", fpu.text(name)), fpu.element("dd", wide || "", words));
    row("tracks.new", String(seen.accepted));
    row("tracks.points", String(seen.points));
    row("tracks.duplicates", String(seen.duplicates));
    row("tracks.quarantined", String(seen.quarantined));
    const others = Object.entries(seen.passed_over);
    row("tracks.length", `${(seen.length_m / 1000).toFixed(1)} km`);
    row("tracks.whose", seen.units.join(", ") || "–");
    row("tracks.when", seen.from ? `${fpu.group(seen.from)} – ${fpu.group(seen.to)}` : "–", "wide");
    for (const [name, count] of others) row(`tracks.${name}`, fpu.text("tracks.not_read", {n: count}), "wide");
    const words = (reason) => parts.reasons[reason] || reason;
    const reasons = Object.entries(seen.reasons).map(([reason, count]) =>
      fpu.element("li", "", `${words(reason)}: ${count}`));
    const examples = seen.examples.map((one) =>
      fpu.element("li", "", `${one.where} · ${words(one.reason)} · ${one.detail}`));
    const acts = fpu.element("div", "row-acts", null,
      button(fpu.text("tracks.import", {n: seen.accepted}), "primary", (event) => store(seen, event.target)),
      button(fpu.text("tracks.discard"), "", () => discard(seen)));
    const title = fpu.element("h3", "", seen.file);
    title.title = seen.file;
    parts.report.append(title, facts, fpu.element("ul", "", null, ...reasons));
    if (examples.length) {
      parts.report.append(fpu.element("details", "", null,
        fpu.element("summary", "", fpu.text("tracks.examples", {n: examples.length})),
        fpu.element("ul", "", null, ...examples)));
    }
    parts.report.append(acts);
    draw(seen.lines);
  }

  function draw(lines) {
    fpu.map.show("trails", lines);
    const all = lines.features.flatMap((one) => one.geometry.coordinates);
    if (!all.length) return;
    const [lons, lats] = [all.map((at) => at[0]), all.map((at) => at[1])];
    const low = (values) => values.reduce((a, b) => Math.min(a, b));
    const high = (values) => values.reduce((a, b) => Math.max(a, b));
    fpu.map.fit([[low(lons), low(lats)], [high(lons), high(lats)]]);
  }

  async function store(seen, pressed) {
    if (pressed) pressed.disabled = true;
    tell("", fpu.text("tracks.storing"));
    try {
      const done = await post(`${base()}/imports/${seen.id}/commit`, {});
      if (pressed) pressed.parentElement.remove();
      tell("", fpu.text("tracks.stored", {file: done.file, accepted: done.accepted,
        duplicates: done.duplicates, quarantined: done.quarantined}));
      if (parts) parts.file.value = "";
      if (parts) parts.chosen = null;
    } catch (fault) {
      if (pressed) pressed.disabled = false;
      tell(refusal(fault));
    }
    bump();
  }

  async function discard(seen) {
    clear();
    tell();
    parts.file.value = "";
    parts.chosen = null;
    await post(`${base()}/imports/${seen.id}/discard`, {}).catch(() => null);
    bump();
  }

  /** Let the list be made anew. */
  function bump() {
    changes -= 1; // what the stream counts goes up
    fpu.store("track-changes", changes);
  }

  /* --- the list ------------------------------------------------------------------------------ */

  async function act(event) {
    const pressed = event.target.closest("button[data-act]");
    if (!pressed) return;
    const {number, file} = pressed.dataset, address = `${base()}/imports/${number}`;
    if (pressed.dataset.act === "undo") {
      askReason(fpu.text("tracks.undo_title", {file}), fpu.text("tracks.undo"), async (reason) => {
        await post(`${address}/undo`, {reason});
        if (parts) clear();
        if (parts) tell("", fpu.text("tracks.is_undone", {file}));
        bump();
      });
    } else if (pressed.dataset.act === "continue") {
      await store({id: number}, null);
    } else {
      try {
        show(await fpu.get(address));
      } catch (fault) {
        tell(refusal(fault));
        bump();
      }
    }
  }

  /* --- out ----------------------------------------------------------------------------------- */

  async function exportForm(place) {
    const day = new Date(fpu.now()).toISOString();
    const from = input("text", `${day.slice(0, 10)} 00:00`);
    const to = input("text", day.slice(0, 16).replace("T", " "));
    const zulu = (control) => `${control.value.trim().replace(" ", "T")}Z`;
    const format = choice([["gpx", "GPX"], ["geojson", "GeoJSON"], ["csv", "CSV"], ["gpkg", "GeoPackage"]]);
    const unit = choice([["", fpu.text("tracks.all_units")]]);
    const notice = fpu.element("p", "file-notice wide");
    notice.setAttribute("role", "alert");
    const go = button(fpu.text("tracks.save"), "primary wide", async () => {
      go.disabled = true;
      fpu.write(notice, "");
      try {
        await save({unit: unit.value, format: format.value, from: zulu(from), to: zulu(to)});
      } catch (fault) {
        fpu.write(notice, fpu.text("tracks.refused", {detail: fault.message}));
      }
      go.disabled = false;
    });
    place.replaceChildren(fpu.element("div", "file-form", null,
      labelled(fpu.text("tracks.unit"), unit), labelled(fpu.text("tracks.format"), format),
      labelled(fpu.text("tracks.from_zulu"), from), labelled(fpu.text("tracks.to_zulu"), to), go, notice));
    for (const [value, words] of await units()) unit.append(option(value, words));
  }

  async function save(wanted) {
    const answer = await fetch(`${base()}/tracks/export?${new URLSearchParams(wanted)}`);
    if (!answer.ok) return told(answer);
    const link = fpu.element("a"), address = URL.createObjectURL(await answer.blob());
    link.href = address;
    link.download = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"))?.[1] || "tracks";
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
    return null;
  }

  /* --- start --------------------------------------------------------------------------------- */

  fpu.mount("upload-form", (place) => {
    uploadForm(place);
    return () => { parts = null; };
  });
  fpu.mount("export-form", (place) => { exportForm(place); });
  fpu.mount("imports-list", (place) => { place.addEventListener("click", act); });
  fpu.mount("files-map-panel", (place) => {
    for (const source of ["trails", "patrols", "incidents"]) fpu.map.show(source, NOTHING);
    const letGo = fpu.map.attach(place);
    return () => {
      fpu.map.show("trails", NOTHING);
      letGo();
    };
  });
})();
