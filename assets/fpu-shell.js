/* The shell: clocks, ages that count by themselves, day and night, the banners of silence, of too
   many screens and of the end of the session. */
window.fpu = window.fpu || {};

fpu.theme = (function () {
  "use strict";
  const COOKIE = "fpu_theme", A_YEAR = 31536000;

  const fromCookie = () => (document.cookie.match(/(?:^|; )fpu_theme=(day|night)/) || [])[1];
  const fromAddress = () => {
    const asked = new URLSearchParams(location.search).get("theme");
    return asked === "day" || asked === "night" ? asked : null;
  };
  let chosen = fromAddress() || fromCookie() || "night";

  function apply() {
    document.documentElement.dataset.theme = chosen;
  }

  /** Choose `day` or `night`: remembered by this browser and in the address. */
  function choose(theme) {
    chosen = theme;
    document.cookie = `${COOKIE}=${theme}; path=/; max-age=${A_YEAR}; SameSite=Lax`;
    const address = new URL(location.href);
    if (address.searchParams.has("theme")) {
      address.searchParams.set("theme", theme);
      history.replaceState(history.state, "", address);
    }
    apply();
    fpu.tell("theme", theme);
  }

  apply();
  return {choose, now: () => chosen, other: () => (chosen === "day" ? "night" : "day")};
})();

(function () {
  "use strict";
  const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                  "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
  const two = (number) => String(number).padStart(2, "0");

  /* --- clocks -------------------------------------------------------------------------------- */

  const belgrade = new Intl.DateTimeFormat("en-GB", {
    timeZone: "Europe/Belgrade", hourCycle: "h23", year: "numeric", month: "numeric",
    day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
  });

  /** The parts of a moment (ms) on the clock of Europe/Belgrade, with its zone letter A or B. */
  function local(moment) {
    const parts = {};
    for (const {type, value} of belgrade.formatToParts(moment)) parts[type] = Number(value);
    const {year, month, day, hour, minute, second} = parts;
    const ahead = Date.UTC(year, month - 1, day, hour, minute, second) - moment;
    return {year, month, day, hour, minute, second, letter: ahead > 5400000 ? "B" : "A"};
  }

  function zulu(moment) {
    const at = new Date(moment);
    return {year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, day: at.getUTCDate(),
            hour: at.getUTCHours(), minute: at.getUTCMinutes(), second: at.getUTCSeconds(),
            letter: "Z"};
  }

  /** The date-time group of the parts of a moment: 212030Z NOV 26. */
  const group = (at) => `${two(at.day)}${two(at.hour)}${two(at.minute)}${at.letter} ` +
    `${MONTHS[at.month - 1]} ${two(at.year % 100)}`;

  /** The date-time group, Zulu, of a time (RFC 3339). */
  fpu.group = (time) => group(zulu(Date.parse(time)));

  function clock(element, parts) {
    if (!element.firstChild) element.append(fpu.element("b"), fpu.element("span"));
    fpu.write(element.firstChild,
              `${two(parts.hour)}:${two(parts.minute)}:${two(parts.second)} ${parts.letter}`);
    fpu.write(element.lastChild, group(parts));
  }

  /* --- every second -------------------------------------------------------------------------- */

  function tick() {
    const moment = Math.floor(fpu.now() / 1000) * 1000;
    const zuluClock = document.getElementById("zulu-clock");
    if (zuluClock) clock(zuluClock, zulu(moment));
    const localClock = document.getElementById("local-clock");
    if (localClock) clock(localClock, local(moment));
    for (const element of document.querySelectorAll("[data-since]")) {
      fpu.write(element, fpu.ageOf(element.dataset.since));
    }
    hearing();
    fpu.tell("tick");
  }

  /* --- is anything heard? -------------------------------------------------------------------- */

  function hearing() {
    const vital = document.getElementById("data-age"), banners = document.getElementById("banners");
    if (!vital || !banners) return;
    const out = fpu.live.isSignedOut(), crowd = fpu.live.crowd();
    const silent = out || Boolean(crowd) || fpu.live.isSilent();
    const fault = silent ? "" : fpu.live.isStale() ? "stale" : fpu.live.isRefusing() ? "refusing" : "";
    const age = fpu.age(fpu.live.silence());
    const known = fpu.live.isConnected() ? "shell.data_live" : "shell.data_connecting";
    vital.dataset.state = silent || fault ? "bad" : "good";
    const words = fault ? `shell.data_${fault}` : known;
    fpu.write(vital, silent ? fpu.text("shell.data_age", {age}) : fpu.text(words));
    document.getElementById("shell").classList.toggle("deaf", silent);
    if (out) banner(banners, "signed-out", fpu.text("shell.signed_out"), signIn);
    else if (crowd) {
      banner(banners, "crowd", fpu.text("shell.crowd", {age}), () => fpu.element("span", "detail"));
      const whose = crowd.browser ? "shell.crowd_browser"
        : crowd.account ? "shell.crowd_account" : "shell.crowd_server";
      fpu.write(banners.querySelector(".detail"), fpu.text(whose, crowd));
    } else if (silent) banner(banners, "silence", fpu.text("shell.silence", {age}), detail("silence"));
    else if (fault) banner(banners, fault, fpu.text(`shell.${fault}`), detail(fault));
    else banners.replaceChildren();
  }

  const detail = (kind) => () => fpu.element("span", "detail", fpu.text(`shell.${kind}_detail`));

  function signIn() {
    const link = fpu.element("a", "action", fpu.text("shell.sign_in_again"));
    link.href = `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
    return link;
  }

  /** Show a banner; while it is the same one only its text changes. */
  function banner(banners, kind, text, addition) {
    if (banners.firstChild?.dataset.kind !== kind) {
      const made = fpu.element("div", "banner", null, fpu.element("strong"), addition());
      made.dataset.kind = kind;
      banners.replaceChildren(made);
    }
    fpu.write(banners.firstChild.firstChild, text);
  }

  /* --- start --------------------------------------------------------------------------------- */

  let noticeUntil = 0;

  /** Tell the person one sentence for a few seconds. */
  fpu.notice = function (text) {
    const place = document.getElementById("notice");
    if (!place) return;
    fpu.write(place, text);
    clearTimeout(noticeUntil);
    noticeUntil = setTimeout(() => fpu.write(place, ""), 8000);
  };

  function nameSwitch() {
    const button = document.getElementById("theme-switch");
    if (button) fpu.write(button, fpu.text(`shell.to_${fpu.theme.other()}`));
  }

  fpu.mount("theme-switch", (button) => {
    nameSwitch();
    button.addEventListener("click", () => fpu.theme.choose(fpu.theme.other()));
  });
  fpu.on("theme", nameSwitch);

  fpu.mount("shell", (shell) => {
    fpu.live.start(shell.dataset.operation);
    tick();
    const ticking = setInterval(tick, 1000);
    return () => clearInterval(ticking);
  });
})();
