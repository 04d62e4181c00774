/** One answer: the value, its reliability, what it is, the evidence, and where it comes from. */

import { h } from "../base/dom.js";
import { formula } from "../base/formula.js";
import { number, shortDigest, spaceGroup } from "../base/format.js";
import { structureFigure } from "../crystal/figure.js";
import { actions } from "./actions.js";
import { domainSection } from "./domain.js";
import { dotPlot } from "./dots.js";
import { headline, warningList } from "./headline.js";
import { nearestTable } from "./nearest.js";
import { numberSection } from "./number.js";
import { opinionSection } from "./opinion.js";
import { provenance } from "./provenance.js";

/**
 * Return the view of a prediction.
 *
 * `address` is the link to it or null, `linkedDigest` the digest in the link that was followed.
 */
export function answerView({ prediction, source, address, linkedDigest, signal }) {
  const { answer } = prediction;
  const nearest = answer.domain?.nearest ?? [];
  return h(
    "section",
    { class: "answer", "aria-labelledby": "material" },
    title(answer.material),
    changed(answer.ensemble, linkedDigest),
    h("div", { class: "number" }, headline(answer.ltc), warningList(answer), domainSection(answer)),
    structureFigure(source, signal),
    dotPlot(answer.ltc, nearest, answer.second_opinion),
    actions(prediction, source, address),
    numberSection(answer),
    nearest.length > 0 ? nearestTable(nearest, answer) : null,
    opinionSection(answer.second_opinion, answer.ltc),
    provenance(prediction),
    h("p", { class: "wide print-only" }, `ParAIsite, ${location.host}, printed ${new Date().toISOString().slice(0, 10)}.`),
  );
}

function title({ formula: text, space_group: symbol, idealised, n_sites: sites, material_id: id }) {
  const facts = [
    symbol ? spaceGroup(symbol) : "space group not found",
    idealised && "positions symmetrised",
    `${sites} ${sites === 1 ? "site" : "sites"} in the cell`,
    id,
  ];
  return h(
    "header",
    { class: "material" },
    h("h2", { id: "material" }, formula(text)),
    h("p", { class: "muted facts" }, facts.filter(Boolean).map((fact) => h("span", {}, fact))),
  );
}

function changed({ name, digest }, linkedDigest) {
  if (!linkedDigest || shortDigest(digest) === shortDigest(linkedDigest)) return null;
  return h(
    "p",
    { class: "card wide" },
    `The link was made with another version of ${name} (${shortDigest(linkedDigest)}); this is the answer of the present one (${shortDigest(digest)}).`,
  );
}

/** Return an answer in words, to be read aloud. */
export function spoken(answer) {
  const { material, ltc } = answer;
  return [`${material.formula}: ${number(ltc.mean)} ${ltc.unit}`, ...answer.warnings].join(". ");
}
