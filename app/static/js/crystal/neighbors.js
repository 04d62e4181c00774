/** Which atoms of a crystal are drawn as bonded, across the faces of the cell too. */

import { radiusOf } from "./elements.js";
import { added, cartesian, cross, dot } from "./vectors.js";

const REACH = 6; // Å; no element's nearest neighbours are farther apart
const SHELL = 1.12; // a bond is at most this much longer than the shortest of one of its atoms
const TOUCH = 1.35; // and than the sum of the atomic radii: molecules and noble gases stay apart
const SAME = 1e-3; // Å

/** Return for each site the bonds from it: [{site, vector}], the vector to the bonded atom in Å. */
export function bondsBySite(sites, vectors) {
  const around = shifts(vectors).map((shift) => cartesian(shift, vectors));
  const places = sites.map(({ position }) => cartesian(position, vectors));
  const radii = sites.map(({ element }) => radiusOf(element));
  const close = places.map((from, i) => candidates(from, i, places, radii, around));
  const shortest = close.map((found) => Math.min(...found.map(({ length }) => length)));
  return close.map((found, i) => found.filter(({ site, length }) => length <= SHELL * longer(shortest[i], shortest[site])));
}

function longer(a, b) {
  return Math.max(...[a, b].filter(Number.isFinite));
}

function candidates(from, i, places, radii, around) {
  const found = [];
  for (let site = 0; site < places.length; site++) {
    const limit = Math.min(REACH, TOUCH * (radii[i] + radii[site]));
    const apart = added(places[site], from, -1);
    for (const shift of around) {
      const vector = added(apart, shift);
      const length = Math.hypot(...vector);
      if (length > SAME && length <= limit) found.push({ site, vector, length });
    }
  }
  return found;
}

/** Return the shifts by whole cells that can bring an atom of the cell within reach of another. */
function shifts(vectors) {
  const volume = Math.abs(dot(vectors[0], cross(vectors[1], vectors[2])));
  const ranges = vectors.map((_, k) => {
    const height = volume / Math.hypot(...cross(vectors[(k + 1) % 3], vectors[(k + 2) % 3]));
    const most = Math.ceil(REACH / height);
    return Array.from({ length: 2 * most + 1 }, (_, i) => i - most);
  });
  return ranges[0].flatMap((a) => ranges[1].flatMap((b) => ranges[2].map((c) => [a, b, c])));
}
