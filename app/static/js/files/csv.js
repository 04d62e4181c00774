/** A table of files as CSV. */

import { usual } from "../base/formula.js";
import { warningsOf } from "../answer/headline.js";

const FIELDS = {
  file: (row) => row.file.name,
  formula: (row) => row.answer && usual(row.answer.material.formula),
  space_group: (row) => row.answer?.material.space_group,
  n_sites: (row) => row.answer?.material.n_sites,
  "ltc_mean [W/(m K)]": (row) => row.answer?.ltc.mean,
  "ltc_std [W/(m K)]": (row) => row.answer?.ltc.std,
  "ltc_min [W/(m K)]": (row) => row.answer?.ltc.min,
  "ltc_max [W/(m K)]": (row) => row.answer?.ltc.max,
  "interval_lower [W/(m K)]": (row) => row.answer?.ltc.interval?.lower,
  "interval_upper [W/(m K)]": (row) => row.answer?.ltc.interval?.upper,
  verdict: (row) => row.answer?.domain?.verdict,
  "slack [W/(m K)]": (row) => row.answer?.second_opinion?.slack.ltc,
  "minimum [W/(m K)]": (row) => row.answer?.second_opinion?.minimum.ltc,
  warnings: (row) => row.answer && warningsOf(row.answer).join(" "),
  ensemble: (row) => row.answer?.ensemble.name,
  digest: (row) => row.answer?.ensemble.digest,
  fingerprint: (row) => row.answer?.material.fingerprint,
  error: (row) => (row.answer ? undefined : row.error ? `${row.error.title}: ${row.error.detail}` : row.state),
};

/** Return the rows as CSV, in the order of the files. */
export function csv(rows) {
  const lines = [Object.keys(FIELDS), ...rows.map((row) => Object.values(FIELDS).map((field) => field(row)))];
  return lines.map((line) => line.map(cell).join(",") + "\r\n").join("");
}

function cell(value) {
  if (value === undefined || value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t]/.test(value) ? `'${value}` : value; // spreadsheets would run it as a formula
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
