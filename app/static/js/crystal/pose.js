/** How a crystal is held before the viewer: its rotation, a 3x3 matrix by rows, and its zoom. */

import { added, cross, dot, unit } from "./vectors.js";

const ZOOM = 0.92; // leaves a margin, and the corner to the axes
const ZOOMS = [0.4, 8];

/** A pose that has itself painted whenever it changes. */
export class Pose {
  constructor(vectors, paint) {
    this.vectors = vectors;
    this.paint = paint;
    this.reset();
  }

  /** Hold the crystal as at first: c upwards, seen from the side, turned a little. */
  reset() {
    const [a, , c] = this.vectors;
    const up = unit(c);
    const right = unit(added(a, up, -dot(a, up)));
    this.zoom = ZOOM;
    this.rotation = [right, up, cross(right, up)];
    this.turn(-24, 12);
  }

  /** Look along a cell vector (0, 1 or 2 for a, b, c), another one upwards. */
  lookAlong(axis) {
    const toward = unit(this.vectors[axis]);
    const other = this.vectors[axis === 2 ? 1 : 2];
    const up = unit(added(other, toward, -dot(other, toward)));
    this.rotation = [cross(up, toward), up, toward];
    this.repaint();
  }

  /** Turn about the screen's vertical and horizontal axes, in degrees. */
  turn(right, down) {
    const [u, v] = [right, down].map((angle) => (angle * Math.PI) / 180);
    const [cu, su, cv, sv] = [Math.cos(u), Math.sin(u), Math.cos(v), Math.sin(v)];
    const [x, y, z] = this.rotation;
    const depth = combined(-su, x, cu, z);
    this.rotation = [combined(cu, x, su, z), combined(cv, y, -sv, depth), combined(sv, y, cv, depth)];
    this.repaint();
  }

  /** Zoom by a factor. */
  scale(factor) {
    this.zoom = Math.min(ZOOMS[1], Math.max(ZOOMS[0], this.zoom * factor));
    this.repaint();
  }

  /** Paint before the next frame, once, however often it is called. */
  repaint() {
    if (this.due) return;
    this.due = requestAnimationFrame(() => {
      this.due = null;
      this.paint(this.rotation, this.zoom);
    });
  }
}

function combined(p, a, q, b) {
  return a.map((x, k) => p * x + q * b[k]);
}
