/* The quarantine: one decision about all entries that are shown, and what became of each. */
window.fpu = window.fpu || {};

fpu.quarantine = (function () {
  "use strict";
  const {post, button, askReason, base} = fpu.dialogs;
  const ACTS = {accept, discard};
  let changes = 0;

  function act(event) {
    const pressed = event.target.closest("button[data-act]");
    if (pressed) ACTS[pressed.dataset.act]?.(pressed.dataset.entries.split(",").map(Number));
  }

  function accept(entries) {
    const command_id = command();
    const n = entries.length, words = fpu.text("quarantine.accept_shown", {n});
    askReason(words, fpu.text("quarantine.accept_many", {n}), async (reason) => {
      const done = await post(`${base()}/quarantine/accept`, {entries, reason, command_id});
      tell("quarantine.told_accepted", {n: done.accepted, refused: done.refused}, done.entries);
    }, fpu.text("quarantine.hint"));
  }

  function discard(entries) {
    const n = entries.length, words = fpu.text("quarantine.discard_shown", {n});
    askReason(words, fpu.text("quarantine.discard_many", {n}), async (reason) => {
      const done = await post(`${base()}/quarantine/discard`, {entries, reason});
      tell("quarantine.told_discarded", {n: done.discarded, already: done.already}, []);
    }, fpu.text("quarantine.hint"));
  }

  /** One line of what was done, and below it every entry that was refused, by why it was. */
  function tell(key, counts, entries) {
    const place = document.getElementById("quarantine-told"), list = fpu.element("ul");
    for (const line of refusals(entries)) list.append(fpu.element("li", "", line));
    const close = button(fpu.text("quarantine.close"), "", () => place.replaceChildren());
    const head = fpu.element("div", "told-head", null, fpu.element("strong", "", fpu.text(key, counts)), close);
    const kind = list.children.length ? "told partly" : "told";
    place.replaceChildren(fpu.element("div", kind, null, head, ...(list.children.length ? [list] : [])));
    document.querySelector(".page.quarantine").scrollTop = 0;
    refresh();
  }

  /** A line for each way in which entries were refused: their numbers, why, and what was said of
      them, of which the first stands for those that differ. */
  function refusals(entries) {
    const found = new Map();
    for (const one of entries.filter((each) => each.became === "refused")) {
      const key = `quarantine.why_${one.field || one.why}`;
      found.set(key, [...(found.get(key) || []), one]);
    }
    return [...found].map(([key, refused]) => {
      const numbers = fpu.text("quarantine.number", {n: refused.map((one) => one.entry).join(", ")});
      const differ = refused.some((one) => one.detail !== refused[0].detail);
      const detail = refused[0].detail + (differ ? "; …" : "");
      return `${numbers}: ${fpu.text("quarantine.told_refused", {why: fpu.text(key), detail})}`;
    });
  }

  /** A command that may be sent again; without one where the browser makes none. */
  const command = () => (crypto.randomUUID ? crypto.randomUUID() : undefined);

  /** Let the tables be made anew. */
  function refresh() {
    changes -= 1; // what the stream counts goes up
    fpu.store("quarantine-changes", changes);
  }

  fpu.mount("quarantine-tables", (place) => { place.addEventListener("click", act); });

  return {command, refresh, refusals, tell};
})();
