/* The stream of the operation: what the server tells is passed on as events `fpu:<kind>`, the
   counters of the Dash stores are raised, silence is noticed, and so is a server that has no place
   for one more screen. The stream is read with `fetch`: an EventSource tells neither the status of
   an answer nor when to ask again. */
window.fpu = window.fpu || {};

fpu.live = (function () {
  "use strict";
  const STORES = {
    incident: "incident-changes", platoon: "incident-changes", log: "log-changes",
    alert: "alert-changes", visit: "crossing-changes", quarantine: "quarantine-changes",
    tracks: "track-changes",
  };
  const SILENT_AFTER = 12000, GIVEN_UP_AFTER = 25, BUMP_EVERY = 250;
  const FIRST_WAIT = 1000, LONGEST_WAIT = 10000, LONGEST_ASKED = 120;
  const counters = {}, waiting = new Set();
  let operation = "", connection = null, lastId = "", heardAt = 0, bumping = 0, retrying = 0;
  let failures = 0, deafTicks = 0, missed = false, refusal = null;
  let signedOut = false, connected = false, refusing = false, stale = false;

  function start(chosen) {
    if (operation === chosen && (connection || retrying)) return;
    stop();
    operation = chosen;
    signedOut = connected = missed = false;
    refusal = null;
    lastId = "";
    failures = 0;
    heardAt = performance.now();
    connect();
  }

  function stop() {
    clearTimeout(retrying);
    retrying = 0;
    if (connection) connection.abort();
    connection = null;
  }

  async function connect() {
    stop();
    const mine = connection = new AbortController();
    deafTicks = 0;
    const headers = {Accept: "text/event-stream", ...(lastId && {"Last-Event-ID": lastId})};
    let wait = 0;
    try {
      const answer = await fetch(`/live?operation=${encodeURIComponent(operation)}`,
                                 {headers, signal: mine.signal, cache: "no-store"});
      if (mine === connection) wait = await (answer.ok ? read(answer, mine) : refused(answer));
    } catch (fault) {
      // The network, the server, or this page ended it: what counts is that it has ended.
    }
    mine.abort();
    if (mine !== connection) return;
    connection = null;
    if (!signedOut) again(wait);
  }

  /** Connect again: after `wait` ms as the server said, otherwise after longer and longer times.
      Never all screens at once. */
  function again(wait) {
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures);
    failures += 1;
    missed = missed || !lastId;
    const chosen = wait ? wait * (1 + Math.random() / 4) : longest * (0.5 + Math.random());
    if (refusal) refusal.until = performance.now() + chosen;
    retrying = setTimeout(connect, chosen);
  }

  /** What a refusal says; the milliseconds to wait, 0 where it does not tell. */
  async function refused(answer) {
    if (answer.status === 401) fpu.tell("signed-out", {});
    const told = await answer.json().catch(() => ({}));
    const crowded = answer.status === 503 && told.most;
    const {account, browser, open, most} = told;
    refusal = crowded ? {account, browser, open, most, until: 0} : null;
    const seconds = Number(answer.headers.get("Retry-After"));
    return seconds > 0 ? Math.min(seconds, LONGEST_ASKED) * 1000 : 0;
  }

  /** Read the stream to its end. Only now is there a place for this screen, so only now is what it
      may have missed loaded: a crowd that waits costs the server no snapshots. */
  async function read(answer, mine) {
    refusal = null;
    if (missed && !lastId) fpu.tell("reset", {});
    missed = false;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const {value, done} = await reader.read();
      if (done || mine !== connection) return 0;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) message(block);
    }
  }

  /** One server-sent event, as this server writes them: a field a line, one line of data. */
  function message(block) {
    const fields = {};
    for (const line of block.split("\n")) {
      const colon = line.indexOf(": ");
      if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 2);
    }
    if (fields.event) hear(fields.event, JSON.parse(fields.data || "{}"));
    if (fields.id) lastId = fields.id;
  }

  function hear(kind, data) {
    heardAt = performance.now();
    deafTicks = 0;
    connected = true;
    failures = 0;
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
  // Half a connection can stay open for minutes after the other half is gone. Seconds that the
  // page has seen are counted, not time: a laptop that wakes up has a moment to hear something.
  fpu.on("tick", () => {
    deafTicks = connection ? deafTicks + 1 : 0;
    if (deafTicks > GIVEN_UP_AFTER) {
      stop();
      again(0);
    }
  });

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
    /** Why there is no place for this screen: `account` (empty: all of them together), or with
        `browser` this one browser, has `open` of `most` screens; `wait` is the seconds to the next attempt. null where there is a place. */
    crowd: () => refusal &&
      {...refusal, wait: Math.max(0, Math.ceil((refusal.until - performance.now()) / 1000))},
  };
})();
