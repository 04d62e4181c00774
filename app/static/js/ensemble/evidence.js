/** Cross-validated predictions: each crystal by the models that were not trained on it. */

import { h } from "../base/dom.js";
import { formula } from "../base/formula.js";
import { number } from "../base/format.js";
import { materialLink } from "../base/links.js";
import { parityPlot } from "./parity.js";
import { table } from "../base/table.js";

const FARTHEST = 10; // crystals listed

/** Return the section on predictions against references; `references` may be empty. */
export function evidenceSection(references, unit) {
  const points = references.filter((crystal) => crystal.out_of_fold !== null).map(asPoint);
  return [
    h("h3", {}, "Predicted against reference"),
    points.length > 0 ? content(points, references.length, unit) : h("p", { class: "muted" }, "Not available: this ensemble keeps no predictions for crystals kept out of training."),
  ];
}

/** Return the crystal with its cross-validated prediction, and the factor by which that is off. */
function asPoint(crystal) {
  const predicted = crystal.out_of_fold;
  const factor = Math.max(predicted, crystal.ltc) / Math.min(predicted, crystal.ltc);
  return { ...crystal, predicted, factor };
}

function content(points, total, unit) {
  const sets = bySet(points);
  return [
    h("p", {}, sentence(points, total)),
    parityPlot(sets, unit),
    table("Errors by data set", ["Data set", "Crystals", "Within a factor of two", "Half are within a factor of"], sets.map(statistics)),
    farthest(points, unit),
  ];
}

function bySet(points) {
  const names = [...new Set(points.map((point) => point.dataset))];
  const sets = names.map((dataset) => ({ dataset, points: points.filter((point) => point.dataset === dataset) }));
  return sets.sort((a, b) => b.points.length - a.points.length); // small sets are drawn over large ones
}

function sentence(points, total) {
  const seen = total - points.length;
  const others = seen > 0 ? ` The other ${seen} of the ${total} training crystals are in the training data of every model.` : "";
  return `Each mark is a crystal, predicted by the models that were not trained on it: ${withinTwo(points)} of ${points.length} lie within a factor of two.${others}`;
}

function statistics({ dataset, points }) {
  return [dataset, points.length, withinTwo(points), number(median(points.map((point) => point.factor)))];
}

function withinTwo(points) {
  const share = points.filter((point) => point.factor <= 2).length / points.length;
  return `${Math.round(100 * share)}\u00a0%`;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function farthest(points, unit) {
  const worst = [...points].sort((a, b) => b.factor - a.factor).slice(0, FARTHEST);
  const rows = worst.map((point) => [
    h("span", {}, formula(point.formula)), materialLink(point.material_id), point.dataset, number(point.ltc), number(point.predicted), off(point),
  ]);
  const head = ["Crystal", "Id", "Data set", `Reference, ${unit}`, "Cross-validated", "Off by"];
  return h("details", {}, h("summary", {}, `The ${worst.length} largest errors`), table("Largest errors", head, rows));
}

function off({ factor, predicted, ltc }) {
  return `a factor of ${number(factor)}, too ${predicted > ltc ? "high" : "low"}`;
}
