/** The columns of a table of files, and the cells of a row. */

import { h } from "../base/dom.js";
import { formula } from "../base/formula.js";
import { number, spaceGroup } from "../base/format.js";
import { ends } from "../answer/headline.js";

/** Each has a name, the value that it is sorted by, and a cell; `wide` ones are left out on a phone. */
export const COLUMNS = [
  { name: "File", value: (row) => row.file.name },
  { name: "LTC, W/(m K)", value: ({ answer }) => answer?.ltc.mean, cell: ({ ltc }) => number(ltc.mean), numeric: true, strong: true },
  {
    name: "90 % interval",
    value: ({ answer }) => answer?.ltc.interval?.lower,
    cell: ({ ltc }) => (ltc.interval ? ends(ltc.interval) : "–"),
    numeric: true,
  },
  { name: "Training domain", value: ({ answer }) => answer?.domain?.verdict, cell: ({ domain }) => domain?.verdict ?? "–" },
  { name: "Formula", value: ({ answer }) => answer && answer.material.formula, cell: ({ material }) => formula(material.formula), wide: true },
  {
    name: "Space group",
    value: ({ answer }) => answer?.material.space_group,
    cell: ({ material }) => (material.space_group ? spaceGroup(material.space_group) : "–"),
    wide: true,
  },
  { name: "Standard deviation", value: ({ answer }) => answer?.ltc.std, cell: ({ ltc }) => number(ltc.std), numeric: true, wide: true },
];

/** Return the classes of a column's cells. */
export function classOf({ numeric, strong, wide }) {
  return [numeric && "numeric", strong && "strong", wide && "wide-only"].filter(Boolean).join(" ") || null;
}

/** Return the cells of an answered row, but the first. */
export function cellsOf(answer) {
  return COLUMNS.slice(1).map((column) => h("td", { class: classOf(column) }, column.cell(answer)));
}

/** Compare for ascending order; what is missing comes last in either direction. */
export function compare(a, b, direction) {
  if (a === undefined || a === null) return b === undefined || b === null ? 0 : direction;
  if (b === undefined || b === null) return -direction;
  return typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true });
}
