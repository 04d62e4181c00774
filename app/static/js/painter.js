/** Paints a crystal on a canvas, far things first; needs no WebGL. */

import { distance } from "./crystal.js";
import { ELEMENTS } from "./elements.js";

const ATOM = 0.32; // drawn radius over the element's
const STICK = 0.1; // Å
const PIECES = 10; // an edge is painted in pieces, so that atoms hide the right part of it
const SPRITE = 128; // pixels across

/** Return a function (rotation, zoom) that paints the drawing; rotation is a 3x3 matrix by rows. */
export function painter(canvas, { atoms, bonds, edges }) {
  const spheres = atoms.map(({ element, at }) => ({ at, radius: ATOM * radiusOf(element), color: colorOf(element) }));
  const sticks = bonds.flatMap(([i, j]) => [halfBond(spheres[i], spheres[j]), halfBond(spheres[j], spheres[i])]);
  const lines = edges.flatMap(([from, to]) => pieces(from, to));
  const extent = Math.max(1, ...spheres.map(({ at, radius }) => Math.hypot(...at) + radius));
  return (rotation, zoom) => {
    const context = cleared(canvas);
    const scale = (zoom * Math.min(canvas.width, canvas.height)) / (2 * extent);
    const place = placing(canvas, rotation, scale);
    const items = [
      ...lines.map((line) => stroke(line.map(place), { width: 1.2 * ratio(), color: edgeColor(canvas) })),
      ...sticks.map(({ ends, color }) => stick(ends.map(place), color, STICK * scale)),
      ...spheres.map((sphere) => ball(place(sphere.at), sphere, scale)),
    ];
    for (const item of items.sort((a, b) => a.depth - b.depth)) item.paint(context);
  };
}

/** Return the colour that an element is drawn in. */
export function colorOf(element) {
  return ELEMENTS[element]?.[0] ?? "#b0b0b0";
}

function radiusOf(element) {
  return ELEMENTS[element]?.[1] ?? 1.5;
}

function ratio() {
  return window.devicePixelRatio || 1;
}

function edgeColor(canvas) {
  return getComputedStyle(canvas).color;
}

function cleared(canvas) {
  const { clientWidth, clientHeight } = canvas;
  canvas.width = Math.round(clientWidth * ratio());
  canvas.height = Math.round(clientHeight * ratio());
  const context = canvas.getContext("2d");
  context.lineCap = "round";
  return context;
}

function placing(canvas, rotation, scale) {
  const [rowX, rowY, rowZ] = rotation;
  const dot = (row, at) => row[0] * at[0] + row[1] * at[1] + row[2] * at[2];
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

/** Return the half of a bond on the side of `from`, starting at the surface of its sphere. */
function halfBond(from, to) {
  const share = Math.min(0.5, (0.9 * from.radius) / distance(from.at, to.at));
  const at = (part) => from.at.map((x, k) => x + part * (to.at[k] - x));
  return { ends: [at(share), at(0.5)], color: from.color };
}

function stroke([a, b], { width, color }) {
  const paint = (context) => {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(a.x, a.y);
    context.lineTo(b.x, b.y);
    context.stroke();
  };
  return { depth: (a.z + b.z) / 2, paint };
}

function stick(ends, color, radius) {
  const layers = [
    [2, shade(color, -0.45)],
    [1.5, color],
    [0.6, shade(color, 0.35)],
  ].map(([share, layer]) => stroke(ends, { width: share * radius, color: layer }));
  return { depth: layers[0].depth, paint: (context) => layers.forEach((layer) => layer.paint(context)) };
}

function ball({ x, y, z }, { radius, color }, scale) {
  const size = 2 * radius * scale;
  return { depth: z, paint: (context) => context.drawImage(sprite(color), x - size / 2, y - size / 2, size, size) };
}

const sprites = new Map(); // colour -> shaded ball; drawing an image is faster than a gradient each time

function sprite(color) {
  if (!sprites.has(color)) sprites.set(color, shadedBall(color));
  return sprites.get(color);
}

function shadedBall(color) {
  const canvas = Object.assign(document.createElement("canvas"), { width: SPRITE, height: SPRITE });
  const context = canvas.getContext("2d");
  const [middle, light] = [SPRITE / 2, 0.36 * SPRITE];
  const gradient = context.createRadialGradient(light, light, 0, middle, middle, middle);
  gradient.addColorStop(0, shade(color, 0.65));
  gradient.addColorStop(0.45, color);
  gradient.addColorStop(0.92, shade(color, -0.4));
  gradient.addColorStop(1, shade(color, -0.6));
  context.fillStyle = gradient;
  context.beginPath();
  context.arc(middle, middle, middle - 1, 0, 2 * Math.PI);
  context.fill();
  return canvas;
}

/** Return a colour mixed with white (share above 0) or black (below). */
function shade(color, share) {
  const target = share > 0 ? 255 : 0;
  const channels = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));
  return `rgb(${channels.map((c) => Math.round(c + Math.abs(share) * (target - c))).join(" ")})`;
}
