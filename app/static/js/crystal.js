/** From a cell and its sites to what is drawn: atoms, bonds and cell edges, in Å. Vectors are [x, y, z]. */

const EDGE = 1e-3; // sites this close to a face, in fractional coordinates, are drawn on the opposite one too
const BOND = 1.1; // bonds reach this much farther than the nearest neighbour

/** Return {atoms: [{element, at}], bonds: [[i, j]], edges: [[from, to]]}, centred on the cell. */
export function drawing({ sites, vectors }) {
  const center = cartesian([0.5, 0.5, 0.5], vectors);
  const place = (position) => cartesian(position, vectors).map((x, k) => x - center[k]);
  const atoms = sites.flatMap(({ element, position }, site) =>
    imagesInCell(position).map((image) => ({ element, site, at: place(image) })),
  );
  return { atoms, bonds: bonds(atoms, nearestDistances(sites, vectors)), edges: edges(place) };
}

/** Return the distance between two points. */
export function distance(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

function cartesian(position, vectors) {
  return [0, 1, 2].map((k) => position[0] * vectors[0][k] + position[1] * vectors[1][k] + position[2] * vectors[2][k]);
}

function imagesInCell(position) {
  return position.reduce(
    (images, coordinate) => {
      const inside = coordinate - Math.floor(coordinate + EDGE);
      const places = inside < EDGE ? [inside, inside + 1] : [inside];
      return images.flatMap((image) => places.map((place) => [...image, place]));
    },
    [[]],
  );
}

function bonds(atoms, reach) {
  const found = [];
  for (let i = 0; i < atoms.length; i++) {
    for (let j = i + 1; j < atoms.length; j++) {
      const limit = BOND * Math.max(reach[atoms[i].site], reach[atoms[j].site]);
      if (distance(atoms[i].at, atoms[j].at) < limit) found.push([i, j]);
    }
  }
  return found;
}

/** Return the distance of each site to its nearest neighbour, periodic images included. */
function nearestDistances(sites, vectors) {
  const around = [-1, 0, 1];
  const shifts = around.flatMap((a) => around.flatMap((b) => around.map((c) => cartesian([a, b, c], vectors))));
  const places = sites.map(({ position }) => cartesian(position.map((x) => x - Math.floor(x)), vectors));
  return places.map((from) => {
    let nearest = Infinity;
    for (const to of places) {
      for (const [x, y, z] of shifts) {
        const length = Math.hypot(to[0] + x - from[0], to[1] + y - from[1], to[2] + z - from[2]);
        if (length > EDGE && length < nearest) nearest = length;
      }
    }
    return nearest;
  });
}

function edges(place) {
  const corners = [[0, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1]];
  return corners.flatMap((corner) =>
    [0, 1, 2].map((axis) => [place(corner), place(corner.with(axis, 1 - corner[axis]))]),
  );
}
