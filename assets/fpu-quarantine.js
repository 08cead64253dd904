/* The quarantine: one entry in a window, to be accepted, corrected or discarded. */
window.fpu = window.fpu || {};

(function () {
  "use strict";
  const {post, labelled, input, choice, button, open, base} = fpu.dialogs;
  const {command, refresh} = fpu.quarantine;

  async function decide(event) {
    const pressed = event.target.closest("button[data-entry]");
    if (!pressed) return null;
    const address = `${base()}/quarantine/${pressed.dataset.entry}`;
    try {
      const [entry, units] = await Promise.all([fpu.get(address), fpu.get(`${base()}/units`)]);
      show(address, entry, fpu.items(units));
    } catch (fault) {
      fpu.notice(fpu.text("tracks.refused", {detail: fault.message}));
    }
    return null;
  }

  function show(address, entry, units) {
    const reason = fpu.text(`quarantine.reason_${entry.reason}`);
    open(fpu.text("quarantine.title_entry", {n: entry.id, reason}), (form, close) => {
      const known = entry.readable, notice = fpu.element("p", "file-notice");
      notice.setAttribute("role", "alert");
      const latitude = input("text", known.latitude), longitude = input("text", known.longitude);
      const time = input("text", known.time), why = fpu.element("textarea");
      why.maxLength = 500;
      const unit = choice(units.map((one) => [one.id, one.callsign]));
      if (known.unit) unit.value = known.unit;
      const command_id = command();
      const typed = () => ({
        latitude: number(latitude.value), longitude: number(longitude.value),
        time: time.value.trim() || null, unit: unit.value || null,
      });
      const act = (what, sent) => async (event) => {
        event.target.disabled = true;
        try {
          await post(`${address}/${what}`, {reason: why.value, command_id, ...sent()});
          close();
          refresh();
        } catch (fault) {
          fpu.write(notice, fpu.text("tracks.refused", {detail: fault.message}));
        }
        event.target.disabled = false;
      };
      const acts = fpu.element("div", "row-acts", null,
        button(fpu.text("quarantine.correct"), "primary", act("correct", typed)),
        button(fpu.text("quarantine.discard"), "", act("discard", () => ({}))),
        button(fpu.text("tracks.cancel"), "", close));
      if (entry.acceptable) acts.prepend(button(fpu.text("quarantine.accept"), "", act("accept", () => ({}))));
      form.append(fpu.element("p", "", entry.detail), fpu.element("pre", "", entry.raw),
        labelled(fpu.text("quarantine.latitude"), latitude),
        labelled(fpu.text("quarantine.longitude"), longitude),
        labelled(fpu.text("quarantine.time"), time), labelled(fpu.text("quarantine.unit"), unit),
        labelled(fpu.text("tracks.reason"), why, "wide"),
        fpu.element("p", "", fpu.text("quarantine.hint")), notice, acts);
    });
  }

  /** A number as it was typed; what is none is sent as it is, for the server to name. */
  function number(words) {
    const plain = words.trim();
    if (!plain) return null;
    return Number.isFinite(Number(plain)) ? Number(plain) : plain;
  }

  fpu.mount("quarantine-tables", (place) => { place.addEventListener("click", decide); });
})();
