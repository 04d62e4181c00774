/**
 * Tables of files kept in this browser, so that Back, Forward and reload find them again.
 *
 * In IndexedDB, which holds the files as well; in memory where the browser allows none. The oldest go
 * first. Nothing of it leaves the computer but the files, to be predicted.
 */

const NAME = "paraisite";
const FILES = "files"; // {key, saved, files}
const RESULTS = "results"; // {key: "table ensemble", results, cancelled}
const KEPT = 20; // tables

const memory = { [FILES]: new Map(), [RESULTS]: new Map() };
let opening = null;

/** Keep files, and return the key that they are found by. */
export async function keepFiles(files, skipped) {
  const key = Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  await put(FILES, { key, saved: Date.now(), files, skipped });
  await forgetOldest();
  return key;
}

/** Return {files, skipped} kept by this key, or null. */
export function keptFiles(key) {
  return get(FILES, key);
}

/** Keep what is known of a table of files by an ensemble. */
export function keepResults(key, ensemble, content) {
  return put(RESULTS, { key: `${key} ${ensemble}`, ...content });
}

/** Return what was kept of a table of files by an ensemble, or null. */
export function keptResults(key, ensemble) {
  return get(RESULTS, `${key} ${ensemble}`);
}

async function forgetOldest() {
  const stored = (await all(FILES)).sort((a, b) => b.saved - a.saved);
  const old = new Set(stored.slice(KEPT).map(({ key }) => key));
  for (const key of old) await remove(FILES, key);
  for (const { key } of old.size > 0 ? await all(RESULTS) : []) {
    if (old.has(key.split(" ")[0])) await remove(RESULTS, key);
  }
}

async function put(store, record) {
  memory[store].set(record.key, record);
  await request(store, "readwrite", (kept) => kept.put(record)).catch(() => {}); // no room: memory has it
}

async function get(store, key) {
  return memory[store].get(key) ?? (await request(store, "readonly", (kept) => kept.get(key)).catch(() => null)) ?? null;
}

function all(store) {
  return request(store, "readonly", (kept) => kept.getAll()).catch(() => [...memory[store].values()]);
}

async function remove(store, key) {
  memory[store].delete(key);
  await request(store, "readwrite", (kept) => kept.delete(key)).catch(() => {});
}

async function request(store, mode, act) {
  const database = await (opening ??= connected());
  const transaction = database.transaction(store, mode);
  const asked = act(transaction.objectStore(store));
  await ended(transaction, "complete", "abort"); // before that, leaving the page undoes a write
  return asked.result;
}

async function connected() {
  const asked = indexedDB.open(NAME, 1);
  asked.onupgradeneeded = () => {
    for (const store of [FILES, RESULTS]) asked.result.createObjectStore(store, { keyPath: "key" });
  };
  await ended(asked, "success", "error");
  return asked.result;
}

function ended(target, success, failure) {
  return new Promise((resolve, reject) => {
    target.addEventListener(success, resolve);
    target.addEventListener(failure, () => reject(target.error));
  });
}
