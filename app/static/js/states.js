/** What stands in the place of an answer: nothing yet, work going on, or a problem. */

import { h } from "./dom.js";
import { duration } from "./format.js";

/** Return the first thing a visitor sees. */
export function emptyState() {
  return h(
    "section",
    { class: "empty" },
    h("h2", {}, "Give a crystal, get its lattice thermal conductivity"),
    h(
      "p",
      {},
      "Drop a CIF or POSCAR, type a Materials Project id, or pick an example. ",
      "Nine networks, each trained on its own split of first-principles data, answer separately: ",
      "their mean is the prediction, and how far they disagree is shown beside it.",
    ),
    h(
      "ul",
      {},
      h("li", {}, "Only heat carried by the lattice is predicted; in metals electrons carry most of it."),
      h("li", {}, "The structure is used as given: nothing is relaxed, and sites must be ordered."),
      h("li", {}, "Several files at once make a table that can be sorted and saved."),
    ),
  );
}

/** Return {element, note, stop}: a skeleton in the shape of an answer, with a clock and a way out. */
export function loadingState(what, onCancel) {
  const note = h("p", {}, `Asking about ${what}…`);
  const clock = h("span", { class: "muted" });
  const cancel = h("button", { type: "button", onclick: onCancel }, "Cancel");
  const start = performance.now();
  const timer = setInterval(() => {
    clock.textContent = `${Math.round((performance.now() - start) / 1000)} s`;
  }, 1000);
  const element = h(
    "section",
    { class: "answer loading", "aria-busy": "true" },
    h("div", { class: "waiting" }, note, clock, cancel),
    h("div", { class: "skeleton figure-size" }),
    h("div", { class: "skeleton dots-size" }),
  );
  return { element, note, stop: () => clearInterval(timer) };
}

/** Return a problem in words, with a way to try again. */
export function problemState(error, onRetry) {
  const known = error.type?.startsWith("/problems/");
  return h(
    "section",
    { class: "card problem", role: "alert" },
    h("h2", {}, error.title ?? "This page failed"),
    h("p", {}, error.detail ?? String(error)),
    h(
      "div",
      { class: "buttons" },
      onRetry && h("button", { type: "button", onclick: onRetry }, "Try again"),
      known && h("a", { class: "button", href: error.type }, "About this error"),
    ),
  );
}

/** Return what to say while the service asks for patience. */
export function waitingSentence(error) {
  const reason = error.type === "/problems/overloaded" ? "The service is busy" : "The service is starting";
  return `${reason}; asking again in ${duration(1000 * (error.retryAfter ?? 1))}…`;
}
