/* The symbols of what moves, drawn on a canvas from the colours of the theme (CSS variables).
   Each look has a shape of its own, so colour never says it alone. */
window.fpu = window.fpu || {};

fpu.images = (function () {
  "use strict";
  const SCALE = 2;
  const TURN = 2 * Math.PI;
  const INCIDENT_SIZES = {1: 11, 2: 12.5, 3: 14, 4: 16, 5: 18};

  /** The picture of a name such as `patrol-moving-night`; null for a name of somebody else. */
  function draw(name) {
    const parts = name.split("-");
    if (parts[0] === "patrol") return paint(36, (pen) => patrol(pen, parts[1]));
    if (parts[0] === "alarm") return paint(52, alarm);
    if (parts[0] === "incident") {
      const [severity, tier, flag] = [Number(parts[1]), Number(parts[2]), parts[3]];
      return paint(2 * radius(severity, tier, flag), (pen) => incident(pen, severity, tier, flag));
    }
    return null;
  }

  /** The same picture as an element, for a list. */
  function canvas(name) {
    const made = draw(name), element = document.createElement("canvas");
    element.width = made.image.width;
    element.height = made.image.height;
    element.getContext("2d").putImageData(made.image, 0, 0);
    return element;
  }

  /** Paint on a square of `size` pixels whose origin is its middle. */
  function paint(size, make) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = size * SCALE;
    const pen = canvas.getContext("2d");
    pen.scale(SCALE, SCALE);
    pen.translate(size / 2, size / 2);
    pen.lineJoin = "round";
    pen.lineCap = "round";
    make(pen);
    return {image: pen.getImageData(0, 0, canvas.width, canvas.height), pixelRatio: SCALE};
  }

  const colour = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim() || "#888";

  /* --- patrols ------------------------------------------------------------------------------- */

  function patrol(pen, look) {
    const shapes = {moving: arrow, stopped: standing, late, silent};
    (shapes[look] || silent)(pen);
  }

  function arrow(pen) {
    pen.beginPath();
    pen.moveTo(0, -15);
    pen.lineTo(11, 12);
    pen.lineTo(0, 6.5);
    pen.lineTo(-11, 12);
    pen.closePath();
    outlined(pen, colour("unit"), colour("unit-fill"), 3.5);
  }

  function standing(pen) {
    circle(pen, 11);
    outlined(pen, colour("unit"), colour("unit-fill"), 3.5);
    pen.fillStyle = colour("unit-fill");
    pen.fillRect(-4, -4, 8, 8);
  }

  function late(pen) {
    circle(pen, 12);
    outlined(pen, colour("unit-fill"), colour("unit-fill"), 6);
    circle(pen, 11);
    stroke(pen, colour("unit"), 2.6);
    pen.beginPath();
    pen.moveTo(0, -6.5);
    pen.lineTo(0, 0);
    pen.lineTo(5, 3);
    stroke(pen, colour("unit"), 2.6);
  }

  function silent(pen) {
    circle(pen, 12);
    outlined(pen, colour("unit-fill"), colour("unit-fill"), 6);
    pen.setLineDash([4.6, 4.6]);
    pen.lineCap = "butt";
    circle(pen, 11);
    stroke(pen, colour("silent"), 3);
    pen.setLineDash([]);
    letter(pen, "?", 15, colour("silent"));
  }

  /* --- incidents ----------------------------------------------------------------------------- */

  const sizeOf = (severity) => INCIDENT_SIZES[severity] || INCIDENT_SIZES[3];
  const ringsOf = (tier) => Math.min(Math.max(tier, 1), 3);

  /** Half the side of the picture of an incident in pixels: no larger than the symbol, because the
      map keeps names clear of it. */
  function radius(severity, tier, flag) {
    const size = sizeOf(severity);
    if (flag === "over") return Math.ceil(size * 0.7 + 2);
    const badgeReach = flag === "waiting" || flag === "disputed" ? size * 0.75 + 12 : 0;
    return Math.ceil(Math.max(size + ringsOf(tier) * 4 + 3, badgeReach));
  }

  function incident(pen, severity, tier, flag) {
    const size = sizeOf(severity);
    if (flag === "over") return over(pen, size);
    const ring = colour(`tier-${tier}`), rings = ringsOf(tier);
    diamond(pen, size + rings * 4 + 2);
    pen.fillStyle = colour("unit-fill");
    pen.fill();
    for (let i = rings; i >= 1; i -= 1) {
      diamond(pen, size + i * 4);
      stroke(pen, ring, 2.2);
    }
    diamond(pen, size);
    pen.fillStyle = severity >= 4 ? ring : colour("unit-fill");
    pen.fill();
    if (severity < 4) stroke(pen, ring, 2.2);
    letter(pen, String(severity), severity >= 4 ? 17 : 14,
           severity >= 4 ? colour("unit-fill") : colour("unit"));
    if (flag === "waiting") badge(pen, size * 0.75 + 3);
    if (flag === "disputed") warning(pen, size * 0.75 + 3);
  }

  function over(pen, size) {
    diamond(pen, size * 0.7);
    outlined(pen, colour("unit-fill"), colour("silent"), 1.8);
  }

  /** A request is waiting: a disc with hands of a clock at the upper right corner. */
  function badge(pen, at) {
    pen.save();
    pen.translate(at, -at);
    circle(pen, 7.5);
    outlined(pen, colour("unit"), colour("unit-fill"), 2);
    pen.beginPath();
    pen.moveTo(0, -4);
    pen.lineTo(0, 0);
    pen.lineTo(3, 1.6);
    stroke(pen, colour("unit-fill"), 1.8);
    pen.restore();
  }

  /** Its authority is disputed: a sign of attention in the same corner. */
  function warning(pen, at) {
    pen.save();
    pen.translate(at, -at);
    circle(pen, 8);
    outlined(pen, colour("alarm"), colour("unit-fill"), 2);
    letter(pen, "!", 14, colour("unit-fill"));
    pen.restore();
  }

  function alarm(pen) {
    pen.beginPath();
    pen.roundRect(-25, -12, 50, 24, 5);
    outlined(pen, colour("alarm"), colour("unit-fill"), 2);
    letter(pen, "SOS", 17, colour("unit-fill"));
  }

  /* --- pens ---------------------------------------------------------------------------------- */

  function circle(pen, radius) {
    pen.beginPath();
    pen.arc(0, 0, radius, 0, TURN);
  }

  function diamond(pen, radius) {
    pen.beginPath();
    pen.moveTo(0, -radius);
    pen.lineTo(radius, 0);
    pen.lineTo(0, radius);
    pen.lineTo(-radius, 0);
    pen.closePath();
  }

  function outlined(pen, fill, line, width) {
    stroke(pen, line, width);
    pen.fillStyle = fill;
    pen.fill();
  }

  function stroke(pen, style, width) {
    pen.strokeStyle = style;
    pen.lineWidth = width;
    pen.stroke();
  }

  function letter(pen, text, size, style) {
    pen.fillStyle = style;
    pen.font = `bold ${size}px "Liberation Sans", Arial, sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(text, 0, 0.8);
  }

  return {draw, canvas, radius};
})();
