/** Numbers and space groups as a reader of the field writes them. */

import { h } from "./dom.js";

/** Return a number with three significant digits, without exponent where that reads well. */
export function number(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6) return value.toExponential(2);
  return String(Number(value.toPrecision(3)).toFixed(decimals(size)));
}

function decimals(size) {
  return Math.max(0, 2 - Math.floor(Math.log10(size) + 1e-9));
}

/** Return a duration given in ms. */
export function duration(ms) {
  return ms < 1000 ? `${number(ms)} ms` : `${number(ms / 1000)} s`;
}

/** Return a Hermann-Mauguin symbol: bars over rotoinversions, subscripts of screw axes. */
export function spaceGroup(symbol) {
  const parts = symbol.match(/-\d|_\d|[^-_]+|./g).map((part) => {
    if (/^-\d/.test(part)) return h("span", { class: "bar" }, part[1]);
    return part.startsWith("_") ? h("sub", {}, part.slice(1)) : part;
  });
  return h(
    "span",
    { title: symbol },
    h("span", { class: "visually-hidden" }, symbol),
    h("span", { "aria-hidden": "true" }, parts),
  );
}

/** Return a digest short enough to read. */
export function shortDigest(digest) {
  return digest.replace(/^sha256:/, "").slice(0, 12);
}
