/* The quarantine: the clock of one device set right for its entries, after a look at the times. */
window.fpu = window.fpu || {};

(function () {
  "use strict";
  const {post, labelled, input, choice, button, open, base} = fpu.dialogs;
  const {command, refusals, tell} = fpu.quarantine;
  const PAUSE = 300; // milliseconds without a key before the server is asked
  const UNITS = [["shift_hours", 3600], ["shift_minutes", 60], ["shift_seconds", 1]];

  function press(event) {
    const pressed = event.target.closest("button[data-act=shift]");
    if (pressed) open(fpu.text("quarantine.shift_title"), (form, close) => fill(form, close, JSON.parse(pressed.dataset.entries)));
  }

  function fill(form, close, devices) {
    const device = choice(devices.map(([name, entries]) => [name, fpu.text("quarantine.shift_entries", {device: name, n: entries.length})]));
    const way = choice(["shift_earlier", "shift_later"].map((key) => [key, fpu.text(`quarantine.${key}`)]));
    const parts = UNITS.map(([key]) => labelled(fpu.text(`quarantine.${key}`), number()));
    const told = fpu.element("div", "shift-told wide"), notice = fpu.element("p", "file-notice");
    const reason = fpu.element("textarea"), command_id = command();
    let asked = 0, waiting = 0;
    reason.maxLength = 500;
    told.setAttribute("role", "status");
    notice.setAttribute("role", "alert");
    const entries = () => devices[device.selectedIndex][1];
    const fields = parts.map((part) => part.querySelector("input"));

    /** The seconds as typed; null where something is no whole number. */
    function offset() {
      if (fields.some((field) => !field.validity.valid)) return null;
      const total = fields.reduce((sum, field, at) => sum + Number(field.value) * UNITS[at][1], 0);
      return way.value === "shift_earlier" ? -total : total;
    }

    function write(seconds) {
      way.value = seconds > 0 ? "shift_later" : "shift_earlier";
      let rest = Math.abs(seconds);
      UNITS.forEach(([, length], at) => {
        fields[at].value = Math.floor(rest / length);
        rest %= length;
      });
    }

    /** Ask what would become of the times; without an offset for the one that the clock tells. */
    async function look(sent) {
      const mine = ++asked;
      clearTimeout(waiting);
      go.disabled = true;
      try {
        const seen = await post(`${base()}/quarantine/shift/preview`, {entries: entries(), ...sent});
        if (mine !== asked) return;
        if (!("offset_s" in sent)) write(seen.offset_s);
        fpu.write(notice, "");
        show(seen);
      } catch (fault) {
        if (mine !== asked) return;
        told.replaceChildren();
        fpu.write(notice, fpu.text("tracks.refused", {detail: fault.message}));
      }
    }

    function show(seen) {
      const facts = fpu.element("dl");
      for (const name of ["first", "last"]) {
        if (seen[name]) facts.append(fpu.element("dt", "", fpu.text(`quarantine.shift_${name}`)), fpu.element("dd", "", change(seen[name])));
      }
      const list = fpu.element("ul", "", null, ...refusals(seen.entries).map((line) => fpu.element("li", "", line)));
      const words = seen.corrected ? fpu.text("quarantine.shift_refused", {n: seen.refused}) : fpu.text("quarantine.shift_none");
      told.replaceChildren(facts, ...(seen.refused ? [fpu.element("strong", "", words), list] : []));
      go.textContent = fpu.text("quarantine.shift_many", {n: seen.corrected});
      go.disabled = !seen.corrected || !seen.offset_s;
    }

    function typed() {
      const offset_s = offset();
      if (offset_s !== null) return look({offset_s});
      told.replaceChildren();
      return fpu.write(notice, fpu.text("quarantine.shift_whole"));
    }

    const again = () => {
      asked += 1; // what is on its way is no longer what is asked
      go.disabled = true;
      clearTimeout(waiting);
      waiting = setTimeout(typed, PAUSE);
    };

    const go = button(fpu.text("quarantine.shift_many", {n: entries().length}), "primary", async () => {
      go.disabled = true;
      try {
        const sent = {entries: entries(), offset_s: offset(), reason: reason.value, command_id};
        const done = await post(`${base()}/quarantine/shift`, sent);
        close();
        tell("quarantine.told_corrected", {n: done.corrected, refused: done.refused}, done.entries);
      } catch (fault) {
        fpu.write(notice, fpu.text("tracks.refused", {detail: fault.message}));
        go.disabled = false;
      }
    });
    device.addEventListener("change", () => look({}));
    way.addEventListener("change", again);
    for (const field of fields) field.addEventListener("input", again);
    form.append(labelled(fpu.text("quarantine.shift_device"), device), labelled(fpu.text("quarantine.shift_way"), way),
      fpu.element("div", "shift-parts wide", null, ...parts), told,
      labelled(fpu.text("tracks.reason"), reason, "wide"), fpu.element("p", "", fpu.text("quarantine.hint")), notice,
      fpu.element("div", "row-acts", null, go, button(fpu.text("tracks.cancel"), "", close)));
    look({});
  }

  function number() {
    const made = input("number", 0);
    made.min = 0;
    made.step = 1;
    return made;
  }

  const change = ({was, becomes}) => fpu.text("quarantine.shift_becomes", {was: second(was), becomes: second(becomes)});

  /** A time to the second, Zulu. */
  const second = (time) => `${time.slice(0, 19).replace("T", " ")}Z`;

  fpu.mount("quarantine-tables", (place) => { place.addEventListener("click", press); });
})();
