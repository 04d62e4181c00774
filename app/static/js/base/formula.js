/** Chemical formulas, as the service orders their elements. */

import { h } from "./dom.js";

/** Return a formula as nodes, its numbers as subscripts. */
export function formula(text) {
  return text.split(/([\d.]+)/).map((part) => (/\d/.test(part) ? h("sub", {}, part) : part));
}
