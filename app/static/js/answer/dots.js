/** The models' predictions as dots on a log axis; below: interval, training crystals, estimates. */

import { drawToWidth, h, svg } from "../base/dom.js";
import { number } from "../base/format.js";
import { axisMarks, axisOver, diamond, intervalMark } from "./scale.js";

const RADIUS = 4.5;
const LANE = 9; // between dots that would lie on each other
const TOP = 12;
const WIDEST = 3; // decades: beyond, the estimates would press the models together

/** Return a figure of the LTC, the nearest training crystals and the estimates, drawn to its own width. */
export function dotPlot(ltc, nearest, opinion) {
  const figure = h("figure", { class: "dots dots-size" });
  const marks = estimates(opinion, shownValues(ltc, nearest));
  drawToWidth(figure, (width) => figure.replaceChildren(plot(ltc, nearest, marks, width), caption(ltc, nearest, marks)));
  return figure;
}

/** Return {kind, text, value, shown} of Slack's estimate and the minimum: shown where the axis stays readable. */
function estimates(opinion, values) {
  if (!opinion) return [];
  const both = [
    { kind: "slack", text: "Slack's estimate", value: opinion.slack.ltc },
    { kind: "minimum", text: "minimum conductivity", value: opinion.minimum.ltc },
  ];
  const fits = (value) => Math.log10(Math.max(...values, value) / Math.min(...values, value)) <= WIDEST;
  return both.map((mark) => ({ ...mark, shown: fits(mark.value) }));
}

function plot(ltc, nearest, marks, width) {
  const [slack, minimum] = ["slack", "minimum"].map((kind) => marks.find((mark) => mark.kind === kind && mark.shown));
  const scale = axisOver([...shownValues(ltc, nearest), ...marks.filter((mark) => mark.shown).map((mark) => mark.value)], width);
  const dots = placed(ltc.members, scale);
  const rows = rowsFor(dots, ltc, nearest, slack);
  const height = rows.axis + 40;
  return svg(
    "svg",
    { role: "img", "aria-label": summary(ltc, nearest, marks), width, height, viewBox: `0 0 ${width} ${height}` },
    axisMarks(scale, ltc.unit, rows.axis),
    minimum && floor(minimum, scale, rows.axis),
    svg("line", { class: "mean", x1: scale.x(ltc.mean), x2: scale.x(ltc.mean), y1: 4, y2: rows.axis }),
    ltc.interval && intervalMark(ltc.interval, scale, rows.interval),
    dots.map((dot) => member(dot, rows.members)),
    nearest.map((crystal) => diamond(crystal, scale, rows.nearest)),
    slack && triangle(slack, scale, rows.slack),
  );
}

function rowsFor(dots, ltc, nearest, slack) {
  const members = TOP + LANE * Math.max(3, ...dots.map((dot) => dot.lane));
  const interval = members + (ltc.interval ? 22 : 0);
  const below = interval + (nearest.length > 0 ? 24 : 0);
  const lowest = below + (slack ? 22 : 0);
  return { members, interval, nearest: below, slack: lowest, axis: lowest + 16 };
}

function shownValues(ltc, nearest) {
  const ends = ltc.interval ? [ltc.interval.lower, ltc.interval.upper] : [];
  return [...ltc.members, ...ends, ...nearest.map((crystal) => crystal.ltc)];
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

function triangle({ text, value }, scale, y) {
  const x = scale.x(value);
  return svg("path", { class: "slack", d: `M${x} ${y - 6}l6.5 11h-13z` }, svg("title", {}, `${text}: ${number(value)}`));
}

function floor({ text, value }, scale, bottom) {
  const x = scale.x(value);
  return svg("line", { class: "minimum", x1: x, x2: x, y1: 4, y2: bottom }, svg("title", {}, `${text}: ${number(value)}`));
}

function caption(ltc, nearest, marks) {
  return h(
    "figcaption",
    {},
    key("member", `${ltc.members.length} models`),
    key("mean", "mean"),
    ltc.interval && key("interval", `${Math.round(100 * ltc.interval.level)} % interval`),
    nearest.length > 0 && key("neighbor", "nearest training crystals (reference values)"),
    marks.map(({ kind, text, value, shown }) => (shown ? key(kind, text) : h("span", {}, `${text} ${number(value)}, off this axis`))),
  );
}

function key(kind, text) {
  return h("span", { class: `key ${kind}` }, text);
}

function summary(ltc, nearest, marks) {
  const members = [...ltc.members].sort((a, b) => a - b).map(number).join(", ");
  const parts = [`Models: ${members} ${ltc.unit}; mean ${number(ltc.mean)}.`];
  if (ltc.interval) parts.push(`Interval ${number(ltc.interval.lower)} to ${number(ltc.interval.upper)}.`);
  if (nearest.length) {
    const list = nearest.map((crystal) => `${crystal.formula} ${number(crystal.ltc)}`).join(", ");
    parts.push(`Nearest training crystals: ${list}.`);
  }
  parts.push(...marks.map(({ text, value }) => `${text[0].toUpperCase()}${text.slice(1)} ${number(value)}.`));
  return parts.join(" ");
}
