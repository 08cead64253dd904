/* What the script of every screen uses: time as the server counts it, elements, and a way to start
   when a part of the page appears. Data is only ever written as text, never as markup. */
window.fpu = window.fpu || {};

(function (fpu) {
  "use strict";
  const MINUTE = 60, HOUR = 3600, DAY = 86400, AHEAD = 10;
  const mounts = [];
  let offset = 0;

  /* --- time ---------------------------------------------------------------------------------- */

  /** Milliseconds since 1970 by the server's clock: the clock of a wall screen may be wrong. */
  fpu.now = () => Date.now() + offset;

  /** Learn the server's clock from a message that left it at `serverTime` (RFC 3339). */
  fpu.setClock = function (serverTime) {
    const told = Date.parse(serverTime);
    if (Number.isFinite(told)) offset = told - Date.now();
  };

  /** Seconds since a time (RFC 3339); null when there is none. Never negative. */
  fpu.secondsSince = function (time) {
    const at = Date.parse(time);
    return Number.isFinite(at) ? Math.max(0, (fpu.now() - at) / 1000) : null;
  };

  /** An age as people say it: 12 s, 3 min, 2 h 05 min, 9 h, 3 d. */
  fpu.age = function (seconds) {
    if (seconds === null || seconds === undefined) return fpu.text("monitor.never");
    if (seconds < MINUTE) return fpu.text("monitor.age_seconds", {n: Math.floor(seconds)});
    if (seconds < HOUR) return fpu.text("monitor.age_minutes", {n: Math.floor(seconds / MINUTE)});
    if (seconds >= 6 * HOUR && seconds < 2 * DAY) {
      return fpu.text("monitor.age_long_hours", {n: Math.floor(seconds / HOUR)});
    }
    if (seconds >= 2 * DAY) return fpu.text("monitor.age_days", {n: Math.floor(seconds / DAY)});
    const minutes = String(Math.floor((seconds % HOUR) / MINUTE)).padStart(2, "0");
    return fpu.text("monitor.age_hours", {n: Math.floor(seconds / HOUR), m: minutes});
  };

  /** The age of a time (RFC 3339); in words where it lies ahead, which only a wrong clock can tell. */
  fpu.ageOf = (time) => Date.parse(time) > fpu.now() + AHEAD * 1000
    ? fpu.text("monitor.clock_ahead") : fpu.age(fpu.secondsSince(time));

  /** An age, but calm: below a minute it does not count, so a map label need not be redrawn. */
  fpu.calmAge = (seconds) =>
    seconds !== null && seconds < MINUTE ? fpu.text("monitor.age_fresh") : fpu.age(seconds);

  /** Let an element show the age of `time` from now on; see fpu-shell.js. */
  fpu.showAge = function (element, time) {
    if (time) element.dataset.since = time;
    else delete element.dataset.since;
    fpu.write(element, fpu.ageOf(time));
  };

  /** Words of a key that may be missing from the catalogue, such as those of a code. */
  fpu.textOr = (key, otherwise) => (fpu.strings || {})[key] || otherwise;

  /** Whether this user's role sees a kind of data; what it does not see is not asked for. */
  fpu.sees = (kind) => {
    const shell = document.getElementById("shell");
    return Boolean(shell) && (shell.dataset.sees || "").split(" ").includes(kind);
  };

  /* --- elements ------------------------------------------------------------------------------ */

  /** A new element with a class and text, and children if any. */
  fpu.element = function (tag, className, text, ...children) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined && text !== null) made.textContent = text;
    made.append(...children);
    return made;
  };

  /** Write text only where it differs, so that nothing is announced or laid out twice. */
  fpu.write = function (element, text) {
    if (element.textContent !== text) element.textContent = text;
  };

  /** Call `start(element)` whenever an element with that id appears, and what it returned when the
      element goes away: Dash replaces whole screens. */
  fpu.mount = function (id, start) {
    mounts.push({id, start, element: null, stop: null});
    startParts();
  };

  function startParts() {
    for (const part of mounts) {
      const found = document.getElementById(part.id);
      if (found === part.element) continue;
      if (part.stop) part.stop();
      part.element = found;
      part.stop = (found && part.start(found)) || null;
    }
  }

  new MutationObserver(startParts).observe(document.documentElement, {childList: true, subtree: true});

  /** The id of the operation that this screen shows; empty while there is no screen. */
  fpu.operation = () => document.getElementById("shell")?.dataset.operation || "";

  /* --- the server ---------------------------------------------------------------------------- */

  /** JSON of an address of this server. A 401 tells the screen that nobody is signed in. */
  fpu.get = async function (address) {
    const answer = await fetch(address, {headers: {Accept: "application/json"}});
    if (answer.status === 401) window.dispatchEvent(new CustomEvent("fpu:signed-out"));
    if (answer.ok) return answer.json();
    const asked = Number(answer.headers.get("Retry-After"));
    throw Object.assign(new Error(`${answer.status} ${address}`), {wait: asked * 1000});
  };

  /** Call `load` again after a fault of `fpu.get`: when the server asked for that, otherwise in a
      few seconds; never on all screens at once. Returns the timer. */
  fpu.later = (load, fault) =>
    setTimeout(load, (fault?.wait > 0 ? fault.wait : 3000) * (1 + Math.random() / 2));

  /** All things of a list, however many answers it takes. */
  fpu.all = async function (address) {
    const found = [];
    for (let next = address; next;) {
      const answer = await fpu.get(next);
      found.push(...fpu.items(answer));
      next = answer.next;
    }
    return found;
  };

  /** The things of an answer, whether it is GeoJSON or {"items": […]}. */
  fpu.items = (answer) => answer.features || answer.items || [];

  /** Hear of a kind of message (`fix`, `incident`, …); returns how to stop. */
  fpu.on = function (kind, listener) {
    const heard = (event) => listener(event.detail);
    window.addEventListener(`fpu:${kind}`, heard);
    return () => window.removeEventListener(`fpu:${kind}`, heard);
  };

  /** Tell everybody on this page; used for what the stream brings and for choices of the user. */
  fpu.tell = (kind, detail) => window.dispatchEvent(new CustomEvent(`fpu:${kind}`, {detail}));

  /** Set the `data` of a dcc.Store, which is how a script starts a callback. */
  fpu.store = function (id, data) {
    window.dash_clientside.set_props(id, {data});
  };
})(window.fpu);
