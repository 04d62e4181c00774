/** Coverage of the prediction interval: overall, and in every group measured. */

import { h, svg } from "../base/dom.js";
import { decimal, explained } from "./errors.js";
import { number } from "../base/format.js";
import { table } from "../base/table.js";

const LEVEL = 0.9; // level that every interval is calibrated to
const WIDTH = 190;
const MARGIN = 16; // room for half a label

/** Return the section on the interval, from the manifest's metrics. */
export function coverageSection(metrics) {
  const records = metrics.filter((record) => "coverage" in record.values);
  const missing = h("p", { class: "muted" }, "Not measured: this ensemble has no calibrated interval.");
  return [h("h3", {}, "Coverage of the 90\u00a0% interval"), records.length > 0 ? records.map(measured) : missing];
}

function measured(record) {
  const keys = Object.keys(record.values).filter((name) => name.startsWith("coverage"));
  const groups = keys.map((key) => groupOf(key, record)).sort((a, b) => a.kind - b.kind || a.start - b.start);
  const axis = axisOver(groups);
  const rows = groups.map((group) => [
    group.title,
    percent(group.coverage),
    plot(group, axis),
    group.n ?? "–",
    "error" in group ? decimal(group.error) : "–",
  ]);
  const head = ["Crystals", "Covered", axisHead(axis), "Number", "Median relative error"];
  return [
    h("p", {}, sentence(record)),
    h("p", { class: "muted" }, `${record.what}, on ${record.n_crystals} crystals (${record.dataset}). The bar through a dot is one standard error, where the number of crystals is known.`),
    table("Coverage of the interval", head, rows),
    rest(record.values),
  ];
}

/** Kinds of group in the order shown: how their keys look, and what to call them. */
const KINDS = [
  [/^$/, () => "All"],
  [/^(inside|edge|outside)$/, ([name]) => `Training domain: ${name}`],
  [/^dataset_(.+)$/, ([, name]) => `Data set: ${name}`],
  [/^type_(.+)$/, ([, name]) => `Structure type: ${name.replaceAll("_", " ").replace("heusler", "Heusler")}`],
  [/^ltc_([\d.]+)_([\d.]+)$/, ([, low, high]) => `LTC ${low} to ${high} W/(m K)`],
  [/^elements_(\d+)$/, ([, count]) => `Elements in the compound: ${count}`],
  [/^phonons_known$/, () => "As if phonons were known"],
  [/.*/, ([name]) => name.replaceAll("_", " ")],
];

function groupOf(key, { values, n_crystals: total }) {
  const name = key.slice("coverage_".length);
  const kind = KINDS.findIndex(([pattern]) => pattern.test(name));
  const [pattern, title] = KINDS[kind];
  const match = name.match(pattern);
  const share = name ? values[`share_${name}`] : 1;
  const group = { kind, start: Number(match[2] ?? 0), title: title(match), coverage: values[key] };
  if (share !== undefined) group.n = Math.round(share * total);
  if (`median_ape_${name}` in values) group.error = values[`median_ape_${name}`];
  return group;
}

/** Return the result in words; the half widths are of log10(LTC). */
function sentence({ values }) {
  const found = `The interval held the true value for ${percent(values.coverage)} of the crystals.`;
  if (!("half_width" in values)) return found;
  const width = ` Half of the intervals reach less than a factor of ${factor(values.half_width)} up and down`;
  const single = "global_half_width" in values ? `; one and the same for all crystals would need ${factor(values.global_half_width)}` : "";
  return `${found}${width}${single}.`;
}

function factor(logarithm) {
  return number(10 ** logarithm);
}

function percent(share) {
  return `${(100 * share).toFixed(1)}\u00a0%`;
}

function axisOver(groups) {
  const low = Math.min(0.5, ...groups.map((group) => Math.floor(10 * group.coverage) / 10));
  const x = (share) => MARGIN + ((share - low) / (1 - low)) * (WIDTH - 2 * MARGIN);
  return { low, x };
}

function axisHead({ low, x }) {
  const label = (share) => svg("text", { x: x(share), y: 12, "text-anchor": "middle" }, `${Math.round(100 * share)}${share === low ? "\u00a0%" : ""}`);
  return svg("svg", { class: "coverage", width: WIDTH, height: 16, role: "img", "aria-label": "Coverage on an axis, with a line at 90 %" }, [low, LEVEL, 1].map(label));
}

function plot({ coverage, n }, { low, x }) {
  const spread = n ? Math.sqrt((coverage * (1 - coverage)) / n) : 0;
  const ends = [Math.max(low, coverage - spread), Math.min(1, coverage + spread)];
  return svg(
    "svg",
    { class: "coverage", width: WIDTH, height: 18, "aria-hidden": "true" },
    svg("line", { class: "grid", x1: x(low), x2: x(1), y1: 9, y2: 9 }),
    svg("line", { class: "level", x1: x(LEVEL), x2: x(LEVEL), y1: 0, y2: 18 }),
    svg("line", { class: "spread", x1: x(ends[0]), x2: x(ends[1]), y1: 9, y2: 9 }),
    svg("circle", { class: "member", cx: x(coverage), cy: 9, r: 4.5 }),
  );
}

/** Return a table of every other value of the record. */
function rest(values) {
  const shown = (name) => /^(coverage|half_width|global_half_width)/.test(name) || `coverage_${name.replace(/^(share|median_ape)_/, "")}` in values;
  const names = Object.keys(values).filter((name) => !shown(name));
  return names.length > 0 ? table("More about the interval", ["Measure", "Value"], names.map((name) => [explained(name), decimal(values[name])])) : null;
}
