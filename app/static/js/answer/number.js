/** What the number is: conditions, method, what is left out, what to do next and how to cite it. */

import { copyButton, facts, h, titled } from "../base/dom.js";
import { shortDigest } from "../base/format.js";

const PAPER = {
  text: "L. Klochko, M. d'Aquin, A. Togo, L. Chaput, Transfer Learning for Deep Learning-based Prediction of Lattice Thermal Conductivity, arXiv:2411.18259 (2024).",
  url: "https://arxiv.org/abs/2411.18259",
};
const UNNAMED = new Set(["name", "details"]);
const LEFT_OUT = "Heat carried by electrons, which is most of it in metals; scattering by defects, grain boundaries and surfaces.";
const NEXT = {
  inside: "Use it to rank and to choose crystals. Before it is published or built on, compute the few that matter from first principles.",
  edge: "Compare it with the nearest training crystals below, and confirm it by a first-principles calculation.",
  outside: "Do not rank by it. Compute this crystal from first principles.",
  unknown: "Compare it with another ensemble, and confirm it by a first-principles calculation.",
};

/** Return the section on an answer; what the service does not say of the number is marked so. */
export function numberSection(answer) {
  const { number = null, ltc, domain } = answer;
  return titled(
    "What this number is",
    { class: "wide about-number" },
    facts({
      Conditions: shown(number?.conditions) ?? `${ltc.temperature} K, mean of the three crystal axes, perfect bulk crystal.`,
      "Method imitated": shown(number?.method) ?? "Not stated by this ensemble; its page lists the training data.",
      "Left out": shown(number?.left_out) ?? LEFT_OUT,
      Next: shown(number?.next_steps ?? number?.next) ?? nextStep(domain?.verdict ?? "unknown"),
      Cite: citation(answer, number?.citation),
    }),
  );
}

function nextStep(verdict) {
  const example = verdict === "inside" ? null : [" For instance with ", link("https://phonopy.github.io/phono3py/", "phono3py"), "."];
  return [NEXT[verdict], example];
}

/** Return the citation, of the paper where the service names none, with the version that predicted. */
function citation({ ensemble }, given) {
  const { text, url } = cited(given);
  const whole = `${text} Predicted by ensemble ${ensemble.name}, version ${shortDigest(ensemble.digest)}.`;
  return [h("span", {}, whole, " ", url && link(url, "Paper"), " "), copyButton("Copy citation", url ? `${whole} ${url}` : whole)];
}

/** Return {text, url} of a citation, which may be a sentence or a record. */
export function cited(given) {
  if (!given) return PAPER;
  if (typeof given === "string") return { text: given, url: null };
  return { text: given.text ?? Object.values(given)[0], url: given.url ?? (given.doi ? `https://doi.org/${given.doi}` : null) };
}

/** Return a statement as nodes: a sentence, a list of them, or a record of named ones; null if there is none. */
function shown(value) {
  if (value === null || value === undefined || value === "") return null;
  if (Array.isArray(value)) return value.length > 0 ? h("ul", {}, value.map((item) => h("li", {}, shown(item)))) : null;
  if (typeof value === "object") return Object.entries(value).map(([name, part]) => h("div", {}, UNNAMED.has(name) ? null : `${name.replaceAll("_", " ")}: `, shown(part) ?? "–"));
  return /^https?:\/\/\S+$/.test(value) ? link(value, value) : String(value);
}

function link(href, text) {
  return h("a", { href }, text);
}
