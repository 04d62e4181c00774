/** The members' predictions as dots on a log axis, with the interval and training crystals below. */

import { h, svg } from "./dom.js";
import { number } from "./format.js";

const RADIUS = 4.5;
const MARGIN = 14;
const LANE = 9; // between dots that would lie on each other
const TOP = 12;

/** Return a figure of the LTC and of the nearest training crystals, drawn to its own width. */
export function dotPlot(ltc, nearest) {
  const figure = h("figure", { class: "dots dots-size" });
  const draw = (width) => figure.replaceChildren(plot(ltc, nearest, width), caption(ltc, nearest));
  new ResizeObserver(([entry]) => draw(entry.contentRect.width)).observe(figure);
  return figure;
}

function plot(ltc, nearest, width) {
  const scale = logScale(shownValues(ltc, nearest), width);
  const dots = placed(ltc.members, scale);
  const rows = rowsFor(dots, ltc, nearest);
  const height = rows.axis + 40;
  return svg(
    "svg",
    { role: "img", "aria-label": summary(ltc, nearest), width, height, viewBox: `0 0 ${width} ${height}` },
    axis(scale, ltc.unit, width, rows.axis),
    svg("line", { class: "mean", x1: scale.x(ltc.mean), x2: scale.x(ltc.mean), y1: 4, y2: rows.axis }),
    ltc.interval && interval(ltc.interval, scale, rows.interval),
    dots.map((dot) => member(dot, rows.members)),
    nearest.map((crystal) => diamond(crystal, scale, rows.nearest)),
  );
}

function rowsFor(dots, ltc, nearest) {
  const members = TOP + LANE * Math.max(3, ...dots.map((dot) => dot.lane));
  const interval = members + (ltc.interval ? 22 : 0);
  const below = interval + (nearest.length > 0 ? 24 : 0);
  return { members, interval, nearest: below, axis: below + 16 };
}

function shownValues(ltc, nearest) {
  const ends = ltc.interval ? [ltc.interval.lower, ltc.interval.upper] : [];
  const values = [...ltc.members, ...ends, ...nearest.map((crystal) => crystal.ltc)];
  return values.filter((value) => value > 0);
}

/** Return the axis over the values, at least a decade wide: agreement then looks alike everywhere. */
function logScale(values, width) {
  const logs = values.length ? values.map(Math.log10) : [0];
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const half = Math.max(0.5, 0.58 * (high - low));
  const start = (low + high) / 2 - half;
  const perDecade = (width - 2 * MARGIN) / (2 * half);
  const x = (value) => MARGIN + Math.max(0, Math.log10(value) - start) * perDecade; // 0 lies at the edge
  return { x, perDecade, start, end: start + 2 * half };
}

function axis(scale, unit, width, y) {
  const marks = ticks(scale).map(({ value, labelled }) => [
    svg("line", { class: labelled ? "grid" : "tick", x1: scale.x(value), x2: scale.x(value), y1: labelled ? 4 : y - 4, y2: y }),
    labelled && svg("text", { x: scale.x(value), y: y + 16, "text-anchor": "middle" }, String(value)),
  ]);
  return [
    marks,
    svg("line", { class: "base", x1: 0, x2: width, y1: y, y2: y }),
    svg("text", { class: "title", x: width / 2, y: y + 34, "text-anchor": "middle" }, `LTC, ${unit}`),
  ];
}

function ticks({ start, end, perDecade }) {
  const labels = perDecade > 140 ? [1, 2, 5] : [1];
  const found = [];
  for (let decade = Math.floor(start); decade <= Math.ceil(end); decade++) {
    for (let digit = 1; digit < 10; digit++) {
      const value = Number(`${digit}e${decade}`);
      const place = Math.log10(value);
      if (place >= start && place <= end) found.push({ value, labelled: labels.includes(digit) });
    }
  }
  return found;
}

/** Return {value, x, lane} of each dot: dots that would lie on each other stand in lanes. */
function placed(values, scale) {
  const dots = [];
  for (const value of [...values].sort((a, b) => a - b)) {
    const x = scale.x(value);
    const taken = new Set(dots.filter((dot) => x - dot.x < LANE).map((dot) => dot.lane));
    let lane = 0;
    while (taken.has(lane)) lane++;
    dots.push({ value, x, lane });
  }
  return dots;
}

function member({ value, x, lane }, lowest) {
  return svg("circle", { class: "member", cx: x, cy: lowest - lane * LANE, r: RADIUS }, svg("title", {}, number(value)));
}

function interval({ lower, upper }, scale, y) {
  const [left, right] = [scale.x(lower), scale.x(upper)];
  return svg(
    "g",
    { class: "interval" },
    svg("line", { x1: left, x2: right, y1: y, y2: y }),
    [left, right].map((x) => svg("line", { x1: x, x2: x, y1: y - 6, y2: y + 6 })),
  );
}

function diamond(crystal, scale, y) {
  const x = scale.x(crystal.ltc);
  return svg(
    "path",
    { class: "neighbour", d: `M${x} ${y - 6}l6 6-6 6-6-6z` },
    svg("title", {}, `${crystal.formula} (${crystal.material_id}): ${number(crystal.ltc)}`),
  );
}

function caption(ltc, nearest) {
  return h(
    "figcaption",
    {},
    key("member", `${ltc.members.length} members`),
    key("mean", "mean"),
    ltc.interval && key("interval", `${Math.round(100 * ltc.interval.level)} % interval`),
    nearest.length > 0 && key("neighbour", "references of the nearest training crystals"),
  );
}

function key(kind, text) {
  return h("span", { class: `key ${kind}` }, text);
}

function summary(ltc, nearest) {
  const members = [...ltc.members].sort((a, b) => a - b).map(number).join(", ");
  const parts = [`Members: ${members} ${ltc.unit}; mean ${number(ltc.mean)}.`];
  if (ltc.interval) parts.push(`Interval ${number(ltc.interval.lower)} to ${number(ltc.interval.upper)}.`);
  if (nearest.length) {
    const list = nearest.map((crystal) => `${crystal.formula} ${number(crystal.ltc)}`).join(", ");
    parts.push(`Nearest training crystals: ${list}.`);
  }
  return parts.join(" ");
}
