/** Lines and shaded balls on a canvas: each has a depth and paints itself. */

const SPRITE = 128; // pixels across
const sprites = new Map(); // color -> shaded ball; drawing an image is faster than a gradient each time

/** Return a line between two places {x, y, z}. */
export function stroke([a, b], { width, color }) {
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

/** Return a ball of a radius in pixels. */
export function ball({ x, y, z }, color, radius) {
  return { depth: z, paint: (context) => context.drawImage(sprite(color), x - radius, y - radius, 2 * radius, 2 * radius) };
}

/** Return a color mixed with white (share above 0) or black (below). */
export function shade(color, share) {
  const target = share > 0 ? 255 : 0;
  const channels = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));
  return `rgb(${channels.map((c) => Math.round(c + Math.abs(share) * (target - c))).join(" ")})`;
}

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
