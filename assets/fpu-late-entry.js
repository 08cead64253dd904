/* Late entry: an address with late=1 opens the form, and what was entered is told at the top of the
   screen, beside the lanes that it moved. */
(function () {
  "use strict";

  /** Once: the address is rewritten, so that coming back to the page opens nothing. */
  fpu.mount("late-open", (button) => {
    const address = new URL(window.location.href);
    if (!address.searchParams.has("late") || button.hidden) return;
    address.searchParams.delete("late");
    window.history.replaceState(window.history.state, "", address);
    requestAnimationFrame(() => button.click());
  });

  fpu.mount("late-done", (done) => {
    const told = new MutationObserver(() => {
      const screen = done.closest(".incident-screen");
      if (screen && done.textContent) screen.scrollTo({top: 0});
    });
    told.observe(done, {childList: true, characterData: true, subtree: true});
    return () => told.disconnect();
  });
})();
