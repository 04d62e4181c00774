/** The rows of a table of files: what is known of each, and its way into and out of the browser's store. */

import { keepResults } from "../service/store.js";

const EVERY = 1000; // ms between two savings

/** Return a row for each file, with what `kept` knows of it by the ensemble of this digest. */
export function rowsOf(files, kept, digest) {
  return files.map((file, index) => ({ file, index, source: { kind: "file", file }, ...restored(kept?.results[index], digest, kept?.cancelled) }));
}

function restored(result, digest, cancelled) {
  const version = result?.prediction?.answer.ensemble.digest;
  if (version && result.cells && (!digest || version === digest)) return { state: "done", ...result, answer: result.prediction.answer };
  if (result?.error) return { state: "failed", ...result };
  return { state: cancelled ? "cancelled" : "waiting" };
}

/** Saves a table's results as they come, not more often than once a second. */
export class Keeper {
  constructor(key, ensemble) {
    Object.assign(this, { key, ensemble, timer: null });
  }

  /** Save soon. */
  soon(rows, cancelled) {
    this.timer ??= setTimeout(() => this.now(rows, cancelled), EVERY);
  }

  /** Save now. */
  now(rows, cancelled) {
    clearTimeout(this.timer);
    this.timer = null;
    const results = rows.map(({ prediction, error, cells }) => (prediction ? { prediction, cells } : error ? { error: plain(error), cells } : null));
    return keepResults(this.key, this.ensemble, { results, cancelled });
  }
}

function plain({ type, title, status, detail, message }) {
  return { type, title, status, detail: detail ?? message };
}
