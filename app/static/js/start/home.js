/** The first view: what the service does, a sample answer, how accurate it is, how to cite it. */

import { h, titled } from "../base/dom.js";
import { formula } from "../base/formula.js";
import { number } from "../base/format.js";
import { ends } from "../answer/headline.js";
import { citation } from "../answer/number.js";
import { predict, showEnsemble } from "../service/api.js";

const SAMPLE = "NaCl";

/** Return the first view; `ensemble` resolves to the name of the one chosen, or to null. */
export function homeView(ensemble, signal) {
  const sample = h("div", { class: "card sample" }, h("p", { class: "muted" }, "Predicting a sample…"));
  const accuracy = h("p", { class: "muted accuracy" }, "…");
  const cite = h("p", {}, "…");
  const answer = ensemble.then((name) => name && predict({ kind: "example", name: SAMPLE }, name, signal));
  fill(sample, async () => sampleAnswer(await answer), "No sample can be shown now.");
  fill(cite, async () => citation((await answer).answer.number.citation), "The ensemble does not say how to cite it.");
  fill(accuracy, async () => accuracySentence(await ensemble, signal), "The accuracy of this ensemble is not known here.");
  return h("section", { class: "home" }, introduction(), sample, titled("How accurate it is", {}, accuracy), titled("How to cite it", {}, cite), limits());
}

/** Fill an element with what `work` resolves to, or with a sentence where there is nothing to show. */
async function fill(element, work, otherwise) {
  const content = await work().catch(() => null);
  element.replaceChildren(...[content ?? otherwise].flat());
}

function introduction() {
  return [
    h("h2", {}, "Lattice thermal conductivity of a crystal, from its structure"),
    h(
      "p",
      {},
      "Drop a CIF or POSCAR, type a Materials Project id, or pick an example. ",
      "An ensemble's models, each trained on its own split of first-principles data, predict separately: ",
      "their mean is the prediction, and how far they differ is shown beside it.",
    ),
  ];
}

function sampleAnswer(predicted) {
  if (!predicted) return null;
  const { material, ltc, domain, ensemble } = predicted.answer;
  return [
    h("p", { class: "muted" }, "For instance ", h("a", { href: `?example=${SAMPLE}`, "data-inside": true }, formula(material.formula)), ` at ${ltc.temperature} K, by the ${ltc.members.length} models of ${ensemble.name}`),
    h("p", { class: "value" }, h("span", { class: "medium" }, number(ltc.mean)), h("span", { class: "unit" }, ltc.unit)),
    h("p", {}, [ltc.interval && `${ends(ltc.interval)} with ${Math.round(100 * ltc.interval.level)}\u00a0% probability`, domain && `${domain.verdict} the training domain`.replace("edge the", "at the edge of the")].filter(Boolean).join("; ")),
  ];
}

/** Return the accuracy in one sentence, from the errors in the ensemble's manifest; null if it has none. */
async function accuracySentence(ensemble, signal) {
  if (!ensemble) return null;
  const { metrics } = (await showEnsemble(ensemble, signal)).manifest;
  const heldOut = Array.isArray(metrics) ? metrics.filter((record) => record.protocol !== "paper") : [];
  const errors = largest(heldOut.filter(({ values }) => "mae_log10" in values));
  const coverage = largest(heldOut.filter(({ values }) => "coverage" in values));
  if (!errors) return null;
  const { mae_log10: mae, within_factor_2: within } = errors.values;
  const parts = [`For ${errors.n_crystals} crystals held out of training, ${ensemble} differs from first-principles references by a factor of ${number(10 ** mae)} in the mean`];
  if (within !== undefined) parts.push(`${Math.round(100 * within)}\u00a0% are within a factor of two`);
  if (coverage) parts.push(`the 90\u00a0% interval holds ${Math.round(100 * coverage.values.coverage)}\u00a0% of them`);
  return [`${parts.join("; ")}. `, h("a", { href: `#ensemble=${encodeURIComponent(ensemble)}` }, "More on its accuracy")];
}

function largest(records) {
  return records.reduce((best, record) => (best && best.n_crystals > record.n_crystals ? best : record), null);
}

function limits() {
  return h(
    "ul",
    {},
    h("li", {}, "Only heat carried by the lattice is predicted; in metals electrons carry most of it."),
    h("li", {}, "The structure is used as given: nothing is relaxed, and sites must be ordered."),
    h("li", {}, "Several files, a folder or a zip archive make a table that can be sorted, compared and saved."),
  );
}
