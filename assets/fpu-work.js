/* What a patrol did, and what its clock says, in words; both worked out by the server. */
window.fpu = window.fpu || {};

fpu.work = (function () {
  "use strict";
  const AGAIN = 60000;

  /** What a unit did in the last `seconds`: in `words` of the device that was heard longest, and
      of all its devices, as GeoJSON, the `impossible` positions that its lines leave out. */
  async function told(base, unit, seconds) {
    const from = new Date(fpu.now() - seconds * 1000).toISOString();
    const address = `${base}/units/${encodeURIComponent(unit)}/analysis?from=${from}`;
    const {devices} = await fpu.get(address), [main] = devices;
    const features = devices.flatMap((device) => device.impossible || []).map(mark);
    return {words: main ? wordsOf(main, features.length) : "", impossible: features};
  }

  function mark({at, longitude, latitude}) {
    return {
      type: "Feature", properties: {time: `${at.slice(11, 13)}${at.slice(14, 16)}Z`},
      geometry: {type: "Point", coordinates: [longitude, latitude]},
    };
  }

  function wordsOf(main, impossible) {
    const say = (key, values) => fpu.text(`monitor.${key}`, values);
    const stood = fpu.age(main.stops.reduce((sum, stop) => sum + stop.dwell_s, 0));
    return [
      say("work_distance", {n: (main.distance_m / 1000).toFixed(1)}),
      say("work_time", {time: fpu.age(main.on_task_s)}),
      main.stops.length ? say("work_stops", {n: main.stops.length, time: stood}) : "",
      main.gaps.length ? say("work_gaps", {n: main.gaps.length}) : "",
      impossible ? say("work_impossible", {n: impossible}) : "",
    ].filter(Boolean).join(" · ");
  }

  /** By unit, what is to be said of a clock that is wrong; of several the worst, which comes first. */
  async function clocks(base) {
    const {clocks: all} = await fpu.get(`${base}/clocks`);
    return new Map(all.filter(({wrong}) => wrong).reverse().map((one) => [one.unit, wrongClock(one)]));
  }

  function wrongClock({skew_s: skew, refused}) {
    const way = skew > 0 ? "ahead" : "behind";
    const words = fpu.text(`monitor.clock_${way}_by`, {age: fpu.age(Math.abs(skew))});
    return refused ? `${words}: ${fpu.text("monitor.clock_refused")}` : words;
  }

  return {told, clocks, AGAIN};
})();
