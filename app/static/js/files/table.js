/** Several files: a table that fills as answers come, by one ensemble. */

import { announce, download, h } from "../base/dom.js";
import { Problem, contract, patiently, predictFiles } from "../service/api.js";
import { COLUMNS, classOf, compare } from "./columns.js";
import { csv, csvMetadata } from "./csv.js";
import { groups, halves } from "./groups.js";
import { Keeper, rowsOf } from "./results.js";
import { RowView } from "./row.js";

const AT_ONCE = 2; // requests; more would only wait in the service's queue
const TRIES = 60; // a long table waits for a busy service rather than give up
const MOST_COMPARED = 6;
const CSV = "ltc.csv";
const BROKEN_OFF = { type: "unreachable", title: "The answer broke off", detail: "The service stopped before it came to this file." };

/** The table of a set of files by an ensemble; `links` gives the addresses of rows and comparisons. */
export class FileTable {
  constructor({ key, ensemble, files, skipped, kept, digest, links }) {
    Object.assign(this, { key, ensemble, links, skipped, cancelled: kept?.cancelled ?? false });
    this.rows = rowsOf(files, kept, digest);
    this.order = { column: null, direction: 1 };
    this.abort = new AbortController();
    this.keeper = new Keeper(key, ensemble);
    this.element = this.build();
    for (const row of this.rows) row.view = new RowView(row, { address: links.row(row.index), onSelect: () => this.reportSelection() });
    this.sort();
    this.report();
  }

