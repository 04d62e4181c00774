/** An ensemble's errors in W/(m K), measure by measure. */

import { h } from "../base/dom.js";
import { table } from "../base/table.js";

const MEASURES = {
  mape: ["Mean relative error (MAPE)", "0.5: off by half of the reference on average"],
  median_ape: ["Median relative error", "half of the crystals are off by less"],
  mae_log10: ["Mean error of log10(LTC)", "0.1 is a factor of 1.26, 0.3 a factor of 2"],
  spearman: ["Rank correlation (Spearman)", "1: ranks crystals as the references do"],
  within_factor_2: ["Within a factor of 2", "share of the crystals"],
  sre: ["Symmetric relative error (SRE)", "0 at best, 2 at worst, the same for too high and too low"],
  error_spearman: ["Rank correlation of expected and true error", "1: ranks crystals by their error"],
  mae_inside: ["Mean error of log10(LTC), inside the training domain"],
  mae_edge: ["Mean error of log10(LTC), at its edge"],
  mae_outside: ["Mean error of log10(LTC), outside of it"],
  failures: ["No prediction", "crystals; they count as the largest error"],
};

/** Return the section on held-out errors, from the manifest's metrics. */
export function errorSection(metrics) {
  const records = metrics.filter((record) => record.protocol !== "paper" && !("coverage" in record.values));
  if (records.length === 0) return null;
  const whats = [...new Set(records.map((record) => record.what))];
  return [
    h("h3", {}, "Errors in W/(m K)"),
    h("p", { class: "muted" }, "On crystals held out of training, with no choice made on them. ±: standard deviation over the splits."),
    whats.map((what) => group(what, records.filter((record) => record.what === what))),
  ];
}

function group(what, records) {
  const names = [...new Set(records.flatMap((record) => Object.keys(record.values)))];
  const head = records.map((record) => `${record.dataset} (${record.n_crystals})`);
  const rows = names.map((name) => [explained(name), ...records.map((record) => withDeviation(record, name))]);
  return [h("h4", {}, capital(what)), table(what, ["Measure", ...head], rows)];
}

/** Return a measure's name in words, and what it means. */
export function explained(name) {
  const [title, meaning] = MEASURES[name] ?? [measure(name)];
  return meaning ? [title, h("small", {}, meaning)] : title;
}

/** Return a measure's name in words. */
export function measure(name) {
  return MEASURES[name]?.[0] ?? capital(name.replaceAll("_", " "));
}

function withDeviation({ values, deviations }, name) {
  if (!(name in values)) return "–";
  const value = decimal(values[name]);
  return deviations?.[name] ? `${value} ± ${decimal(deviations[name])}` : value;
}

/** Return a number with three decimals, an integer with none. */
export function decimal(value) {
  return Number.isInteger(value) ? String(value) : value.toFixed(3);
}

function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}
