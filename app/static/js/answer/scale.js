/** What the plots of predictions share: their log axis, intervals, reference marks. */

import { logScale, ticks } from "../base/axis.js";
import { svg } from "../base/dom.js";
import { number } from "../base/format.js";

const MARGIN = 14;

/** Return the axis over the values, at least a decade wide, so that agreement looks alike everywhere; `left` is room for labels. */
export function axisOver(values, width, left = 0) {
  const logs = values.length ? values.map(Math.log10) : [0];
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const half = Math.max(0.5, 0.58 * (high - low));
  const start = (low + high) / 2 - half;
  const scale = logScale(start, start + 2 * half, width - left - 2 * MARGIN);
  return { ...scale, left, width, x: (value) => left + MARGIN + scale.at(value) };
}

/** Return ticks, grid and title of an axis at the height y. */
export function axisMarks(scale, unit, y) {
  const { left, width } = scale;
  const marks = ticks(scale).map(({ value, labelled }) => [
    svg("line", { class: labelled ? "grid" : "tick", x1: scale.x(value), x2: scale.x(value), y1: labelled ? 4 : y - 4, y2: y }),
    labelled && svg("text", { x: scale.x(value), y: y + 16, "text-anchor": "middle" }, String(value)),
  ]);
  return [
    marks,
    svg("line", { class: "base", x1: left, x2: width, y1: y, y2: y }),
    svg("text", { class: "title", x: (left + width) / 2, y: y + 34, "text-anchor": "middle" }, `LTC, ${unit}`),
  ];
}

/** Return the bar of an interval. */
export function intervalMark({ lower, upper }, scale, y) {
  const [left, right] = [scale.x(lower), scale.x(upper)];
  return svg(
    "g",
    { class: "interval" },
    svg("line", { x1: left, x2: right, y1: y, y2: y }),
    [left, right].map((x) => svg("line", { x1: x, x2: x, y1: y - 6, y2: y + 6 })),
  );
}

/** Return the mark of a training crystal. */
export function diamond(crystal, scale, y) {
  const x = scale.x(crystal.ltc);
  return svg(
    "path",
    { class: "neighbor", d: `M${x} ${y - 6}l6 6-6 6-6-6z` },
    svg("title", {}, `${crystal.formula} (${crystal.material_id}): ${number(crystal.ltc)}`),
  );
}