  /** Predict every file that has no result yet; does nothing while that goes on. */
  async run() {
    if (this.running) return;
    const { signal } = (this.abort = new AbortController());
    this.running = signal;
    const queue = groups(this.rows.filter((row) => row.state === "waiting"), AT_ONCE).values();
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.work(queue, signal)));
    if (this.running === signal) this.running = null;
    if (signal.aborted) return;
    await this.keeper.now(this.rows, this.cancelled);
    announce(this.progress.textContent);
  }

  /** Stop for now: another view is shown. What is not done waits for the next run. */
  pause() {
    this.stop("waiting");
  }

  /** Stop for good, as the user says. */
  cancel() {
    this.cancelled = true;
    this.stop("cancelled");
  }

  /** Try again what failed or was cancelled. */
  again() {
    this.cancelled = false;
    for (const row of this.rows) if (!row.answer) this.update(row, { state: "waiting", error: null, cells: null });
    this.run();
  }

  stop(state) {
    this.abort.abort();
    this.running = null;
    for (const row of this.rows) if (!["done", "failed", "cancelled"].includes(row.state)) this.update(row, { state });
    this.keeper.now(this.rows, this.cancelled);
  }

  async work(queue, signal) {
    for (const rows of queue) {
      if (signal.aborted) return;
      await this.predict(rows, signal);
    }
  }

  /** Predict some files; answers that come after the table was stopped are dropped. */
  async predict(rows, signal) {
    for (const row of rows) this.update(row, { state: "working" });
    const onWait = () => signal.aborted || rows.forEach((row) => this.update(row, { state: "service busy, waiting" }));
    const onLine = ({ index, ...line }) => signal.aborted || this.take(rows[index], line);
    const files = rows.map(({ file }) => file);
    try {
      await patiently(() => predictFiles(files, this.ensemble, signal, onLine), { signal, onWait, tries: TRIES });
      this.fail(rows, new Problem(BROKEN_OFF), signal);
    } catch (error) {
      if (error.code === "structure-too-large" && rows.length > 1) for (const half of halves(rows)) await this.predict(half, signal);
      else this.fail(rows, error, signal);
    }
  }

  /** Take over what the service says of a file: its answer or problem, and its row of the CSV. */
  take(row, { answer, problem, row: cells }) {
    if (answer) this.update(row, { state: "done", cells, prediction: { answer, steps: [], milliseconds: null }, answer });
    else this.update(row, { state: "failed", cells, error: problem });
    this.keeper.soon(this.rows, this.cancelled);
  }

  /** Note why files have no answer, but for those that have one. */
  fail(rows, error, signal) {
    if (signal.aborted) return;
    for (const row of rows) if (!["done", "failed"].includes(row.state)) this.update(row, { state: "failed", error });
    this.keeper.soon(this.rows, this.cancelled);
  }

  update(row, change) {
    Object.assign(row, change);
    row.view.show();
    this.report();
    if (row.answer && this.order.column) this.sort();
  }

  report() {
    const count = (state) => this.rows.filter((row) => row.state === state).length;
    const [done, failed, cancelled] = ["done", "failed", "cancelled"].map(count);
    const ended = done + failed + cancelled;
    const parts = [`${done} of ${this.rows.length} predicted`];
    if (failed) parts.push(`${failed} failed`);
    if (cancelled) parts.push(`${cancelled} cancelled`);
    this.progress.textContent = parts.join(", ");
    this.bar.max = this.rows.length;
    this.bar.value = ended;
    this.bar.hidden = this.stopButton.hidden = ended === this.rows.length;
    this.againButton.hidden = ended < this.rows.length || failed + cancelled === 0;
    this.saveButton.disabled = !this.rows.some((row) => row.cells);
    this.reportSelection();
  }

  /** Let the link compare what is selected, if that can be compared. */
  reportSelection() {
    const chosen = this.rows.filter((row) => row.selected && row.answer).map((row) => row.index);
    const possible = chosen.length >= 2 && chosen.length <= MOST_COMPARED;
    this.compareLink.textContent = possible ? `Compare ${chosen.length}` : `Compare (select 2 to ${MOST_COMPARED})`;
    this.compareLink.setAttribute("aria-disabled", !possible);
    if (possible) this.compareLink.setAttribute("href", this.links.compare(chosen));
    else this.compareLink.removeAttribute("href");
  }

  sort() {
    const { column, direction } = this.order;
    const rows = column ? [...this.rows].sort((a, b) => direction * compare(column.value(a), column.value(b), direction)) : this.rows;
    const places = this.table.tBodies;
    rows.forEach(({ view }, place) => {
      if (places[place] !== view.element) this.table.insertBefore(view.element, places[place] ?? null);
    });
  }

  sortBy(column) {
    const again = this.order.column === column;
    this.order = { column, direction: again ? -this.order.direction : 1 };
    this.markOrder();
    this.sort();
  }

  markOrder() {
    for (const [index, header] of this.headers.entries()) {
      const direction = this.order.direction > 0 ? "ascending" : "descending";
      header.setAttribute("aria-sort", COLUMNS[index] === this.order.column ? direction : "none");
    }
  }

  /** Save names, units and descriptions of the CSV's columns, as the service's contract has them. */
  async saveUnits() {
    const document = csvMetadata(CSV, await contract());
    download(`${CSV}-metadata.json`, "application/json", JSON.stringify(document, null, 2));
  }

  /** Take over order and selection of the same files' table by another ensemble. */
  takeOver(other) {
    this.order = other.order;
    this.rows.forEach((row, i) => row.view.select(other.rows[i].selected));
    this.markOrder();
    this.sort();
    this.reportSelection();
  }

  build() {
    this.progress = h("p", { class: "progress" });
    this.bar = h("progress", { "aria-label": "Files done" });
    this.stopButton = h("button", { type: "button", onclick: () => this.cancel() }, "Cancel");
    this.againButton = h("button", { type: "button", onclick: () => this.again(), hidden: true }, "Try again");
    this.saveButton = h("button", { type: "button", onclick: () => download(CSV, "text/csv", csv(this.rows)) }, "Download CSV");
    this.unitsButton = h("button", { type: "button", onclick: () => this.saveUnits() }, "Units");
    this.compareLink = h("a", { class: "button", role: "link", "data-inside": true });
    this.headers = COLUMNS.map((column) =>
      h("th", { scope: "col", class: classOf(column), "aria-sort": "none" },
        h("button", { type: "button", onclick: () => this.sortBy(column) }, column.name)),
    );
    const selection = h("th", { scope: "col", class: "selection" }, h("span", { class: "visually-hidden" }, "Select for comparison"));
    this.table = h("table", {}, h("thead", {}, h("tr", {}, selection, this.headers)));
    const element = h(
      "section",
      { class: "files", "aria-labelledby": "files-title" },
      h("h2", { id: "files-title" }, `${this.rows.length} files, ensemble ${this.ensemble}`),
      this.skipped > 0 && h("p", { class: "note" }, `${this.skipped} other files of the folder or archive are not structure files by their names and are left out.`),
      h("div", { class: "buttons" }, this.progress, this.bar, this.stopButton, this.againButton, this.compareLink, this.saveButton, this.unitsButton),
      h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Predictions by file" }, this.table),
    );
    return element;
  }
}
