/* Where units are and have been, as the browser knows it: fixes in, GeoJSON out. Knows no map and
   no page, so the monitor and a replay can share it. */
window.fpu = window.fpu || {};

fpu.Tracks = class {
  /** `limits`: seconds of age after which a position is late, then silent. */
  constructor(limits) {
    this.limits = limits;
    this.gap = 120000;       // two fixes further apart (ms) are not joined by a known line
    this.fastest = 70;       // nor two that no patrol can have been at one after the other (m/s)
    this.standing = 0.6;     // below this speed (m/s) a unit stands
    this.wander = 30;        // so far (m) a receiver that lies still may seem to go
    this.memory = 900000;    // two fixes further apart (ms) tell no speed
    this.ahead = 10000;      // a time further ahead (ms) comes from a clock that is wrong
    this.units = new Map();  // unit -> its newest position and what is known of the unit
    this.trails = new Map(); // unit|device -> [{t, at: [lon, lat], start: after a gap}]
  }

  /** What is known of a unit without a position: its call sign and task. */
  describe(unit, callsign, task) {
    const known = this.units.get(unit) || {unit};
    this.units.set(unit, {...known, callsign, task});
  }

  /** One position, a GeoJSON feature. Returns whether the unit's place has changed. */
  fix(feature) {
    const properties = feature.properties, t = Date.parse(properties.fix_time);
    const at = feature.geometry.coordinates.slice(0, 2);
    this._insert(`${properties.unit}|${properties.device}`, {t, at, start: false});
    const known = this.units.get(properties.unit);
    if (known && known.t > t) return false;
    this.units.set(properties.unit, {...known, ...properties, t, at});
    return true;
  }

  /** Trails as the server draws them for one zoom: unbroken pieces in whole steps on a grid that is
      `scale` steps wide. A long step within one of them is no gap: the points between were left
      out because no map of that zoom could show them. */
  draw({scale, tracks}) {
    this.trails.clear();
    for (const {unit, device, x, y, t} of tracks) {
      const trail = this._trail(`${unit}|${device}`);
      let east = 0, south = 0, seconds = 0;
      x.forEach((step, i) => {
        east += step;
        south += y[i];
        seconds += t[i];
        const at = this._place(east / scale, south / scale);
        trail.push({t: seconds * 1000, at, start: i === 0});
        if (x.length === 1) trail.push({t: seconds * 1000, at, start: false}); // drawn as a dot
      });
    }
  }

  /** Longitude and latitude of a place in web Mercator, the world from 0 to 1. */
  _place(x, y) {
    return [(x - 0.5) * 360, Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) * 180 / Math.PI];
  }

  /** `fresh`, `late` or `silent` by the age now; null without a position. */
  status(known, now) {
    if (known.t === undefined) return null;
    const age = (now - known.t) / 1000;
    if (age < this.limits.late) return "fresh";
    return age < this.limits.silent ? "late" : "silent";
  }

  /** How a unit is drawn and named: `moving`, `stopped`, `late`, `silent` or `unknown`. */
  look(known, now) {
    const status = this.status(known, now);
    if (status !== "fresh") return status || "unknown";
    return this.motion(known).speed > this.standing ? "moving" : "stopped";
  }

  /** Speed (m/s) and course (degrees) of a unit; what its device does not send is told by its last
      two positions, and null where they tell nothing. */
  motion({unit, device, speed = null, course = null}) {
    if (speed !== null && course !== null) return {speed, course};
    const [before, last] = (this.trails.get(`${unit}|${device}`) || []).slice(-2);
    if (!last || last.t <= before.t || last.t - before.t > this.memory) return {speed, course};
    const {north, east} = this._way(before, last), metres = Math.hypot(north, east);
    const seconds = (last.t - before.t) / 1000, far = metres > this.wander;
    return {
      speed: speed ?? (far ? metres / seconds : 0),
      course: course ?? (far ? (Math.atan2(east, north) * 180 / Math.PI + 360) % 360 : null),
    };
  }

  /** Whether a unit's newest position claims to be of a time that is still to come. */
  isAhead(known, now) {
    return known.t > now + this.ahead;
  }

  /** The heads: one point a unit. `words` makes the label of a look, an age in seconds and
      whether the clock of the device is ahead. */
  heads(now, selected, words) {
    const features = [];
    for (const known of this.units.values()) {
      if (known.t === undefined) continue;
      const look = this.look(known, now), age = Math.max(0, (now - known.t) / 1000);
      features.push(this._feature("Point", known.at, {
        unit: known.unit, callsign: known.callsign, look, image: `patrol-${look}`,
        age: words(look, age, this.isAhead(known, now)),
        course: (look === "moving" && this.motion(known).course) || 0,
        selected: known.unit === selected,
      }));
    }
    return {type: "FeatureCollection", features};
  }

  /** The trails of the last `seconds`: known lines, and a faint connector where nothing is known. */
  lines(now, seconds, selected) {
    const features = [];
    for (const [key, trail] of this.trails) {
      const unit = key.split("|")[0], chosen = unit === selected;
      const {known, unknown} = this._pieces(trail, now - seconds * 1000);
      if (known.length) {
        features.push(this._feature("MultiLineString", known, {unit, gap: false, selected: chosen}));
      }
      if (unknown.length) {
        features.push(this._feature("MultiLineString", unknown, {unit, gap: true, selected: chosen}));
      }
    }
    return {type: "FeatureCollection", features};
  }

  _pieces(trail, since) {
    const known = [], unknown = [];
    let line = [], previous = null;
    for (const point of trail) {
      if (point.t < since) continue;
      if (previous && point.start) {
        unknown.push([previous.at, point.at]);
        if (line.length > 1) known.push(line);
        line = [];
      }
      line.push(point.at);
      previous = point;
    }
    if (line.length > 1) known.push(line);
    return {known, unknown};
  }

  _insert(key, point) {
    const trail = this._trail(key);
    let i = trail.length;
    while (i > 0 && trail[i - 1].t > point.t) i -= 1;
    if (i > 0 && trail[i - 1].t === point.t) return;
    point.start = this._broken(trail[i - 1], point);
    trail.splice(i, 0, point);
    const next = trail[i + 1];
    if (next?.start) next.start = this._broken(point, next);
  }

  /** Whether nothing is known of the way between two points of one device. */
  _broken(before, after) {
    if (!before || after.t - before.t > this.gap) return true;
    const {north, east} = this._way(before, after);
    return Math.hypot(north, east) > this.fastest * Math.max((after.t - before.t) / 1000, 1);
  }

  /** The way from one point to another in metres. */
  _way(before, after) {
    return {
      north: (after.at[1] - before.at[1]) * 111320,
      east: (after.at[0] - before.at[0]) * 111320 * Math.cos(after.at[1] * Math.PI / 180),
    };
  }

  _trail(key) {
    if (!this.trails.has(key)) this.trails.set(key, []);
    return this.trails.get(key);
  }

  _feature(type, coordinates, properties) {
    return {type: "Feature", geometry: {type, coordinates}, properties};
  }
};
