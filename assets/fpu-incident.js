/* Forms about incidents, for hands that stay on the keyboard: a form that opens takes the focus,
   Ctrl+Enter records, Esc closes an untouched form, and what a choice makes unnecessary is not shown. */
window.fpu = window.fpu || {};

fpu.forms = (function () {
  "use strict";
  const FORMS = [
    {frame: "act-frame", notice: "act-notice", fields: "act-fields",
     submit: "act-submit", cancel: "act-cancel"},
    {frame: "report-frame", notice: "report-notice", fields: "report-fields",
     submit: "report-submit", cancel: "report-cancel"},
  ];
  const KEYS = ["keydown", "keyup"];
  const TYPED = "input:not([readonly]), textarea, .dash-dropdown";

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

  function focusFirst(frame, fields) {
    frame.scrollIntoView({block: "nearest"});
    const first = fields.querySelector(TYPED);
    if (first) first.focus({preventScroll: true});
  }

  /** Esc cancels only a form that nobody has touched: what was typed is not lost by one key. */
  function keys(event, frame, names) {
    const press = (id) => {
      event.preventDefault();
      event.stopPropagation(); // or a box with the focus would take Enter as a tick
      if (event.type === "keydown") document.getElementById(id).click();
    };
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) press(names.submit);
    else if (event.key === "Escape" && !frame.dataset.touched) press(names.cancel);
  }

  function mount(names) {
    fpu.mount(names.frame, (frame) => {
      const fields = document.getElementById(names.fields);
      let filled = fields.childElementCount > 0;
      const observer = new MutationObserver(() => {
        const now = fields.childElementCount > 0;
        show(frame);
        if (now && !filled) {
          delete frame.dataset.touched;
          requestAnimationFrame(() => focusFirst(frame, fields));
        }
        filled = now;
      });
      observer.observe(fields, {childList: true, subtree: true});
      const notice = document.getElementById(names.notice);
      const told = new MutationObserver(() => notice.scrollIntoView({block: "nearest"}));
      told.observe(notice, {childList: true, characterData: true, subtree: true});
      frame.addEventListener("change", () => show(frame));
      for (const kind of ["input", "click"]) {
        fields.addEventListener(kind, () => { frame.dataset.touched = "yes"; });
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
  return {chosen, show};
})();
