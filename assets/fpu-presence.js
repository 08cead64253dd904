/* Whether somebody is here: keys and the pointer are told to the server once a minute, so that a
   screen in use stays signed in; before an unused one is signed out, it says so. */
(function () {
  "use strict";
  const TELL_EVERY = 60000, WARN_BEFORE = 5 * 60000, KEY = "fpu-last-use";
  let toldAt = 0;

  // tabs of one browser share one session
  function lastUse() {
    return Number(localStorage.getItem(KEY)) || 0;
  }

  function used() {
    const now = Date.now();
    if (now - lastUse() > 1000) localStorage.setItem(KEY, String(now));
    warn(0);
    if (now - toldAt < TELL_EVERY || fpu.live.isSignedOut()) return;
    toldAt = now;
    fetch("/account/present", {method: "POST"}).then((answer) => {
      if (answer.status === 401) fpu.tell("signed-out");
    }).catch(() => { toldAt = 0; });
  }

  const clockTime = (moment) => new Intl.DateTimeFormat("en-GB", {
    timeZone: "UTC", hourCycle: "h23", hour: "2-digit", minute: "2-digit",
  }).format(moment) + " Z";

  /** Say that the screen signs out at a moment; 0 takes the words away. */
  function warn(moment) {
    const shown = document.querySelector(".idle-soon");
    if (!moment) {
      shown?.remove();
      return;
    }
    const place = document.getElementById("shell");
    const made = shown || fpu.element("div", "idle-soon");
    made.setAttribute("role", "alert");
    fpu.write(made, fpu.text("account.idle_soon", {time: clockTime(moment)}));
    if (shown) return;
    place.append(made);
    made.popover = "manual"; // over an open dialog, too
    made.showPopover();
  }

  fpu.mount("shell", (shell) => {
    const idle = Number(shell.dataset.idleSeconds) * 1000;
    if (!idle) return null;
    const kinds = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];
    localStorage.setItem(KEY, String(Date.now())); // opening a page is use
    for (const kind of kinds) window.addEventListener(kind, used, {passive: true, capture: true});
    const looking = setInterval(() => {
      const ends = lastUse() + idle;
      warn(!fpu.live.isSignedOut() && Date.now() > ends - WARN_BEFORE && Date.now() < ends ? ends : 0);
    }, 5000);
    return () => {
      clearInterval(looking);
      for (const kind of kinds) window.removeEventListener(kind, used, {capture: true});
    };
  });
})();
