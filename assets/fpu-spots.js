/* A spot is what a patrol marked on its TAK client: in the list of alerts until a person reports it
   as an incident or dismisses it with a reason. */
window.fpu = window.fpu || {};

fpu.spots = (function () {
  "use strict";
  let opened = 0;
  let dismissing = {id: "", words: ""};   // the reason that is being typed survives a new list

  /** What it says, for the row of the list. */
  function words(alert) {
    const said = [alert.title, alert.remarks].filter(Boolean).join(" · ");
    const made = fpu.element("span", "spot-words", said || fpu.text("monitor.spot_without_words"));
    made.title = `${said}\n${alert.uid}`;
    return made;
  }

  /** What became of it, once somebody has decided. */
  function decision(alert) {
    if (alert.reason) return fpu.element("span", "spot-words", fpu.text("monitor.spot_dismissed", {reason: alert.reason}));
    const link = fpu.element("a", "spot-words", fpu.text("monitor.spot_reported", {incident: alert.incident}));
    link.href = `/incident/${encodeURIComponent(alert.incident)}`;
    return link;
  }

  /** The two ways in which it ends; ``redraw`` shows the list anew, ``hear`` takes the answer. */
  function actions(alert, redraw, hear) {
    if (!document.getElementById("shell").dataset.mayAcknowledge) {
      return [fpu.element("span", "elsewhere", fpu.text("shell.acknowledge_elsewhere"))];
    }
    if (dismissing.id === alert.id) return [reason(alert, redraw, hear)];
    const found = [];
    if (document.getElementById("report-open")) {
      const report = fpu.element("button", "action", fpu.text("monitor.spot_report"));
      report.addEventListener("click", () => {
        opened += 1;
        fpu.store("spot-report", {alert: alert.id, n: opened});
        if (alert.position) fpu.map.goTo([alert.position.lon, alert.position.lat], 11);
      });
      found.push(report);
    }
    const dismiss = fpu.element("button", "action quiet", fpu.text("monitor.spot_dismiss"));
    dismiss.addEventListener("click", () => {
      dismissing = {id: alert.id, words: ""};
      redraw();
      document.querySelector(".spot-reason").focus();
    });
    return [...found, dismiss];
  }

  function reason(alert, redraw, hear) {
    const form = fpu.element("form", "spot-dismiss"), input = fpu.element("input");
    input.className = "spot-reason";
    input.required = true;
    input.maxLength = 500;
    input.value = dismissing.words;
    input.placeholder = fpu.text("monitor.spot_reason");
    input.setAttribute("aria-label", fpu.text("monitor.spot_reason"));
    input.addEventListener("input", () => { dismissing.words = input.value; });
    const end = () => { dismissing = {id: "", words: ""}; redraw(); };
    input.addEventListener("keydown", (event) => { if (event.key === "Escape") end(); });
    const send = fpu.element("button", "action", fpu.text("monitor.spot_dismiss"));
    form.append(input, send);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      send.disabled = true;
      if (await hear(alert, {reason: input.value})) end();
      send.disabled = false;
    });
    return form;
  }

  return {words, decision, actions};
})();
