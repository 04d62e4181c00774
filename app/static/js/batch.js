/** Several files: a table that fills as answers come. */

import { patiently, predict } from "./api.js";
import { announce, download, h } from "./dom.js";
import { formula, number, spaceGroup } from "./format.js";

const AT_ONCE = 4; // requests; more would only wait in the service's queue
const TRIES = 60; // a long batch waits for a busy service rather than give up

const COLUMNS = [
  { name: "File", value: (row) => row.file.name },
  { name: "Formula", value: (row) => row.answer?.material.formula },
  { name: "Space group", value: (row) => row.answer?.material.space_group },
  { name: "LTC, W/(m K)", value: (row) => row.answer?.ltc.mean, numeric: true },
  { name: "Spread", value: (row) => row.answer?.ltc.std, numeric: true },
  { name: "90 % interval", value: (row) => row.answer?.ltc.interval?.lower, numeric: true },
  { name: "Verdict", value: (row) => row.answer?.domain?.verdict },
  { name: "Warnings", value: (row) => row.answer?.warnings.length || undefined, numeric: true },
];

/** Predictions for several CIF files with one ensemble; `open(row)` shows one of them alone. */
export class Batch {
  constructor(files, ensemble, open) {
    this.ensemble = ensemble;
    this.open = open;
    this.rows = files.map((file, index) => ({ file, index, state: "waiting" }));
    this.order = { column: null, direction: 1 };
    this.abort = new AbortController();
    this.element = this.build();
  }

  /** Ask for every file that has no answer yet. */
  async run() {
    this.abort = new AbortController();
    const waiting = this.rows.filter((row) => !row.answer);
    for (const row of waiting) this.update(row, { state: "waiting", error: null });
    this.sort();
    const queue = waiting.values();
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.work(queue)));
    announce(this.progress.textContent);
  }

  /** Drop what is not done. */
  cancel() {
    this.abort.abort();
  }

  async work(queue) {
    for (const row of queue) {
      if (this.abort.signal.aborted) this.update(row, { state: "cancelled" });
      else await this.ask(row);
    }
  }

  async ask(row) {
    const { signal } = this.abort;
    this.update(row, { state: "working" });
    try {
      row.source = { kind: "text", name: row.file.name, text: await row.file.text() };
      const onWait = () => this.update(row, { state: "service busy, waiting" });
      const prediction = await patiently(() => predict(row.source, this.ensemble, signal), { signal, onWait, tries: TRIES });
      this.update(row, { state: "done", prediction, answer: prediction.answer });
    } catch (error) {
      if (error.name === "AbortError") this.update(row, { state: "cancelled" });
      else this.update(row, { state: "failed", error });
    }
  }

  update(row, change) {
    Object.assign(row, change);
    const cells = this.cells(row);
    row.element ??= h("tr", {});
    row.element.className = row.state === "failed" ? "failed" : "";
    row.element.replaceChildren(...cells);
    this.report();
    if (row.answer && this.order.column) this.sort();
  }

  cells(row) {
    const name = row.answer
      ? h("button", { type: "button", class: "link", onclick: () => this.open(row) }, row.file.name)
      : row.file.name;
    const head = h("th", { scope: "row" }, name);
    if (!row.answer) return [head, h("td", { colspan: COLUMNS.length - 1 }, statusOf(row))];
    const { material, ltc, domain, warnings } = row.answer;
    return [
      head,
      h("td", {}, formula(material.formula)),
      h("td", {}, material.space_group ? spaceGroup(material.space_group) : "–"),
      h("td", { class: "numeric strong" }, number(ltc.mean)),
      h("td", { class: "numeric" }, number(ltc.std)),
      h("td", { class: "numeric" }, ltc.interval ? `${number(ltc.interval.lower)} to ${number(ltc.interval.upper)}` : "–"),
      h("td", {}, domain?.verdict ?? "–"),
      h("td", { class: "numeric" }, warnings.length > 0 ? warned(warnings) : "–"),
    ];
  }

  report() {
    const count = (state) => this.rows.filter((row) => row.state === state).length;
    const [done, failed, cancelled] = ["done", "failed", "cancelled"].map(count);
    const ended = done + failed + cancelled;
    const running = ended < this.rows.length;
    const parts = [`${done} of ${this.rows.length} predicted`];
    if (failed) parts.push(`${failed} failed`);
    if (cancelled) parts.push(`${cancelled} cancelled`);
    this.progress.textContent = parts.join(", ");
    this.bar.max = this.rows.length;
    this.bar.value = ended;
    this.stopButton.hidden = !running;
    this.againButton.hidden = running || failed + cancelled === 0;
    this.saveButton.disabled = done + failed === 0;
  }

  sort() {
    const { column, direction } = this.order;
    const rows = column ? [...this.rows].sort((a, b) => direction * compare(column.value(a), column.value(b), direction)) : this.rows;
    rows.forEach((row, place) => {
      if (this.body.children[place] !== row.element) this.body.insertBefore(row.element, this.body.children[place] ?? null);
    });
  }

  sortBy(column) {
    const again = this.order.column === column;
    this.order = { column, direction: again ? -this.order.direction : 1 };
    for (const [index, header] of this.headers.entries()) {
      const direction = this.order.direction > 0 ? "ascending" : "descending";
      header.setAttribute("aria-sort", COLUMNS[index] === column ? direction : "none");
    }
    this.sort();
  }

  build() {
    this.progress = h("p", { class: "progress" });
    this.bar = h("progress", { "aria-label": "Files done" });
    this.stopButton = h("button", { type: "button", onclick: () => this.cancel() }, "Cancel");
    this.againButton = h("button", { type: "button", onclick: () => this.run(), hidden: true }, "Try the rest again");
    this.saveButton = h("button", { type: "button", onclick: () => this.save() }, "Download CSV");
    this.headers = COLUMNS.map((column) =>
      h("th", { scope: "col", class: column.numeric ? "numeric" : null, "aria-sort": "none" },
        h("button", { type: "button", onclick: () => this.sortBy(column) }, column.name)),
    );
    this.body = h("tbody", {});
    return h(
      "section",
      { class: "batch", "aria-labelledby": "batch-title" },
      h("h2", { id: "batch-title" }, `${this.rows.length} files`),
      h("div", { class: "buttons" }, this.progress, this.bar, this.stopButton, this.againButton, this.saveButton),
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Predictions by file" },
        h("table", {}, h("thead", {}, h("tr", {}, this.headers)), this.body)),
    );
  }

  save() {
    download("ltc.csv", "text/csv", csv(this.rows));
  }
}

