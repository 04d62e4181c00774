/** The paper's Table I: errors by the published procedure, measured here and published. */

import { h } from "../base/dom.js";
import { table } from "../base/table.js";

const NOTE =
  "MAPE by the published procedure, mean and standard deviation over the nine splits: labels un-standardised with other constants, and the epoch chosen on the crystals it is scored on. Comparable with the paper's table, but not errors in W/(m K).";
const MISSING = "Not measured: no cell of the paper's Table I is known for this ensemble.";

/** Return the section on the paper's table, from the manifest's metrics. */
export function paperSection(metrics) {
  const records = metrics.filter((record) => record.protocol === "paper");
  const whats = [...new Set(records.map((record) => record.what))];
  return [
    h("h3", {}, "The paper's Table I, reproduced"),
    h("p", { class: "muted" }, records.length > 0 ? NOTE : MISSING),
    whats.map((what) => group(what, records.filter((record) => record.what === what))),
  ];
}

function group(what, records) {
  const rows = records.map((record) => [
    `${record.dataset} (${record.n_crystals})`,
    withDeviation(record, "mape"),
    withDeviation(record, "published_mape"),
    apart(record),
  ]);
  return [h("h4", {}, what), table(`Table I: ${what}`, ["Tested on (crystals)", "Here", "Published", "Apart, in published deviations"], rows)];
}

function withDeviation({ values, deviations }, name) {
  if (!(name in values)) return "not measured";
  const value = values[name].toFixed(2); // the paper's decimals
  return name in (deviations ?? {}) ? `${value} ± ${deviations[name].toFixed(2)}` : value;
}

/** Return how far our mean lies from the published one, in its standard deviations. */
function apart({ values, deviations }) {
  const deviation = deviations?.published_mape;
  if (!deviation || !("mape" in values) || !("published_mape" in values)) return "–";
  const distance = (values.mape - values.published_mape) / deviation;
  return `${distance < 0 ? "−" : "+"}${Math.abs(distance).toFixed(1)}`;
}
