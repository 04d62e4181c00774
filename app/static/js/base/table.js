/** A table that scrolls by itself where it is wider than the page. */

import { h } from "./dom.js";

const NUMERIC = /^(–|[+−]?\d[\d.± \u00a0]*%?)$/;

/** Return a table called `label`; a cell is text, a number, a node or a list of them. */
export function table(label, head, rows) {
  const columns = head.map((name, i) => h("th", { scope: "col", class: i > 0 ? kind(rows[0]?.[i]) : null }, name));
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": label },
    h("table", {}, h("thead", {}, h("tr", {}, columns)), h("tbody", {}, rows.map(row))),
  );
}

function row([first, ...rest]) {
  return h("tr", {}, h("th", { scope: "row" }, content(first)), rest.map((value) => h("td", { class: kind(value) }, content(value))));
}

function content(value) {
  return typeof value === "object" ? value : String(value);
}

function kind(value) {
  return NUMERIC.test(value) ? "numeric" : null;
}
