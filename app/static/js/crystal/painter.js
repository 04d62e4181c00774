/** Paints a crystal on a canvas, far things first; needs no WebGL. */

import { colorOf, radiusOf } from "./elements.js";
import { ball, shade, stroke } from "./shapes.js";
import { paintTriad } from "./triad.js";
import { added, distance, dot } from "./vectors.js";

const ATOM = 0.32; // drawn radius over the element's
const STICK = 0.1; // Å
const STUB = 0.36; // share of a bond that is drawn when its other atom is not
const PIECES = 10; // an edge is painted in pieces, so that atoms hide the right part of it
const EDGE = "#8b949d"; // seen on white and on black, so that prints of the dark page keep it

/**
 * Return a function (canvas, {rotation, zoom, ratio}) that paints the drawing.
 *
 * At zoom 1 it fits the canvas however it is turned. `ratio` is device pixels over CSS pixels.
 */
export function painter({ atoms, bonds, stubs, edges, vectors }) {
  const spheres = atoms.map(({ element, at }) => ({ at, radius: ATOM * radiusOf(element), color: colorOf(element) }));
  const sticks = [
    ...bonds.flatMap(([i, j]) => [halfBond(spheres[i], spheres[j].at, 0.5), halfBond(spheres[j], spheres[i].at, 0.5)]),
    ...stubs.map(({ atom, to }) => ({ ...halfBond(spheres[atom], to, STUB), faint: true })),
  ];
  const lines = edges.flatMap(([from, to]) => pieces(from, to));
  const extent = Math.max(...spheres.map(({ at, radius }) => Math.hypot(...at) + radius), ...edges.flat().map((at) => Math.hypot(...at)));
  return (canvas, { rotation, zoom, ratio }) => {
    const context = canvas.getContext("2d");
    context.lineCap = "round";
    const scale = (zoom * Math.min(canvas.width, canvas.height)) / (2 * extent);
    const place = placing(canvas, rotation, scale);
    const items = [
      ...lines.map((line) => stroke(line.map(place), { width: 1.2 * ratio, color: EDGE })),
      ...sticks.map(({ ends, color, faint }) => (faint ? faded : stick)(ends.map(place), color, STICK * scale)),
      ...spheres.map(({ at, radius, color }) => ball(place(at), color, radius * scale)),
    ];
    for (const item of items.sort((a, b) => a.depth - b.depth)) item.paint(context);
    paintTriad(context, vectors, rotation, ratio);
  };
}

function placing(canvas, rotation, scale) {
  const [rowX, rowY, rowZ] = rotation;
  return (at) => ({
    x: canvas.width / 2 + scale * dot(rowX, at),
    y: canvas.height / 2 - scale * dot(rowY, at),
    z: dot(rowZ, at),
  });
}

function pieces(from, to) {
  const at = (share) => from.map((x, k) => x + share * (to[k] - x));
  return Array.from({ length: PIECES }, (_, i) => [at(i / PIECES), at((i + 1) / PIECES)]);
}

/** Return the part of a bond from the surface of a sphere up to a share of its length. */
function halfBond({ at, radius, color }, to, end) {
  const start = Math.min(end, (0.9 * radius) / distance(at, to));
  const along = added(to, at, -1);
  return { ends: [added(at, along, start), added(at, along, end)], color };
}

function stick(ends, color, radius) {
  const layers = [
    [2, shade(color, -0.45)],
    [1.5, color],
    [0.6, shade(color, 0.35)],
  ].map(([share, layer]) => stroke(ends, { width: share * radius, color: layer }));
  return { depth: layers[0].depth, paint: (context) => layers.forEach((layer) => layer.paint(context)) };
}

/** Return a thin, translucent stick: it leads out of what is drawn. */
function faded(ends, color, radius) {
  const line = stroke(ends, { width: 1.2 * radius, color });
  const paint = (context) => {
    context.globalAlpha = 0.5;
    line.paint(context);
    context.globalAlpha = 1;
  };
  return { depth: line.depth, paint };
}
