/* Alerts on every screen: a red banner for each alarm until a person acknowledges it by name, the
   number in the header, and the list at the foot of the monitor. */
window.fpu = window.fpu || {};

fpu.alerts = (function () {
  "use strict";
  const LISTED = 30, THANKS = 10000;
  const known = new Map();    // id -> the alert as the server tells it
  const justTaken = new Map(); // id -> when we heard that it was acknowledged (ms)

  const isOpen = (alert) => !alert.acknowledged_by;
  const open = () => [...known.values()].filter(isOpen);
  const newestFirst = (alerts) => alerts.sort((a, b) => (a.occurred_at < b.occurred_at ? 1 : -1));

  async function load() {
    try {
      // What is open is asked for by itself: newer alerts must not push an old call out of sight.
      const alerts = `/api/v1/operations/${fpu.operation()}/alerts`;
      const [newest, open] = await Promise.all(
        [fpu.get(`${alerts}?limit=100`), fpu.all(`${alerts}?open=true&limit=1000`)]);
      known.clear();
      for (const alert of [...fpu.items(newest), ...open]) known.set(alert.id, alert);
      draw();
    } catch (fault) {
      if (!fpu.live.isSignedOut()) fpu.later(load, fault);
    }
  }

  function hear(alert) {
    const before = known.get(alert.id);
    if (before && isOpen(before) && !isOpen(alert)) {
      justTaken.set(alert.id, fpu.now());
      setTimeout(() => { justTaken.delete(alert.id); draw(); }, THANKS);
    }
    known.set(alert.id, alert);
    draw();
  }

  async function acknowledge(alert, button) {
    button.disabled = true;
    await take(alert, {});
    button.disabled = false;
  }

  /** Tells the server who took it, with what was decided; whether it did. */
  async function take(alert, decision) {
    const alerts = `/api/v1/operations/${fpu.operation()}/alerts`;
    const headers = {"Content-Type": "application/json", Accept: "application/json"};
    const body = JSON.stringify(decision);
    try {
      const answer = await fetch(`${alerts}/${alert.id}/acknowledge`, {method: "POST", headers, body});
      const said = await answer.json();
      if (answer.ok) hear(said);
      else fpu.notice(said.detail || said.title);
      return answer.ok;
    } catch (fault) {
      fpu.notice(fpu.text("monitor.loading_failed"));
      return false;
    }
  }

  /* --- drawing ------------------------------------------------------------------------------- */

  function draw() {
    const count = document.getElementById("alert-count"), waiting = open();
    if (count) {
      fpu.write(count, fpu.text("shell.alerts", {n: waiting.length}));
      count.dataset.state = waiting.length ? "bad" : "good";
    }
    drawBanners();
    drawList();
    tellMap(waiting);
    retitle(waiting);
  }

  function drawBanners() {
    const place = document.getElementById("sos-banners");
    if (!place) return;
    const shown = [...known.values()].filter((one) =>
      one.kind === "sos" && (isOpen(one) || justTaken.has(one.id)));
    const wanted = newestFirst(shown);
    const old = new Map([...place.children].map((child) => [child.dataset.version, child]));
    place.replaceChildren(...wanted.map((one) => old.get(version(one)) || sosBanner(one)));
  }

  const version = (alert) => `${alert.id}/${alert.times}/${alert.acknowledged_by || ""}`;

  function sosBanner(alert) {
    const age = fpu.element("span", "sos-age");
    fpu.showAge(age, alert.occurred_at);
    const made = fpu.element("div", "sos", null,
      fpu.element("strong", "sos-word", fpu.text("shell.sos")),
      fpu.element("span", "sos-sign", alert.callsign || alert.unit),
      ...whose(alert), place(alert), age);
    if (alert.times > 1) made.append(repeats(alert, "sos-times"));
    made.append(fpu.element("span", "spring"));
    made.dataset.version = version(alert);
    if (isOpen(alert)) made.append(...openActions(alert));
    else made.append(taken(alert));
    made.classList.toggle("taken", !isOpen(alert));
    return made;
  }

  /** Who calls, where a device speaks for several persons. */
  function whose(alert) {
    if (!alert.alarm) return [];
    const uids = [alert.uid, ...(alert.uids || [])].filter((uid, at, all) => uid && all.indexOf(uid) === at);
    if (!uids.length) return [];
    const made = fpu.element("span", "whose", uids.length > 1 ? `${uids[0]} +${uids.length - 1}` : uids[0]);
    made.title = uids.join(", ");
    return [made];
  }

  /** How often it was sent and when last; in which words as its title. */
  function repeats(alert, className) {
    const age = fpu.element("span", "last-age");
    fpu.showAge(age, alert.last_at);
    const words = fpu.text("shell.sos_again", {n: alert.times});
    const made = fpu.element("span", className, `${words} · ${fpu.text("shell.sos_last")} `, age);
    if (alert.words) made.title = fpu.text("shell.sos_words", {words: alert.words.join(", ")});
    return made;
  }

  function openActions(alert) {
    const actions = [];
    if (alert.position && document.getElementById("map-panel")) {
      const find = fpu.element("button", "action quiet", fpu.text("shell.show_on_map"));
      find.addEventListener("click", () => {
        fpu.map.goTo([alert.position.lon, alert.position.lat], 11);
      });
      actions.push(find);
    }
    actions.push(acknowledgement(alert));
    return actions;
  }

  /** The button that takes an alert by name, or where it can be done. */
  function acknowledgement(alert, words = "shell.acknowledge_as") {
    const shell = document.getElementById("shell");
    if (!shell.dataset.mayAcknowledge) {
      return fpu.element("span", "elsewhere", fpu.text("shell.acknowledge_elsewhere"));
    }
    const name = shell.dataset.user;
    const button = fpu.element("button", "action", fpu.text(words, {name}));
    button.addEventListener("click", () => acknowledge(alert, button));
    return button;
  }

  function taken(alert) {
    const age = fpu.age(fpu.secondsSince(alert.acknowledged_at));
    return fpu.element("span", "taken-by",
      fpu.text("shell.acknowledged_by", {name: alert.acknowledged_by, age}));
  }

  function shortTaken(alert) {
    const words = fpu.text("monitor.taken", {name: alert.acknowledged_by});
    const made = fpu.element("span", "taken-by", words);
    made.title = fpu.group(alert.acknowledged_at);
    return made;
  }

  /** The position in numbers at once, in words as soon as they are known. */
  function place(alert) {
    if (!alert.position) {
      const why = alert.position_withheld ? "shell.sos_position_withheld" : "shell.sos_no_position";
      return fpu.element("span", "sos-place", fpu.text(why));
    }
    const {lat, lon} = alert.position, numbers = `${lat.toFixed(4)}, ${lon.toFixed(4)}`;
    const made = fpu.element("span", "sos-place", null, fpu.element("span", "numbers", numbers));
    fpu.places.near(lat, lon).then((words) => { if (words) made.prepend(`${words} · `); });
    return made;
  }

  function drawList() {
    const list = document.getElementById("alert-list");
    if (!list) return;
    const listed = newestFirst([...known.values()]).sort((a, b) => rank(a) - rank(b)).slice(0, LISTED);
    const rows = listed.map(row);
    if (!rows.length) rows.push(fpu.element("li", "empty", fpu.text("monitor.no_alerts")));
    list.replaceChildren(...rows);
  }

  /** Calls for help first, then disputes, then whatever else is open, then what somebody has taken. */
  const RANKS = {sos: 0, dispute: 1};
  const rank = (alert) => (isOpen(alert) ? RANKS[alert.kind] ?? 2 : 3);

  function row(alert) {
    const kind = fpu.textOr(`monitor.alert_${alert.kind}`, alert.kind);
    const age = fpu.element("span", "age");
    fpu.showAge(age, alert.occurred_at);
    const made = fpu.element("li", `alert of-${alert.kind}${isOpen(alert) ? " open" : ""}`, null,
      fpu.element("strong", "kind", kind),
      ...about(alert),
      age);
    if (alert.times > 1) made.append(repeats(alert, "times"));
    if (alert.kind === "spot") {
      if (isOpen(alert)) made.append(fpu.spots.words(alert), ...fpu.spots.actions(alert, drawList, take));
      else made.append(fpu.spots.decision(alert), shortTaken(alert));
    } else if (isOpen(alert)) made.append(acknowledgement(alert, "shell.acknowledge"));
    else made.append(shortTaken(alert));
    return made;
  }

  /** Whom or what an alert is about. */
  function about(alert) {
    if (alert.kind === "timer") return clockParts(alert);
    if (alert.kind === "dispute") return disputeParts(alert);
    return [fpu.element("span", "sign", alert.callsign || alert.unit || ""), ...whose(alert)];
  }

  /** Words as the way to an incident, and who should act. */
  function wayTo(alert, words, title) {
    const way = fpu.element(alert.incident ? "a" : "span", "about", words);
    if (alert.incident) {
      way.href = `/incident/${encodeURIComponent(alert.incident)}?operation=${encodeURIComponent(fpu.operation())}`;
    }
    way.title = title;
    return [way, fpu.element("span", "owner", fpu.textOr(`shell.role_${alert.owner}`, alert.owner))];
  }

  /** Which clock of which incident ran out. */
  function clockParts(alert) {
    const who = fpu.textOr(`incident.lane_short_${alert.region}`, alert.region);
    const what = fpu.textOr(`incident.clock_${alert.timer}`, alert.timer);
    const words = fpu.text("monitor.alert_timer_what", {who, what});
    return wayTo(alert, `${words} · ${alert.title || alert.incident}`,
      `${words} · ${alert.incident} ${alert.title || ""} · ${fpu.group(alert.due)}`);
  }

  /** Number and title of the incident first, then what is said not to be so, and by whom. */
  function disputeParts(alert) {
    const number = (alert.incident || "").split("-").pop();
    const where = [number, alert.title].filter(Boolean).join(" ");
    const org = fpu.textOr(`record.org.${alert.said_by.org}`, alert.said_by.org);
    const by = `${org} (${alert.said_by.function})`;
    return wayTo(alert, `${where} · ${alert.breaks}`,
      `${where} · ${alert.breaks} · ${by} · ${fpu.group(alert.occurred_at)}`);
  }

  function tellMap(waiting) {
    const features = waiting.filter((one) => one.kind === "sos" && one.position).map((one) => ({
      type: "Feature",
      geometry: {type: "Point", coordinates: [one.position.lon, one.position.lat]},
      properties: {id: one.id, unit: one.unit, label: one.callsign || one.unit},
    }));
    fpu.map.show("alarms", {type: "FeatureCollection", features});
  }

  /** A tab in the background shows an alarm in its title. */
  function retitle(waiting) {
    const plain = document.title.replace(/^SOS [^·]* · /, "");
    const sos = waiting.find((one) => one.kind === "sos");
    document.title = sos ? `SOS ${sos.callsign || sos.unit} · ${plain}` : plain;
  }

  fpu.mount("sos-banners", () => { load(); });
  fpu.mount("alert-list", drawList);
  fpu.on("alert", hear);
  fpu.on("reset", load);

  return {open};
})();
