/** The predicted value with its interval and warnings. */

import { h } from "../base/dom.js";
import { number } from "../base/format.js";

/** Return the value, its interval and the spread of the models. */
export function headline(ltc) {
  return [
    h("p", { class: "value" }, h("span", { class: "big" }, number(ltc.mean)), h("span", { class: "unit" }, ltc.unit)),
    h("p", {}, intervalSentence(ltc.interval)),
    h("p", { class: "muted" }, `${ltc.members.length} models: ${number(ltc.min)} to ${number(ltc.max)}, standard deviation ${number(ltc.std)}`),
  ];
}

function intervalSentence(interval) {
  if (!interval) return h("span", { class: "muted" }, "90\u00a0% interval: not available for this ensemble");
  return [h("b", {}, ends(interval)), ` with ${Math.round(100 * interval.level)}\u00a0% probability`];
}

/** Return the two ends of an interval in words. */
export function ends({ lower, upper }) {
  return `${number(lower)} to ${number(upper)}`;
}

/** Return the warnings of an answer as a note, or null if there are none. */
export function warningList({ warnings }) {
  if (warnings.length === 0) return null;
  return h(
    "div",
    { class: "warnings", role: "note", "aria-label": "Before you use this number" },
    h("h3", {}, "Before you use this number"),
    h("ul", {}, warnings.map((sentence) => h("li", {}, sentence))),
  );
}
