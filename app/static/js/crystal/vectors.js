/** Vectors as [x, y, z]. */

/** Return the scalar product. */
export function dot(a, b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** Return the vector product. */
export function cross(a, b) {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** Return a vector of length 1 in the same direction. */
export function unit(a) {
  const length = Math.hypot(...a);
  return a.map((x) => x / length);
}

/** Return a + share * b. */
export function added(a, b, share = 1) {
  return [a[0] + share * b[0], a[1] + share * b[1], a[2] + share * b[2]];
}

/** Return the Cartesian coordinates of a fractional position. */
export function cartesian(position, vectors) {
  return [0, 1, 2].map((k) => position[0] * vectors[0][k] + position[1] * vectors[1][k] + position[2] * vectors[2][k]);
}

/** Return the distance between two points. */
export function distance(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}
