/* The stream of the operation: what the server tells is passed on as events `fpu:<kind>`, the
   counters of the Dash stores are raised, and silence is noticed. */
window.fpu = window.fpu || {};

fpu.live = (function () {
  "use strict";
  const KINDS = ["fix", "fixes", "incident", "platoon", "log", "alert", "visit", "tracks",
                 "contact", "quarantine", "beat", "signed-out", "reset"];
  const STORES = {
    incident: "incident-changes", platoon: "incident-changes", log: "log-changes",
    alert: "alert-changes", visit: "crossing-changes", quarantine: "quarantine-changes",
    tracks: "track-changes",
  };
  const SILENT_AFTER = 12000, RETRY = 3000, BUMP_EVERY = 250;
  const counters = {}, waiting = new Set();
  let source = null, operation = "", heardAt = 0, bumping = 0, retrying = 0;
  let signedOut = false, connected = false, refusing = false, stale = false;

  function start(chosen) {
    if (source && operation === chosen) return;
    stop();
    operation = chosen;
    signedOut = connected = false;
    heardAt = performance.now();
    connect();
  }

  function stop() {
    clearTimeout(retrying);
    if (source) source.close();
    source = null;
  }

  function connect() {
    source = new EventSource(`/live?operation=${encodeURIComponent(operation)}`);
    for (const kind of KINDS) source.addEventListener(kind, (event) => hear(kind, event));
    // The browser reconnects by itself with Last-Event-ID, except after an answer that is not a
    // stream: then it is asked why, and a new connection starts from a new snapshot.
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED && !signedOut) {
        clearTimeout(retrying);
        retrying = setTimeout(again, RETRY);
      }
    };
  }

  async function again() {
    try {
      await fpu.get("/api/v1/operations");
    } catch (fault) {
      if (!signedOut) retrying = setTimeout(again, RETRY);
      return;
    }
    connect();
    fpu.tell("reset", {});
  }

  function hear(kind, event) {
    heardAt = performance.now();
    connected = true;
    const data = JSON.parse(event.data || "{}");
    if (kind === "beat") beat(data);
    if (kind === "fixes") fpu.tell("fix", features(data));
    else fpu.tell(kind, kind === "fix" ? [data] : data);
    bump(kind);
  }

  function beat({now, refusing: cannotStore, stale: cannotRead}) {
    fpu.setClock(now);
    refusing = Boolean(cannotStore);
    stale = Boolean(cannotRead);
  }

  /** The positions of a message that holds many, as the features that single ones are. */
  function features({sources, columns, rows}) {
    return rows.map((row) => {
      const {source, longitude, latitude, ...measured} =
        Object.fromEntries(columns.map((name, i) => [name, row[i]]));
      const [unit, callsign, device] = sources[source];
      const times = {
        fix_time: new Date(measured.fix_time).toISOString(),
        received_at: new Date(measured.received_at).toISOString(),
      };
      return {
        type: "Feature",
        geometry: {type: "Point", coordinates: [longitude, latitude]},
        properties: {unit, callsign, device, ...measured, ...times},
      };
    });
  }

  /** Raise the counter of the store that belongs to a kind, at most every 250 ms. */
  function bump(kind) {
    const store = STORES[kind];
    if (!store) return;
    waiting.add(store);
    bumping = bumping || setTimeout(raise, BUMP_EVERY);
  }

  function raise() {
    bumping = 0;
    for (const store of waiting) {
      counters[store] = (counters[store] || 0) + 1;
      fpu.store(store, counters[store]);
    }
    waiting.clear();
  }

  fpu.on("signed-out", () => {
    signedOut = true;
    stop();
  });
  fpu.on("reset", () => ["incident", "log", "alert", "visit", "quarantine"].forEach(bump));

  return {
    start,
    /** Seconds since anything was heard from the server. */
    silence: () => (performance.now() - heardAt) / 1000,
    isSilent: () => performance.now() - heardAt > SILENT_AFTER,
    isSignedOut: () => signedOut,
    /** Whether the server cannot store positions now, and whether it cannot read them. */
    isRefusing: () => refusing,
    isStale: () => stale,
    isConnected: () => connected,
  };
})();
