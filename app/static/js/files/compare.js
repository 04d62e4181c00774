/** Two or more crystals side by side: one axis for all, then structure, reliability and neighbors of each. */

import { drawToWidth, h, svg } from "../base/dom.js";
import { formula } from "../base/formula.js";
import { number, spaceGroup } from "../base/format.js";
import { materialLink } from "../base/links.js";
import { domainSection } from "../answer/domain.js";
import { ends, warningList } from "../answer/headline.js";
import { axisMarks, axisOver, diamond, intervalMark } from "../answer/scale.js";
import { structureFigure } from "../crystal/figure.js";

const ROW = 44; // pixels
const LABELS = 110;
const SHOWN = 3; // neighbors in a column

/** Return the comparison of rows that have answers, highest LTC first; `links.row` gives their addresses. */
export function comparison(rows, links, signal) {
  const sorted = [...rows].sort((a, b) => b.answer.ltc.mean - a.answer.ltc.mean);
  return h(
    "section",
    { class: "comparison", "aria-labelledby": "comparison-title" },
    h("h2", { id: "comparison-title" }, `${rows.length} crystals, ensemble ${rows[0].answer.ensemble.name}`),
    plotFigure(sorted.map(({ answer }) => answer)),
    h("p", {}, order(sorted.map(({ answer }) => answer))),
    h("div", { class: "side-by-side" }, sorted.map((row) => column(row, links, signal))),
  );
}

/** Return whether the order by LTC is certain: whether intervals that follow each other overlap. */
function order(answers) {
  if (answers.some(({ ltc }) => !ltc.interval)) return "This ensemble has no interval: how certain the order is cannot be told.";
  const unsure = answers.slice(1).flatMap((below, i) => {
    const above = answers[i];
    return below.ltc.interval.upper > above.ltc.interval.lower ? [`${nameOf(above)} and ${nameOf(below)}`] : [];
  });
  if (unsure.length === 0) return "No two intervals that follow each other overlap: the order is well separated.";
  return `Intervals overlap, so the order is uncertain: ${unsure.join("; ")}.`;
}

function nameOf({ material }) {
  return material.formula;
}

function plotFigure(answers) {
  const holder = h("div", {});
  drawToWidth(holder, (width) => holder.replaceChildren(plot(answers, width)));
  const keys = [["member", "models"], ["mean", "mean"], ["interval", "interval"], ["neighbor", "nearest training crystals (reference values)"]];
  return h("figure", { class: "dots" }, holder, h("figcaption", {}, keys.map(([kind, text]) => h("span", { class: `key ${kind}` }, text))));
}

function plot(answers, width) {
  const values = answers.flatMap(({ ltc, domain }) => [
    ...ltc.members, ...(ltc.interval ? [ltc.interval.lower, ltc.interval.upper] : []), ...(domain?.nearest ?? []).map((crystal) => crystal.ltc),
  ]);
  const scale = axisOver(values, width, LABELS);
  const bottom = ROW * answers.length + 8;
  const said = answers.map((answer) => `${nameOf(answer)} ${number(answer.ltc.mean)}${answer.ltc.interval ? ` (${ends(answer.ltc.interval)})` : ""}`);
  return svg(
    "svg",
    { role: "img", "aria-label": `LTC in ${answers[0].ltc.unit}: ${said.join("; ")}.`, width, height: bottom + 40, viewBox: `0 0 ${width} ${bottom + 40}` },
    axisMarks(scale, answers[0].ltc.unit, bottom),
    answers.map((answer, i) => line(answer, scale, ROW * i + ROW / 2)),
  );
}

function line({ ltc, domain, material }, scale, y) {
  return [
    svg("text", { class: "name", x: 0, y: y + 4 }, material.formula),
    ltc.interval && intervalMark(ltc.interval, scale, y),
    (domain?.nearest ?? []).map((crystal) => diamond(crystal, scale, y + 12)),
    ltc.members.map((value) => svg("circle", { class: "member", cx: scale.x(value), cy: y, r: 3.5 })),
    svg("line", { class: "mean", x1: scale.x(ltc.mean), x2: scale.x(ltc.mean), y1: y - 14, y2: y + 14 }),
  ];
}

function column({ answer, source, file, index }, links, signal) {
  const { material, ltc, domain } = answer;
  const facts = [material.space_group && spaceGroup(material.space_group), `${material.n_sites} sites`];
  return h(
    "article",
    { "aria-label": material.formula },
    h("h3", {}, h("a", { href: links.row(index), "data-inside": true }, formula(material.formula))),
    h("p", { class: "muted facts" }, facts.filter(Boolean).map((fact) => h("span", {}, fact)), h("span", {}, file.name)),
    h("p", { class: "value" }, h("span", { class: "medium" }, number(ltc.mean)), h("span", { class: "unit" }, ltc.unit)),
    h("p", {}, ltc.interval ? `${ends(ltc.interval)} with ${Math.round(100 * ltc.interval.level)}\u00a0% probability` : "No interval."),
    structureFigure(source, signal),
    warningList(answer),
    domainSection(answer),
    nearestList(domain?.nearest ?? [], ltc.unit),
  );
}

function nearestList(nearest, unit) {
  if (nearest.length === 0) return null;
  const items = nearest.slice(0, SHOWN).map((crystal) =>
    h("li", {}, formula(crystal.formula), " (", materialLink(crystal.material_id), `): ${number(crystal.ltc)} ${unit}, distance ${number(crystal.distance)}`),
  );
  return [h("h4", {}, "Nearest training crystals"), h("ul", {}, items)];
}
