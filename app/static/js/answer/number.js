/** What the number is, in the service's words: conditions, method, what is left out, what to do next and how to cite it. */

import { copyButton, facts, h, titled } from "../base/dom.js";
import { shortDigest } from "../base/format.js";

/** Return the section on an answer; null where the service does not describe the number. */
export function numberSection({ number, ensemble }) {
  if (!number) return null;
  const { text, url } = number.citation;
  return titled(
    "What this number is",
    { class: "wide about-number" },
    facts({
      Conditions: list(number.conditions),
      "Method imitated": method(number.method),
      "Left out": list(number.left_out),
      Next: number.next_steps,
      Cite: citation({ text: `${text} Predicted by ensemble ${ensemble.name}, version ${shortDigest(ensemble.digest)}.`, url }),
    }),
  );
}

/** Return a citation with its address and a button that copies both. */
export function citation({ text, url }) {
  return [h("span", {}, text, " ", h("a", { href: url }, "Paper"), " "), copyButton("Copy citation", `${text} ${url}`)];
}

function method(known) {
  if (!known) return "Not stated by this ensemble; its page lists the training data.";
  return [`${known.name}. `, `${known.details} `, `Source: ${known.source}`].map((line) => h("div", {}, line));
}

function list(sentences) {
  return h("ul", {}, sentences.map((sentence) => h("li", {}, sentence)));
}
