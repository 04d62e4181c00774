/** The page: shows what its address says, and takes what the user gives. */

import { answerView, spoken } from "./answer/answer.js";
import { announce, byId, h } from "./base/dom.js";
import { shortDigest } from "./base/format.js";
import { addressOf, tableAddress, viewOf } from "./service/address.js";
import { patiently, predict } from "./service/api.js";
import { chooseEnsemble, chosenEnsemble, fillEnsembles, loaded, onChoice } from "./start/ensembles.js";
import { homeView } from "./start/home.js";
import { listen } from "./start/input.js";
import { Navigation } from "./start/navigation.js";
import { loadingState, problemState, waitingSentence } from "./start/states.js";

const main = byId("view");
const SHOW = { home: showHome, answer: showSource, about: showAbout, table: showTable, row: showRow, comparison: showComparison };
const NOT_KEPT = {
  title: "Table no longer kept",
  detail: "The files of this table are kept in the browser that they were given to, and only the latest tables. Give the files again.",
};

let view = null; // what the address says
let tables = null; // the module of tables, once it is loaded
let listed = null; // resolves when the ensembles are listed

/** Show what the address says; what was waited for before is dropped, even if it comes later. */
async function follow() {
  const signal = navigation.start();
  try {
    view = await viewOf(new URL(location.href));
  } catch {
    if (!signal.aborted) fail({ title: "Broken link", detail: "The link is damaged: the crystal in it cannot be unpacked. Get the link again, or the CIF." });
    return;
  }
  if (signal.aborted) return;
  if (view.ensemble) chooseEnsemble(view.ensemble);
  if (!view.key) tables?.pauseOthers(null);
  try {
    await SHOW[view.kind](view, signal);
  } catch (error) {
    if (!signal.aborted && error.name !== "AbortError") fail(error, follow);
  }
}

function show(title, ...nodes) {
  document.title = title ? `${title} – ParAIsite` : "ParAIsite";
  main.replaceChildren(...nodes.filter(Boolean));
}

function fail(error, retry) {
  show("", problemState(error, retry));
  reveal();
}

/** On a narrow screen the view lies below the form: go there. */
function reveal() {
  if (matchMedia("(max-width: 860px)").matches) main.scrollIntoView();
}

function showHome(_view, signal) {
  const ensemble = listed.then(() => (signal.aborted ? null : chosenEnsemble()));
  show("", homeView(ensemble, signal));
}

async function showSource({ source, ensemble, digest }, signal) {
  const prediction = await predicted(source, ensemble, signal);
  const answered = prediction.answer.ensemble;
  const address = await addressOf(source, { name: answered.name, digest: shortDigest(answered.digest) });
  if (signal.aborted) return;
  if (address) history.replaceState(null, "", address);
  showAnswer({ prediction, source, address, linkedDigest: digest, signal });
}

/** Return the prediction for a source, with a sign of the work going on meanwhile. */
async function predicted(source, ensemble, signal) {
  const loading = loadingState(nameOf(source), () => (navigation.start(), show("", cancelled())));
  show(nameOf(source), loading.element);
  reveal();
  const onWait = (error) => (loading.note.textContent = waitingSentence(error));
  try {
    return await patiently(() => predict(source, ensemble ?? chosenEnsemble(), signal), { signal, onWait });
  } finally {
    loading.stop();
  }
}

function cancelled() {
  return h("section", { class: "card" }, h("p", {}, "Cancelled."), h("button", { type: "button", onclick: follow }, "Try again"));
}

function showAnswer({ back = null, ...answered }) {
  const { answer } = answered.prediction;
  chooseEnsemble(answer.ensemble.name);
  if (loaded.length === 0) listed = fillEnsembles(); // the service did not answer when the page came
  show(answer.material.formula, back, answerView(answered));
  announce(spoken(answer));
}

function nameOf(source) {
  return source.id ?? source.name ?? source.file?.name ?? "the pasted crystal";
}

/** Return the table that a view belongs to, which goes on being predicted; raises if it is not kept. */
async function tableOf({ key, ensemble }, signal) {
  show("", h("section", { "aria-busy": "true" }, h("div", { class: "skeleton figure-size" })));
  await listed;
  tables ??= await import("./files/tables.js");
  const name = ensemble || chosenEnsemble();
  const digest = loaded.find((entry) => entry.name === name)?.digest;
  const table = await tables.tableOf(key, { name, digest });
  if (signal.aborted) return null;
  if (!table) throw Object.assign(new Error(NOT_KEPT.detail), NOT_KEPT);
  if (!ensemble) history.replaceState(null, "", tableAddress(key, name, { row: view.row, compare: view.rows }));
  tables.pauseOthers(table);
  return table;
}

async function showTable(wanted, signal) {
  const table = await tableOf(wanted, signal);
  if (!table) return;
  show(`${table.rows.length} files`, table.element);
  if (table.scroll === undefined) reveal();
  else scrollTo(0, table.scroll);
  table.run();
}

async function showRow({ row: index, ...wanted }, signal) {
  const table = await tableOf(wanted, signal);
  if (!table) return;
  const { source, prediction } = rowOf(table, index);
  const known = prediction ?? (await predicted(source, table.ensemble, signal));
  const { name, digest } = known.answer.ensemble;
  const address = await addressOf(source, { name, digest: shortDigest(digest) });
  if (signal.aborted) return;
  showAnswer({ prediction: known, source, address, linkedDigest: null, signal, back: table.rows.length > 1 && backTo(table) });
  reveal();
  if (table.rows.length > 1) table.run();
}

function rowOf(table, index) {
  const row = table.rows[index];
  if (!row) throw Object.assign(new Error(`The table has no row ${index}.`), { title: "Broken link" });
  return row;
}

function backTo(table) {
  return h("p", { class: "back" }, h("a", { class: "button", href: tableAddress(table.key, table.ensemble), "data-inside": true }, "← All files"));
}

async function showComparison({ rows: wanted, ...place }, signal) {
  const table = await tableOf(place, signal);
  if (!table) return;
  const { comparison } = await import("./files/compare.js");
  const rows = [];
  for (const row of wanted.map((index) => rowOf(table, index))) {
    const answer = row.answer ?? (await predicted(row.source, table.ensemble, signal)).answer;
    if (signal.aborted) return;
    rows.push({ ...row, answer });
  }
  show(`${rows.length} crystals`, backTo(table), comparison(rows, table.links, signal));
  reveal();
}

async function showAbout({ name }, signal) {
  show("", h("section", { "aria-busy": "true" }, h("div", { class: "skeleton figure-size" })));
  reveal();
  await listed;
  const { ensembleView } = await import("./ensemble/ensemble.js");
  const wanted = name || loaded.find((entry) => entry.default)?.name || chosenEnsemble();
  const page = await patiently(() => ensembleView(wanted, loaded, signal), { signal });
  if (!signal.aborted) show(wanted, page);
}

/** Follow a link within the page; a table that is left is found again where it was scrolled to. */
function followLink(address) {
  if (view?.kind === "table") tables?.remember(view, scrollY);
  navigation.go(address);
  main.focus({ preventScroll: true });
}

const navigation = new Navigation({ follow, fail });
listen({
  onSource: (source) => navigation.show(source),
  onEntries: (entries) => navigation.showEntries(entries),
  onLink: followLink,
});
onChoice((ensemble) => navigation.choose(ensemble));
document.querySelector(".skip").addEventListener("click", (event) => (event.preventDefault(), main.focus()));
addEventListener("beforeprint", () => main.querySelectorAll(".provenance").forEach((details) => (details.open = true)));
listed = fillEnsembles();
follow();
