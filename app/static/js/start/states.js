/** What stands in the place of an answer: work going on, or a problem. */

import { h } from "../base/dom.js";
import { duration } from "../base/format.js";
import { at } from "../base/links.js";

const REASONS = {
  "not-ready": "The service is starting",
  stopping: "The service is restarting",
  timeout: "The crystal takes long",
  "materials-project-unavailable": "The Materials Project does not answer",
};

/** Return {element, note, stop}: a skeleton in the shape of an answer, with a clock and a way out. */
export function loadingState(what, onCancel) {
  const note = h("p", {}, `Predicting ${what}…`);
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
  return h(
    "section",
    { class: "card problem", role: "alert" },
    h("h2", {}, error.title ?? "This page failed"),
    h("p", {}, error.detail ?? error.message ?? String(error)),
    h(
      "div",
      { class: "buttons" },
      onRetry && h("button", { type: "button", onclick: onRetry }, "Try again"),
      error.code && h("a", { class: "button", href: at(`problems/${error.code}`) }, "About this error"),
    ),
  );
}

/** Return what to say while the service asks for patience. */
export function waitingSentence({ code, retryAfter }) {
  return `${REASONS[code] ?? "The service is busy"}; trying again in ${duration(1000 * retryAfter)}…`;
}
