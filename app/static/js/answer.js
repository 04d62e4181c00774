/** One answer: the number, whether to believe it, the evidence, and where it came from. */

import { copyButton, download, h } from "./dom.js";
import { dotPlot } from "./dots.js";
import { duration, formula, number, shortDigest, spaceGroup } from "./format.js";
import { opinionSection } from "./opinion.js";
import { structureFigure } from "./structure.js";

const VERDICTS = {
  inside: "Inside what the ensemble knows",
  edge: "At the edge of what the ensemble knows",
  outside: "Outside what the ensemble knows: take the number as a guess",
};

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
    h("div", { class: "number" }, ...headline(answer.ltc), warnings(answer.warnings), ...verdict(answer)),
    structureFigure(source, signal),
    dotPlot(answer.ltc, nearest, answer.second_opinion),
    opinionSection(answer.second_opinion, answer.ltc),
    nearest.length > 0 ? neighbours(nearest, answer.ltc.unit) : null,
    actions(prediction, source, address),
    provenance(prediction),
  );
}

function title({ formula: text, space_group: symbol, idealised, n_sites: sites, material_id: id }) {
  const facts = [
    symbol ? spaceGroup(symbol) : "space group not found",
    idealised && "atoms moved onto its sites",
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

function headline(ltc) {
  return [
    h("p", { class: "value" }, h("span", { class: "big" }, number(ltc.mean)), h("span", { class: "unit" }, ltc.unit)),
    h("p", {}, intervalSentence(ltc.interval)),
    h("p", { class: "muted" }, `Members ${number(ltc.min)} to ${number(ltc.max)}, standard deviation ${number(ltc.std)}`),
  ];
}

function intervalSentence(interval) {
  if (!interval) return h("span", { class: "muted" }, "90\u00a0% interval: not yet available for this ensemble");
  const { level, lower, upper } = interval;
  return [h("b", {}, `${number(lower)} to ${number(upper)}`), ` with ${Math.round(100 * level)}\u00a0% probability`];
}

function warnings(sentences) {
  if (sentences.length === 0) return null;
  return h(
    "div",
    { class: "warnings", role: "note", "aria-labelledby": "warnings" },
    h("h3", { id: "warnings" }, "Before you use this number"),
    h("ul", {}, sentences.map((sentence) => h("li", {}, sentence))),
  );
}

function verdict({ domain, ltc }) {
  if (!domain) return [h("div", { class: "verdict" }, ...unknownDomain(ltc))];
  const reasons = domain.reasons.map((reason) => h("li", {}, reason));
  const known = domain.in_training_data
    ? h("p", {}, "This crystal is in the training data: the prediction is no independent test.")
    : null;
  return [
    h(
      "div",
      { class: `verdict ${domain.verdict}` },
      h("h3", {}, VERDICTS[domain.verdict]),
      known,
      reasons.length > 0 ? h("ul", {}, reasons) : h("p", {}, "Nothing speaks against it: crystals like this one are in the training data."),
    ),
  ];
}

function unknownDomain(ltc) {
  const agreement = ltc.min > 0
    ? `Its highest and lowest members differ by a factor of ${number(ltc.max / ltc.min)}; agreement alone does not make a prediction right.`
    : "At least one member predicts no conductivity at all.";
  return [
    h("h3", {}, "Not known whether to believe it"),
    h("p", {}, `This ensemble cannot yet tell how close the crystal is to its training data. ${agreement}`),
  ];
}

function neighbours(nearest, unit) {
  const head = [["Crystal"], ["Id"], [`Reference, ${unit}`, "numeric"], ["Predicted unseen", "numeric"], ["Data set"], ["Distance", "numeric"]];
  const rows = nearest.map((crystal) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, formula(crystal.formula)),
      h("td", { class: "id" }, crystal.material_id),
      h("td", { class: "numeric" }, number(crystal.ltc)),
      h("td", { class: "numeric" }, crystal.out_of_fold == null ? "–" : number(crystal.out_of_fold)),
      h("td", {}, crystal.dataset),
      h("td", { class: "numeric" }, number(crystal.distance)),
    ),
  );
  return h(
    "div",
    { class: "wide scroll", tabindex: "0", role: "region", "aria-label": "Nearest training crystals" },
    h(
      "table",
      {},
      h("caption", {}, "Nearest training crystals"),
      h("thead", {}, h("tr", {}, head.map(([name, kind]) => h("th", { scope: "col", class: kind }, name)))),
      h("tbody", {}, rows),
    ),
  );
}

function actions({ answer }, source, address) {
  const command = curlCommand(source, answer.ensemble.name);
  const save = () => download(`${answer.material.formula}.json`, "application/json", `${JSON.stringify(answer, null, 2)}\n`);
  return h(
    "div",
    { class: "wide actions" },
    h(
      "div",
      { class: "buttons" },
      address
        ? copyButton("Copy link", () => location.origin + address)
        : h("span", { class: "muted" }, "This file is too long for a link."),
      h("button", { type: "button", onclick: save }, "Download JSON"),
      copyButton("Copy curl command", command),
    ),
    h("pre", { tabindex: "0", role: "region", "aria-label": "curl command" }, h("code", {}, command)),
  );
}

/** Return the shell command that asks the same. */
export function curlCommand(source, ensemble) {
  const query = `?ensemble=${encodeURIComponent(ensemble)}`;
  const base = `${location.origin}/predict`;
  if (source.kind === "id") return `curl ${quoted(`${base}/${encodeURIComponent(source.id)}${query}`)}`;
  const file = source.kind === "example" ? `examples/${source.name}.cif` : source.name;
  return `curl -F ${quoted(`file=@${formName(file)}`)} ${quoted(base + query)}`;
}

/** Return a file's name as curl wants it in a form: in quotes where it would end too early. */
function formName(file) {
  return /[,;"\\]/.test(file) ? `"${file.replace(/(["\\])/g, "\\$1")}"` : file;
}

function quoted(word) {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function provenance({ answer, steps, milliseconds }) {
  const { ensemble, material, cache, ltc } = answer;
  const spent = steps.map(([step, ms]) => `${step} ${duration(ms)}`).join(", ");
  const facts = {
    Ensemble: h("a", { href: `#ensemble=${encodeURIComponent(ensemble.name)}` }, ensemble.name),
    Digest: h("code", {}, ensemble.digest),
    Fingerprint: h("code", {}, material.fingerprint),
    Temperature: `${ltc.temperature} K`,
    Source: cache === "hit" ? "computed before, from the cache" : "computed now",
    Time: `${duration(milliseconds)} in all${spent && `; ${spent}`}`,
  };
  return h(
    "details",
    { class: "wide provenance" },
    h("summary", {}, `${ensemble.name} · ${shortDigest(ensemble.digest)} · ${cache === "hit" ? "cached" : "computed"} · ${duration(milliseconds)}`),
    h("dl", {}, Object.entries(facts).flatMap(([name, fact]) => [h("dt", {}, name), h("dd", {}, fact)])),
  );
}
