/** One file of a table: its cells and, below them, its warnings, readable without pointing at anything. */

import { h } from "../base/dom.js";
import { COLUMNS, cellsOf } from "./columns.js";

/** The elements of a row, in a table body of their own, so that sorting keeps them together. */
export class RowView {
  constructor(row, { address, onSelect }) {
    Object.assign(this, { row, address, onSelect, element: h("tbody", {}) });
    this.show();
  }

  /** Show what is known of the row by now. */
  show() {
    const { file, state, answer } = this.row;
    this.element.className = state === "failed" ? "failed" : "";
    const name = answer ? h("a", { href: this.address, "data-inside": true }, file.name) : file.name;
    const cells = answer ? cellsOf(answer) : h("td", { colspan: COLUMNS.length - 1 }, statusOf(this.row));
    const selection = h("td", { class: "selection" }, answer && this.checkbox(file.name));
    const warnings = answer?.warnings ?? [];
    this.element.replaceChildren(
      h("tr", {}, selection, h("th", { scope: "row" }, name), cells),
      ...(warnings.length > 0 ? [warned(warnings)] : []),
    );
  }

  /** Select the row for comparison, or not. */
  select(selected) {
    this.row.selected = Boolean(selected);
    this.show();
  }

  checkbox(name) {
    const onchange = ({ target }) => {
      this.row.selected = target.checked;
      this.onSelect();
    };
    return h("input", { type: "checkbox", "aria-label": `Select ${name} for comparison`, checked: this.row.selected, onchange });
  }
}

function warned(sentences) {
  return h("tr", { class: "warned" }, h("td", {}), h("td", { colspan: COLUMNS.length }, h("b", {}, "Warning: "), sentences.join(" ")));
}

function statusOf({ state, error }) {
  if (state !== "failed") return h("span", { class: "muted" }, `${state}${state === "working" ? "…" : ""}`);
  return [h("b", {}, error.title ?? "Failed"), " ", error.detail ?? error.message ?? String(error)];
}
