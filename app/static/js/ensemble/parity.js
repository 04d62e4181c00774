/** Cross-validated predictions against references on log axes, one mark for each crystal. */

import { logScale, ticks } from "../base/axis.js";
import { drawToWidth, h, svg } from "../base/dom.js";
import { number } from "../base/format.js";

const WIDEST = 560; // pixels
const MARGIN = { left: 56, right: 12, top: 12, bottom: 46 };
const PADDING = 0.08; // decades between the outermost mark and the frame
const REACH = 16; // pixels from the pointer to the mark that it names
const NARROW = 420; // pixels: below, marks are smaller
const SHAPES = [
  (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
  (x, y, r) => `M${x} ${y - 1.4 * r}l${1.4 * r} ${1.4 * r} ${-1.4 * r} ${1.4 * r} ${-1.4 * r} ${-1.4 * r}z`,
  (x, y, r) => `M${x} ${y - 1.4 * r}l${1.4 * r} ${2.5 * r}h${-2.8 * r}z`,
  (x, y, r) => `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
];
const HINT = "Point at a mark, or tap it, to see its crystal.";

/** Return the figure of {dataset, points}, largest set first, each point with `ltc` and `predicted`. */
export function parityPlot(sets, unit) {
  const holder = h("div", { class: "plot" });
  const readout = h("p", { class: "note" }, HINT);
  drawToWidth(holder, (width) => holder.replaceChildren(plot(sets, unit, Math.min(width, WIDEST), readout)));
  return h("figure", { class: "parity" }, holder, readout, h("figcaption", {}, sets.map(key), bandKey()));
}

function plot(sets, unit, width, readout) {
  const frame = frameFor(sets, width);
  const picture = svg(
    "svg",
    { role: "img", "aria-label": summary(sets, unit), width, height: width - MARGIN.left + MARGIN.bottom, class: "parity-plot" },
    band(frame),
    axes(frame, unit),
    sets.map(({ points }, i) => marks(points, i, frame)),
  );
  const found = svg("circle", { class: "found", r: 8, visibility: "hidden" });
  picture.append(found);
  const point = (event) => name(nearest(sets, frame, event.offsetX, event.offsetY), frame, found, readout, unit);
  for (const kind of ["pointermove", "pointerdown"]) picture.addEventListener(kind, point);
  return picture;
}

/** Return the marks of the set number `i` as one path: a path each would be thousands of elements. */
function marks(points, i, frame) {
  const radius = frame.size < NARROW ? 2.5 : 3.5;
  const shape = SHAPES[i % SHAPES.length];
  const drawn = points.map((point) => shape(round(frame.x(point.ltc)), round(frame.y(point.predicted)), radius));
  return svg("path", { class: markClass(i), d: drawn.join("") });
}

function markClass(i) {
  return `mark set${i % SHAPES.length}`;
}

/** Return the square that both axes span, the same decades on each. */
function frameFor(sets, width) {
  const values = sets.flatMap(({ points }) => points.flatMap((point) => [point.ltc, point.predicted]));
  const logs = values.map(Math.log10);
  const [low, high] = logs.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
  const size = width - MARGIN.left - MARGIN.right;
  const scale = logScale(low - PADDING, high + PADDING, size);
  const bottom = MARGIN.top + size;
  return { scale, size, bottom, x: (value) => MARGIN.left + scale.at(value), y: (value) => bottom - scale.at(value) };
}

function round(pixels) {
  return Math.round(10 * pixels) / 10;
}

/** Return the band of a factor of two about the diagonal, cut to the frame. */
function band({ scale, x, y }) {
  const [low, high] = [10 ** scale.start, 10 ** scale.end];
  const corners = [[low, low], [low, 2 * low], [high / 2, high], [high, high], [high, high / 2], [2 * low, low]];
  return [
    svg("path", { class: "band", d: `M${corners.map(([a, b]) => `${x(a)} ${y(b)}`).join("L")}z` }),
    svg("line", { class: "diagonal", x1: x(low), y1: y(low), x2: x(high), y2: y(high) }),
  ];
}

function axes({ scale, size, bottom, x, y }, unit) {
  const right = MARGIN.left + size;
  const marks = ticks(scale).map(({ value, labelled }) => [
    svg("line", { class: labelled ? "grid" : "tick", x1: x(value), x2: x(value), y1: labelled ? MARGIN.top : bottom - 4, y2: bottom }),
    svg("line", { class: labelled ? "grid" : "tick", x1: MARGIN.left, x2: labelled ? right : MARGIN.left + 4, y1: y(value), y2: y(value) }),
    labelled && svg("text", { x: x(value), y: bottom + 16, "text-anchor": "middle" }, String(value)),
    labelled && svg("text", { x: MARGIN.left - 6, y: y(value) + 4, "text-anchor": "end" }, String(value)),
  ]);
  const middle = MARGIN.top + size / 2;
  return [
    marks,
    svg("rect", { class: "frame", x: MARGIN.left, y: MARGIN.top, width: size, height: size }),
    svg("text", { x: MARGIN.left + size / 2, y: bottom + 36, "text-anchor": "middle" }, `Reference LTC, ${unit}`),
    svg("text", { x: 12, y: middle, "text-anchor": "middle", transform: `rotate(-90 12 ${middle})` }, `Cross-validated prediction, ${unit}`),
  ];
}

/** Return the point nearest to a place in the picture, or null if none is near. */
function nearest(sets, frame, atX, atY) {
  let best = null;
  let least = REACH;
  for (const point of sets.flatMap(({ points }) => points)) {
    const distance = Math.hypot(frame.x(point.ltc) - atX, frame.y(point.predicted) - atY);
    if (distance < least) [best, least] = [point, distance];
  }
  return best;
}

function name(point, frame, found, readout, unit) {
  found.setAttribute("visibility", point ? "visible" : "hidden");
  if (!point) return;
  found.setAttribute("cx", frame.x(point.ltc));
  found.setAttribute("cy", frame.y(point.predicted));
  readout.textContent = `${point.formula} (${point.material_id}, ${point.dataset}): reference ${number(point.ltc)}, predicted ${number(point.predicted)} ${unit}`;
}

function key({ dataset, points }, i) {
  const glyph = svg("svg", { width: 14, height: 14, "aria-hidden": "true" }, svg("path", { class: markClass(i), d: SHAPES[i % SHAPES.length](7, 7, 3.5) }));
  return h("span", { class: "glyph" }, glyph, `${dataset} (${points.length})`);
}

function bandKey() {
  return h("span", { class: "glyph" }, h("i", { class: "swatch" }), "within a factor of two");
}

function summary(sets, unit) {
  const parts = sets.map(({ dataset, points }) => `${dataset}, ${points.length} crystals`);
  return `Predicted against reference LTC in ${unit}, both on log axes from ${extent(sets)}: ${parts.join("; ")}.`;
}

function extent(sets) {
  const values = sets.flatMap(({ points }) => points.map((point) => point.ltc));
  const ends = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
  return ends.map(number).join(" to ");
}
