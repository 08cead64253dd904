/* Forms about incidents, for hands that stay on the keyboard: a key of a button opens its form, the
   form begins at the first empty field that is needed, Ctrl+Enter records, Esc closes an untouched
   form, and what a choice makes unnecessary is not shown. */
window.fpu = window.fpu || {};

fpu.forms = (function () {
  "use strict";
  const FORMS = [
    {frame: "act-frame", notice: "act-notice", fields: "act-fields",
     submit: "act-submit", cancel: "act-cancel", keep: "incident-lanes",
     after: "incident-actions-heading"},
    {frame: "late-frame", notice: "late-notice", fields: "late-fields",
     submit: "late-submit", cancel: "late-cancel", after: "late-open"},
    {frame: "report-frame", notice: "report-notice", fields: "report-fields",
     submit: "report-submit", cancel: "report-cancel"},
  ];
  const KEYS = ["keydown", "keyup"];
  const TYPED =
    "input:not([readonly]), input[type=radio], input[type=checkbox], textarea, .dash-dropdown";
  const DRAWN = "input, textarea, .dash-dropdown, .nothing";
  const TYPING = "input, textarea, select, [contenteditable], .dash-dropdown, .dash-dropdown-content";

  let presses = 0;

  /** The id that Dash gives a field: its keys in order, without spaces. */
  const idOf = (form, path) => JSON.stringify({form, path, type: "form-field"});

  /** The chosen value of a field of radio buttons, null when nothing is chosen. */
  function chosen(form, path) {
    const field = document.getElementById(idOf(form, path));
    const checked = field && field.querySelector("input:checked");
    if (!checked) return null;
    return checked.value;
  }

  /** Show a field that depends on a choice (data-when="path=value") only with that choice. */
  function show(frame) {
    const form = frame.id.split("-")[0];
    for (const field of frame.querySelectorAll("[data-when]")) {
      const [path, value] = field.dataset.when.split("=");
      const hidden = chosen(form, path) !== value;
      if (field.hidden !== hidden) field.hidden = hidden;
    }
  }

  /* --- where a form begins ------------------------------------------------------------------- */

  function isEmpty(field) {
    const boxes = field.querySelectorAll("input[type=radio], input[type=checkbox]");
    const lines = field.querySelectorAll("input:not([type=radio], [type=checkbox]), textarea");
    if (boxes.length + lines.length === 0) {
      return field.querySelector(".dash-dropdown-placeholder") !== null;
    }
    return [...boxes].every((one) => !one.checked) && [...lines].every((one) => !one.value.trim());
  }

  /** Whether every field that the cursor may begin in has been drawn: some come a moment later. */
  const isDrawn = (fields) => fields.childElementCount > 0 &&
    [...fields.querySelectorAll("[data-needed], [data-first]")]
      .every((field) => field.querySelector(DRAWN) !== null);

  /** The field that was asked for, else the first empty one that is needed; null when all is known. */
  function beginning(fields) {
    const asked = fields.querySelector("[data-first]");
    if (asked) return asked;
    const needed = [...fields.querySelectorAll("[data-needed]:not([hidden])")];
    return needed.find(isEmpty) || null;
  }

  /** The cursor goes where something is missing, or onto the button when nothing is. */
  function focusFirst(frame, fields, names) {
    const field = beginning(fields);
    const inside = field && (field.querySelector("input:checked") || field.querySelector(TYPED));
    const first = inside || (frame.querySelector("[data-needed]") && names.keep
      ? document.getElementById(names.submit) : fields.querySelector(TYPED));
    if (first) first.focus({preventScroll: true});
    bringIntoView(frame, first, names);
  }

  /** Scroll no further than is needed to see the form, and never the lanes away; a field that is
      hidden all the same comes into view. */
  function bringIntoView(frame, first, names) {
    const lanes = names.keep && document.getElementById(names.keep);
    const around = lanes && lanes.closest(".incident-screen");
    if (!around) {
      frame.scrollIntoView({block: "nearest"});
      return;
    }
    const top = around.getBoundingClientRect().top - around.scrollTop;
    const below = frame.getBoundingClientRect().bottom - top - around.clientHeight;
    const most = lanes.getBoundingClientRect().top - top;
    around.scrollTop = Math.max(0, Math.min(below, most));
    if (first) first.scrollIntoView({block: "nearest"});
  }

  /* --- keys ---------------------------------------------------------------------------------- */

  /** Esc cancels only a form that nobody has touched: what was typed is not lost by one key. */
  function keys(event, frame, names) {
    const press = (id) => {
      event.preventDefault();
      event.stopPropagation(); // or a box with the focus would take Enter as a tick
      if (event.type === "keydown") document.getElementById(id).click();
    };
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) press(names.submit);
    else if (event.key === "Escape" && !frame.dataset.touched) press(names.cancel);
    else if (event.key === "Escape") document.getElementById(names.cancel).focus();
  }

  /** Single keys are in the way of some (of speech input, of shaking hands): a switch, remembered. */
  const KEYS_OFF = "fpu-single-keys-off";

  function remembered() {
    try { return localStorage.getItem(KEYS_OFF) === "yes"; } catch (refused) { return false; }
  }

  function switchKeys(off) {
    document.documentElement.dataset.keys = off ? "off" : "on";
    try { localStorage.setItem(KEYS_OFF, off ? "yes" : "no"); } catch (refused) { /* this page only */ }
  }

  /** A key of a button of the incident screen, while nobody is typing and no form is open. */
  function shortcut(event) {
    if (document.documentElement.dataset.keys === "off") return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const screen = document.getElementById("incident-screen");
    const busy = document.querySelector(".form-frame:not([hidden])");
    if (!screen || busy || event.target.closest(TYPING)) return;
    const button = [...screen.querySelectorAll("button[data-key]")]
      .find((one) => one.dataset.key === event.key.toLowerCase());
    if (!button) return;
    event.preventDefault();
    button.click();
  }

  /** Open the form of a button: its id says which. Told through a store, because a press on a button
      that is drawn anew at the same moment would be lost. */
  function want(event) {
    const button = event.target.closest && event.target.closest("button[id*='incident-action']");
    if (!button || !document.getElementById("incident-screen")) return;
    presses += 1;
    fpu.store("act-wanted", {...JSON.parse(button.id), press: presses});
  }

  /* --- references that are to follow --------------------------------------------------------- */

  /** Write into a field as a person does, so that Dash hears of it. */
  function type(input, value) {
    const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
    setter.call(input, value);
    input.dispatchEvent(new Event("input", {bubbles: true}));
  }

  function markFollowing(button, input) {
    button.setAttribute("aria-pressed", String(input.value === button.dataset.follow));
  }

  /** A click on "to follow" writes it or takes it away; a question mark alone writes it, too. */
  function follow(event) {
    const around = event.target.closest(".may-follow");
    if (!around) return;
    const button = around.querySelector("[data-follow]"), input = around.querySelector("input");
    const words = button.dataset.follow;
    if (event.type === "click" && event.target === button) {
      type(input, input.value === words ? "" : words);
      input.focus();
    } else if (event.type === "input" && input.value === "?") {
      type(input, words);
    }
    markFollowing(button, input);
  }

  /* --- one form ------------------------------------------------------------------------------ */

  function mount(names) {
    fpu.mount(names.frame, (frame) => {
      const fields = document.getElementById(names.fields);
      let filled = fields.childElementCount > 0, begun = filled;
      const begin = () => {
        if (begun || !isDrawn(fields)) return;
        begun = true;
        focusFirst(frame, fields, names);
      };
      const observer = new MutationObserver(() => {
        const now = fields.childElementCount > 0;
        show(frame);
        for (const fault of fields.querySelectorAll("details:not([open]) .fault:not(:empty)")) {
          fault.closest("details").open = true; // what is wrong is never folded away
        }
        if (now && !filled) {
          delete frame.dataset.touched;
          begun = false;
        } else if (!now && filled) {
          document.getElementById(names.after)?.focus({preventScroll: true});
        }
        filled = now;
        if (now && !begun) requestAnimationFrame(begin);
      });
      observer.observe(fields, {childList: true, subtree: true});
      const notice = document.getElementById(names.notice);
      const told = new MutationObserver(() => notice.scrollIntoView({block: "nearest"}));
      told.observe(notice, {childList: true, characterData: true, subtree: true});
      frame.addEventListener("change", () => show(frame));
      for (const kind of ["input", "click"]) {
        fields.addEventListener(kind, (event) => {
          frame.dataset.touched = "yes";
          follow(event);
        });
      }
      const listen = (event) => { if (frame.contains(event.target)) keys(event, frame, names); };
      for (const kind of KEYS) window.addEventListener(kind, listen, true); // before the fields
      return () => {
        observer.disconnect();
        told.disconnect();
        for (const kind of KEYS) window.removeEventListener(kind, listen, true);
      };
    });
  }

  FORMS.forEach(mount);
  window.addEventListener("keydown", shortcut);
  window.addEventListener("click", want);
  document.documentElement.dataset.keys = remembered() ? "off" : "on";
  window.addEventListener("click", (event) => {
    if (event.target.closest && event.target.closest("[data-keys=switch]")) {
      switchKeys(document.documentElement.dataset.keys !== "off");
    }
  });
  return {chosen, show};
})();
