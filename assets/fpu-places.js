/* Where a position is in words: the nearest settlement, from the features that the map has anyway. */
window.fpu = window.fpu || {};

fpu.places = (function () {
  "use strict";
  const DEGREE_KM = 111.32;
  let loading = null;

  function settlements() {
    loading = loading || fpu.get("/map/settlements.geojson").then(fpu.items).catch(() => {
      loading = null;
      return [];
    });
    return loading;
  }

  /** "2.1 km from Zvečan/Zveçan"; empty when the settlements cannot be had. */
  async function near(lat, lon) {
    let nearest = null, least = Infinity;
    for (const {properties, geometry} of await settlements()) {
      const north = geometry.coordinates[1] - lat;
      const east = (geometry.coordinates[0] - lon) * Math.cos(lat * Math.PI / 180);
      const away = Math.hypot(north, east) * DEGREE_KM;
      if (away < least) [nearest, least] = [properties, away];
    }
    if (!nearest) return "";
    return fpu.text("incident.near", {distance: least.toFixed(1), place: nearest.name});
  }

  return {near};
})();
