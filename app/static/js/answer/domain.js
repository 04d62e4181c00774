/** The applicability domain: whether the ensemble was trained on crystals like this one. */

import { h } from "../base/dom.js";
import { number } from "../base/format.js";

const VERDICTS = {
  inside: "Inside the training domain",
  edge: "At the edge of the training domain",
  outside: "Outside the training domain: a rough guess only",
};

/** Return the verdict with its reasons. */
export function domainSection({ domain, ltc }) {
  if (!domain) return h("div", { class: "verdict" }, unknownDomain(ltc));
  const reasons = domain.reasons.map((reason) => h("li", {}, reason));
  return h(
    "div",
    { class: `verdict ${domain.verdict}` },
    h("h3", {}, VERDICTS[domain.verdict]),
    domain.in_training_data && h("p", {}, "This compound is in the training data: the prediction is no independent test."),
    domain.phonon_estimates.map((estimate) => h("p", {}, fromPhonons(estimate))),
    reasons.length > 0 ? h("ul", {}, reasons) : h("p", {}, "The training data hold crystals similar to this one."),
  );
}

function fromPhonons({ material_id, dataset, ltc }) {
  return `Its phonons are known (${material_id} in ${dataset}): the ensemble learned from the ${number(ltc)} W/(m K) that they suggest.`;
}

function unknownDomain(ltc) {
  const agreement = `Its highest and lowest models differ by a factor of ${number(ltc.max / ltc.min)}; agreement alone does not make a prediction right.`;
  return [
    h("h3", {}, "Reliability unknown"),
    h("p", {}, `This ensemble has no measure of how close a crystal is to its training data. ${agreement}`),
  ];
}
