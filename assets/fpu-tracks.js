/* Where units are and have been, as the browser knows it: fixes in, GeoJSON out. Knows no map and
   no page, so the monitor and a replay can share it. */
window.fpu = window.fpu || {};

fpu.Tracks = class {
  /** `limits`: seconds of age after which a position is late, then silent; after a `gap` of so many
      seconds two fixes are not joined by a known line, nor where a patrol would have had to be
      faster than `fastest` (m/s). */
  constructor({late, silent, gap = 120, fastest = 70}) {
    this.limits = {late, silent};
    this.gap = gap * 1000;
    this.fastest = fastest;
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
    this.units.set(properties.unit, {...known, contact_lost: null, ...properties, t, at});
    return true;
  }

  /** A device was lost. It counts while the unit's position is its own and not newer. */
  lose({unit, device, lost_at}) {
    const known = this.units.get(unit);
    if (known?.device !== device || Date.parse(known.received_at) > Date.parse(lost_at)) return;
    known.contact_lost = lost_at;
  }

  /** Trails as the server draws them for one zoom: unbroken pieces in whole steps on a grid that is
      `scale` steps wide, times in steps of so many `seconds` since the start of a piece. A long step
      within one of them is no gap: the points between were left out because no map of that zoom
      could show them. */
  draw({scale, sources, columns, tracks, x, y, t, seconds}) {
    this.trails.clear();
    const east = this._numbers(x), south = this._numbers(y), later = this._numbers(t);
    let across = 0, down = 0, next = 0;
    for (const row of tracks) {
      const piece = Object.fromEntries(columns.map((name, i) => [name, row[i]]));
      const [unit, , device] = sources[piece.source], trail = this._trail(`${unit}|${device}`);
      let passed = 0;
      for (let i = 1; i <= piece.points; i += 1, next += 1) {
        across += this._signed(east[next]);
        down += this._signed(south[next]);
        passed += later[next] * seconds * 1000;
        const at = this._place(across / scale, down / scale);
        const then = i === piece.points ? piece.end : Math.min(piece.start + passed, piece.end);
        trail.push({t: then, at, start: i === 1});
        if (piece.points === 1) trail.push({t: then, at, start: false}); // drawn as a dot
      }
    }
  }

  /** Whole numbers from 0 up out of their text: characters from `#` on without the backslash are
      digits from 0 on; one of 79 and above says that more follow, each worth twelve times more. */
  _numbers(text) {
    const found = [];
    let number = 0, worth = 1;
    for (let i = 0; i < text.length; i += 1) {
      const code = text.charCodeAt(i), digit = code - (code > 92 ? 36 : 35);
      number += digit * worth;
      if (digit >= 79) worth *= 12;
      else {
        found.push(number);
        number = 0;
        worth = 1;
      }
    }
    return found;
  }

  /** 0, 1, 2, 3, 4 … stand for 0, -1, 1, -2, 2 … */
  _signed = (number) => number % 2 ? -(number + 1) / 2 : number / 2;

  /** Longitude and latitude of a place in web Mercator, the world from 0 to 1. */
  _place(x, y) {
    return [(x - 0.5) * 360, Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) * 180 / Math.PI];
  }

  /** `fresh`, `late` or `silent` by the age now; null without a position. Whose device was lost is
      silent at once. */
  status(known, now) {
    if (known.t === undefined) return null;
    if (known.contact_lost) return "silent";
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

  /** The heads: one point a unit. `words` makes the label of a look, an age in seconds, whether
      the clock of the device is ahead, and when the device was lost. */
  heads(now, selected, words) {
    const features = [];
    for (const known of this.units.values()) {
      if (known.t === undefined) continue;
      const look = this.look(known, now), age = Math.max(0, (now - known.t) / 1000);
      features.push(this._feature("Point", known.at, {
        unit: known.unit, callsign: known.callsign, look, image: `patrol-${look}`,
        age: words(look, age, this.isAhead(known, now), known.contact_lost),
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
