/* Clocks that count down to when something is due, once a second, by the server's clock; past that
   they say by how much it is overdue. An element with data-due shows it; the nearest .countdown
   around it is marked. A clock that runs out makes no sound and does not blink: its alert does the asking. */
window.fpu = window.fpu || {};

fpu.timers = (function () {
  "use strict";
  const MINUTE = 60, HOUR = 3600;
  const two = (number) => String(number).padStart(2, "0");

  /** Seconds as a clock shows them: 04:59, or 1:04:59 from an hour on. */
  function span(seconds) {
    const whole = Math.floor(seconds), hours = Math.floor(whole / HOUR);
    const rest = `${two(Math.floor((whole % HOUR) / MINUTE))}:${two(whole % MINUTE)}`;
    return hours ? `${hours}:${rest}` : rest;
  }

  function draw(element, now) {
    const due = Date.parse(element.dataset.due);
    if (!Number.isFinite(due)) return;
    const over = now > due, time = span(Math.abs(due - now) / 1000);
    const words = over ? fpu.text("monitor.clock_overdue", {time}) : fpu.text("monitor.clock_left", {time});
    fpu.write(element, words);
    element.closest(".countdown")?.classList.toggle("overdue", over);
  }

  function drawAll() {
    const now = fpu.now();
    for (const element of document.querySelectorAll("[data-due]")) draw(element, now);
  }

  // What the server draws anew counts at once, not with the next second.
  for (const id of ["incident-timers", "incident-rows"]) {
    fpu.mount(id, (place) => {
      drawAll();
      const observer = new MutationObserver(drawAll);
      observer.observe(place, {childList: true, subtree: true, attributeFilter: ["data-due"]});
      return () => observer.disconnect();
    });
  }
  fpu.on("tick", drawAll);

  return {span};
})();
