/** The training crystals nearest to the one predicted. */

import { h } from "../base/dom.js";
import { formula } from "../base/formula.js";
import { number } from "../base/format.js";
import { materialLink } from "../base/links.js";

const NOTE =
  "Reference: LTC from first-principles data. Cross-validated: the ensemble's prediction by the models that were not trained on the crystal. " +
  "Distance: how differently the ensemble sees the two crystals; at 0 it sees no difference.";

/** Return the table of the nearest crystals, in their order: those of the same compound first. */
export function nearestTable(nearest, { material, ltc }) {
  const head = [["Crystal"], [`Reference, ${ltc.unit}`, "numeric"], ["Cross-validated", "numeric"], ["Distance", "numeric"], ["Id"], ["Data set"]];
  return h(
    "div",
    { class: "wide nearest" },
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Nearest training crystals" },
      h(
        "table",
        {},
        h("caption", {}, "Nearest training crystals"),
        h("thead", {}, h("tr", {}, head.map(([name, kind]) => h("th", { scope: "col", class: kind }, name)))),
        h("tbody", {}, nearest.map((crystal) => row(crystal, material))),
      ),
    ),
    h("p", { class: "note" }, NOTE),
  );
}

function row(crystal, material) {
  const same = crystal.formula === material.formula;
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, formula(crystal.formula), same && h("small", {}, "same compound")),
    h("td", { class: "numeric" }, number(crystal.ltc)),
    h("td", { class: "numeric" }, crystal.out_of_fold == null ? "–" : number(crystal.out_of_fold)),
    h("td", { class: "numeric" }, number(crystal.distance)),
    h("td", { class: "id" }, materialLink(crystal.material_id)),
    h("td", {}, crystal.dataset),
  );
}
