/* What a patrol did, and what its clock says, in words; both worked out by the server. */
window.fpu = window.fpu || {};

fpu.work = (function () {
  "use strict";
  const AGAIN = 60000;

  /** What a unit did in the last `seconds`: the device that was heard longest tells it. */
  async function told(base, unit, seconds) {
    const from = new Date(fpu.now() - seconds * 1000).toISOString();
    const address = `${base}/units/${encodeURIComponent(unit)}/analysis?from=${from}`;
    const {devices: [main]} = await fpu.get(address);
    if (!main) return "";
    const say = (key, values) => fpu.text(`monitor.${key}`, values);
    const stood = fpu.age(main.stops.reduce((sum, stop) => sum + stop.dwell_s, 0));
    return [
      say("work_distance", {n: (main.distance_m / 1000).toFixed(1)}),
      say("work_time", {time: fpu.age(main.on_task_s)}),
      main.stops.length ? say("work_stops", {n: main.stops.length, time: stood}) : "",
      main.gaps.length ? say("work_gaps", {n: main.gaps.length}) : "",
    ].filter(Boolean).join(" · ");
  }

  /** By unit, what is to be said of a clock that is wrong. */
  async function clocks(base) {
    const {clocks: all} = await fpu.get(`${base}/clocks`);
    return new Map(all.filter(({wrong}) => wrong).map(({unit, skew_s: skew}) => [
      unit,
      fpu.text(`monitor.clock_${skew > 0 ? "ahead" : "behind"}_by`, {age: fpu.age(Math.abs(skew))}),
    ]));
  }

  return {told, clocks, AGAIN};
})();
