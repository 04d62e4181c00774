/** From a cell and its sites to what is drawn: atoms, bonds and cell edges, in Å about the cell's center. */

import { bondsBySite } from "./neighbors.js";
import { added, cartesian } from "./vectors.js";

const EDGE = 1e-3; // sites this close to a face, in fractional coordinates, are drawn on the opposite one too
const GRID = 0.05; // Å; two atoms are never as close

/**
 * Return {atoms: [{element, at}], bonds: [[i, j]], stubs: [{atom, to}], edges: [[from, to]], vectors}.
 *
 * A stub is a bond to an atom that is not drawn, as it lies in the next cell.
 */
export function drawing({ sites, vectors }) {
  const center = cartesian([0.5, 0.5, 0.5], vectors);
  const wrapped = sites.map(({ element, position }) => ({ element, position: position.map(insideCell) }));
  const place = (position) => added(cartesian(position, vectors), center, -1);
  const atoms = wrapped.flatMap(({ element, position }, site) =>
    imagesInCell(position).map((image) => ({ element, site, at: place(image) })),
  );
  return { atoms, ...bonds(atoms, bondsBySite(wrapped, vectors)), edges: edges(place), vectors };
}

function insideCell(coordinate) {
  return coordinate - Math.floor(coordinate + EDGE);
}

function imagesInCell(position) {
  return position.reduce(
    (images, coordinate) => {
      const places = coordinate < EDGE ? [coordinate, coordinate + 1] : [coordinate];
      return images.flatMap((image) => places.map((place) => [...image, place]));
    },
    [[]],
  );
}

function bonds(atoms, bySite) {
  const grid = new Map(atoms.map(({ at }, i) => [cellOf(at), i]));
  const drawn = [];
  const stubs = [];
  atoms.forEach(({ at, site }, i) => {
    for (const { vector } of bySite[site]) {
      const to = added(at, vector);
      const j = atomAt(to, grid);
      if (j === undefined) stubs.push({ atom: i, to });
      else if (i < j) drawn.push([i, j]);
    }
  });
  return { bonds: drawn, stubs };
}

function cellOf(at) {
  return at.map((x) => Math.round(x / GRID)).join();
}

/** Return the number of the atom drawn at a place, which may have been rounded to the next cell of the grid. */
function atomAt(at, grid) {
  const cell = at.map((x) => Math.round(x / GRID));
  for (const a of [0, -1, 1]) {
    for (const b of [0, -1, 1]) {
      for (const c of [0, -1, 1]) {
        const found = grid.get([cell[0] + a, cell[1] + b, cell[2] + c].join());
        if (found !== undefined) return found;
      }
    }
  }
  return undefined;
}

function edges(place) {
  const corners = [[0, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1]];
  return corners.flatMap((corner) =>
    [0, 1, 2].map((axis) => [place(corner), place(corner.with(axis, 1 - corner[axis]))]),
  );
}
