/** Where an answer comes from: ensemble, version, structure, cache, time. */

import { facts, h } from "../base/dom.js";
import { duration, shortDigest } from "../base/format.js";

/** Return the details, closed but for print. */
export function provenance({ answer, steps, milliseconds }) {
  const { ensemble, material, cache, ltc } = answer;
  const spent = steps.map(([step, ms]) => `${step} ${duration(ms)}`).join(", ");
  const summary = [ensemble.name, shortDigest(ensemble.digest), cache === "hit" ? "cached" : "computed", milliseconds && duration(milliseconds)];
  return h(
    "details",
    { class: "wide provenance" },
    h("summary", {}, summary.filter(Boolean).join(" · ")),
    facts({
      Ensemble: h("a", { href: `#ensemble=${encodeURIComponent(ensemble.name)}` }, ensemble.name),
      Digest: h("code", {}, ensemble.digest),
      Fingerprint: h("code", {}, material.fingerprint),
      Temperature: `${ltc.temperature} K`,
      Source: cache === "hit" ? "from the cache" : "computed for this request",
      Time: milliseconds && `${duration(milliseconds)} in all${spent && `; ${spent}`}`,
    }),
  );
}
