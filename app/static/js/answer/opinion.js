/** Estimates by analytical models: Slack's formula and Cahill's minimum conductivity. */

import { h } from "../base/dom.js";
import { number } from "../base/format.js";

const MISSING =
  "Not available: this ensemble does not predict the Debye temperature, Grüneisen parameter and elastic moduli that it is computed from.";

/** Return the section on the estimates, which may be null. */
export function opinionSection(opinion, ltc) {
  return h(
    "section",
    { class: "wide opinion", "aria-labelledby": "opinion" },
    h("h3", { id: "opinion" }, "Estimates by analytical models"),
    opinion ? h("div", { class: "estimates" }, slack(opinion.slack, ltc), minimum(opinion.minimum, ltc)) : h("p", { class: "muted" }, MISSING),
  );
}

function slack(estimate, ltc) {
  return part(
    "Slack's estimate",
    estimate,
    ltc.unit,
    `${comparison(ltc.mean, estimate.ltc)} Good for ranking crystals, rough as a value.`,
    { "Debye temperature": `${number(estimate.debye_temperature)} K`, "Grüneisen parameter": number(estimate.gruneisen) },
  );
}

function minimum(estimate, ltc) {
  const place = ltc.mean < estimate.ltc ? "The prediction lies below it; the minimum is itself a model, not a strict bound for crystals." : "The prediction lies above it.";
  return part(
    "Minimum conductivity",
    estimate,
    ltc.unit,
    `Cahill's model of a glass of the same atoms. ${place}`,
    { "Bulk modulus": `${number(estimate.bulk_modulus)} GPa`, "Shear modulus": `${number(estimate.shear_modulus)} GPa` },
  );
}

/** Return how a prediction compares with an estimate, as a sentence. */
function comparison(mean, estimate) {
  const factor = Math.max(mean, estimate) / Math.min(mean, estimate);
  if (factor < 1.05) return "The prediction agrees with it.";
  const direction = mean > estimate ? "above" : "below";
  return `The prediction lies a factor of ${number(factor)} ${direction} it.`;
}

function part(name, { ltc, source }, unit, meaning, inputs) {
  return h(
    "div",
    {},
    h("h4", {}, name),
    h("p", { class: "estimate" }, h("b", {}, number(ltc)), ` ${unit}`),
    h("p", {}, meaning),
    h("dl", {}, Object.entries(inputs).flatMap(([term, value]) => [h("dt", {}, term), h("dd", {}, value)])),
    h("p", { class: "note" }, `Source: ${source}.`),
  );
}
