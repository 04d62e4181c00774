/** The directions of the cell vectors a, b, c, as arrows in the lower left corner of the picture. */

import { stroke } from "./shapes.js";
import { dot, unit } from "./vectors.js";

const LENGTH = 20; // CSS pixels, as all below
const CORNER = 32;
const LABEL = 9;
const HEAD = 5;
const AXES = [["a", "#d8433b"], ["b", "#2f9a4b"], ["c", "#3b7de0"]]; // contrast of 3 on white and on black

/** Paint the arrows on a context of `ratio` device pixels a CSS pixel. */
export function paintTriad(context, vectors, rotation, ratio) {
  const origin = { x: CORNER * ratio, y: context.canvas.height - CORNER * ratio, z: 0 };
  const arrows = AXES.map(([name, color], axis) => {
    const along = unit(vectors[axis]);
    const [x, y, z] = rotation.map((row) => dot(row, along));
    return { name, color, x, y: -y, z };
  });
  for (const arrow of arrows.sort((a, b) => a.z - b.z)) paintArrow(context, origin, arrow, ratio);
}

function paintArrow(context, { x, y }, arrow, ratio) {
  const tip = { x: x + LENGTH * ratio * arrow.x, y: y + LENGTH * ratio * arrow.y, z: 0 };
  const line = (to) => stroke([tip, to], { width: 2 * ratio, color: arrow.color }).paint(context);
  line({ x, y, z: 0 });
  const flat = Math.hypot(arrow.x, arrow.y);
  if (flat > 0.2) for (const side of [-1, 1]) line(headEnd(tip, arrow, side, (HEAD * ratio) / flat));
  context.fillStyle = arrow.color;
  context.font = `600 ${13 * ratio}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const away = flat > 0.2 ? 1 / flat : 0;
  context.fillText(arrow.name, tip.x + LABEL * ratio * arrow.x * away, tip.y + LABEL * ratio * (away ? arrow.y * away : -1));
}

function headEnd(tip, { x, y }, side, length) {
  const [cos, sin] = [Math.cos(0.5), side * Math.sin(0.5)];
  return { x: tip.x - length * (cos * x - sin * y), y: tip.y - length * (sin * x + cos * y), z: 0 };
}