/** Return how many warnings there are; what they say is for those who point at it, or listen. */
function warned(warnings) {
  const sentences = warnings.join(" ");
  return h("span", { class: "warned", title: sentences }, String(warnings.length), h("span", { class: "visually-hidden" }, `: ${sentences}`));
}

function statusOf(row) {
  if (row.state !== "failed") return h("span", { class: "muted" }, `${row.state}${row.state === "working" ? "…" : ""}`);
  return [h("b", {}, row.error.title ?? "Failed"), " ", row.error.detail ?? String(row.error)];
}

/** Compare for ascending order; what is missing comes last in either direction. */
function compare(a, b, direction) {
  if (a === undefined || a === null) return b === undefined || b === null ? 0 : direction;
  if (b === undefined || b === null) return -direction;
  return typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true });
}

const FIELDS = {
  file: (row) => row.file.name,
  formula: (row) => row.answer?.material.formula,
  space_group: (row) => row.answer?.material.space_group,
  n_sites: (row) => row.answer?.material.n_sites,
  "ltc_mean [W/(m K)]": (row) => row.answer?.ltc.mean,
  "ltc_std [W/(m K)]": (row) => row.answer?.ltc.std,
  "ltc_min [W/(m K)]": (row) => row.answer?.ltc.min,
  "ltc_max [W/(m K)]": (row) => row.answer?.ltc.max,
  "interval_lower [W/(m K)]": (row) => row.answer?.ltc.interval?.lower,
  "interval_upper [W/(m K)]": (row) => row.answer?.ltc.interval?.upper,
  verdict: (row) => row.answer?.domain?.verdict,
  "slack [W/(m K)]": (row) => row.answer?.second_opinion?.slack.ltc,
  "minimum [W/(m K)]": (row) => row.answer?.second_opinion?.minimum.ltc,
  warnings: (row) => row.answer?.warnings.join(" "),
  ensemble: (row) => row.answer?.ensemble.name,
  digest: (row) => row.answer?.ensemble.digest,
  fingerprint: (row) => row.answer?.material.fingerprint,
  error: (row) => (row.answer ? undefined : row.error ? `${row.error.title}: ${row.error.detail}` : row.state),
};

/** Return the rows as CSV, in the order of the files. */
export function csv(rows) {
  const lines = [Object.keys(FIELDS), ...rows.map((row) => Object.values(FIELDS).map((field) => field(row)))];
  return lines.map((line) => line.map(cell).join(",") + "\r\n").join("");
}

function cell(value) {
  if (value === undefined || value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t]/.test(value) ? `'${value}` : value; // spreadsheets would run it as a formula
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
