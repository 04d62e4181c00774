/** The page: takes a crystal, shows the answer, keeps the address in step. */

import { answerView } from "./answer.js";
import { listEnsembles, patiently, predict } from "./api.js";
import { Batch } from "./batch.js";
import { announce, byId, h } from "./dom.js";
import { number, shortDigest } from "./format.js";
import { addressOf, sourceOf } from "./permalink.js";
import { emptyState, loadingState, problemState, waitingSentence } from "./states.js";

const view = byId("view");
const chooser = byId("ensembles");

let work = new AbortController(); // what the view is waiting for
let shown = null; // the source whose answer is in view
let loaded = []; // the ensembles, once the service has listed them

/** Replace the view, and end what the old one was waiting for. */
function show(...nodes) {
  view.replaceChildren(...nodes);
}

function startWork() {
  work.abort();
  work = new AbortController();
  return work.signal;
}

/** On a narrow screen the view lies below the form: go there. */
function reveal() {
  if (matchMedia("(max-width: 860px)").matches) view.scrollIntoView();
}

/** Ask about one source and show the answer; `link` is the address that it came from, if any. */
async function ask(source, link = {}) {
  const signal = startWork();
  shown = source;
  const loading = loadingState(nameOf(source), () => (work.abort(), showEmpty()));
  show(loading.element);
  reveal();
  const retry = () => ask(source, link);
  const onWait = (error) => (loading.note.textContent = waitingSentence(error));
  try {
    const prediction = await patiently(() => predict(source, link.ensemble ?? chooser.value, signal), { signal, onWait });
    await showAnswer({ prediction, source, linkedDigest: link.digest, signal });
  } catch (error) {
    if (error.name !== "AbortError") showProblem(error, retry);
  } finally {
    loading.stop();
  }
}

async function showAnswer({ prediction, source, linkedDigest, signal }, back = null) {
  const { ensemble, material, ltc } = prediction.answer;
  const reference = { name: ensemble.name, digest: shortDigest(ensemble.digest) };
  const address = await addressOf(source, reference);
  if (signal.aborted) return;
  if (address && !back && address !== location.pathname + location.search + location.hash) {
    history[isAnswer(location) ? "replaceState" : "pushState"](null, "", address);
  }
  if (loaded.length === 0) await fillEnsembles(); // the service did not answer when the page came
  chooser.value = ensemble.name;
  document.title = `${material.formula} – ParAIsite`;
  show(...[back, answerView({ prediction, source, address, linkedDigest, signal })].filter(Boolean));
  announce([`${material.formula}: ${number(ltc.mean)} ${ltc.unit}`, ...prediction.answer.warnings].join(". "));
}

function isAnswer({ search, hash }) {
  return /[?&](id|example)=/.test(search) || /[#&]cif=/.test(hash);
}

function showEmpty() {
  shown = null;
  document.title = "ParAIsite";
  show(emptyState());
}

function showProblem(error, retry) {
  document.title = "ParAIsite";
  show(problemState(error, retry));
}

function nameOf(source) {
  return source.kind === "id" ? source.id : source.name;
}

async function takeFiles(files) {
  if (files.length === 0) return;
  if (files.length > 1) return takeBatch([...files]);
  const [file] = files;
  await ask({ kind: "text", name: file.name, text: await file.text() });
}

function takeBatch(files) {
  startWork();
  shown = null;
  history.pushState(null, "", "/");
  document.title = `${files.length} files – ParAIsite`;
  const batch = new Batch(files, chooser.value, (row) => openRow(batch, row));
  work.signal.addEventListener("abort", () => batch.cancel());
  show(batch.element);
  reveal();
  batch.run();
}

async function openRow(batch, row) {
  const back = h("button", { type: "button", class: "back", onclick: () => show(batch.element) }, "← All files");
  await showAnswer({ prediction: row.prediction, source: row.source, signal: work.signal }, back);
  view.focus();
}

async function showEnsemblePage(name) {
  const signal = startWork();
  shown = null;
  const retry = () => showEnsemblePage(name);
  show(h("section", { "aria-busy": "true" }, h("div", { class: "skeleton figure-size" })));
  reveal();
  try {
    await ensemblesListed;
    const { ensembleView } = await loadEnsemblePage();
    const wanted = name || loaded.find((entry) => entry.default)?.name || chooser.value;
    const page = await patiently(() => ensembleView(wanted, loaded, signal), { signal });
    if (signal.aborted) return;
    document.title = `${wanted} – ParAIsite`;
    show(page);
  } catch (error) {
    if (error.name !== "AbortError") showProblem(error, retry);
  }
}

/** Show what the address says. */
async function followAddress() {
  const url = new URL(location.href);
  const fragment = new URLSearchParams(url.hash.slice(1));
  if (fragment.has("ensemble")) return showEnsemblePage(fragment.get("ensemble"));
  try {
    const { source, ensemble, digest } = await sourceOf(url);
    if (source) return ask(source, { ensemble, digest });
    startWork();
    showEmpty();
  } catch {
    const detail = "The link is damaged: the crystal in it cannot be unpacked. Ask for the link again, or for the CIF.";
    showProblem({ title: "Broken link", detail }, null);
  }
}

/** Fill the choice of ensembles; wait for a service that is still starting. */
async function fillEnsembles() {
  const note = byId("service");
  const onWait = () => {
    note.hidden = false;
    note.textContent = "The service is loading its ensembles…";
  };
  try {
    loaded = await patiently(listEnsembles, { onWait, tries: 60 });
    const wanted = new URL(location.href).searchParams.get("ensemble");
    chooser.replaceChildren(...loaded.map(option));
    if (loaded.some((entry) => entry.name === wanted)) chooser.value = wanted;
    note.hidden = true;
  } catch (error) {
    note.hidden = false;
    note.textContent = error.title ?? String(error);
  }
  updateAbout();
}

function option({ name, default: isDefault }) {
  return h("option", { value: name, selected: isDefault }, name);
}

function updateAbout() {
  byId("about-ensemble").href = `#ensemble=${encodeURIComponent(chooser.value)}`;
}

function takeText(text) {
  if (text.trim()) return ask({ kind: "text", name: "crystal.cif", text });
  byId("cif").focus();
}

function listen() {
  byId("by-cif").addEventListener("submit", (event) => (event.preventDefault(), takeText(byId("cif").value)));
  byId("cif").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) takeText(byId("cif").value);
  });
  byId("by-id").addEventListener("submit", (event) => {
    event.preventDefault();
    const id = byId("material-id").value.trim();
    if (id) ask({ kind: "id", id });
    else byId("material-id").focus();
  });
  byId("choose").addEventListener("click", () => byId("files").click());
  byId("files").addEventListener("change", (event) => {
    takeFiles([...event.target.files]);
    event.target.value = ""; // the same file can be chosen again
  });
  byId("examples").addEventListener("click", ({ target }) => target.value && ask({ kind: "example", name: target.value }));
  chooser.addEventListener("change", () => (updateAbout(), shown && ask(shown)));
  addEventListener("popstate", followAddress);
  document.querySelector(".skip").addEventListener("click", (event) => (event.preventDefault(), view.focus()));
  listenForDrops();
}

function listenForDrops() {
  let depth = 0; // dragenter and dragleave come for every element on the way
  const marked = (change) => {
    depth = Math.max(0, depth + change);
    document.body.classList.toggle("dropping", depth > 0);
  };
  const withFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => withFiles(event) && marked(1));
  addEventListener("dragleave", (event) => withFiles(event) && marked(-1));
  addEventListener("dragover", (event) => withFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!withFiles(event)) return;
    event.preventDefault();
    marked(-depth);
    takeFiles([...event.dataTransfer.files]);
  });
}

listen();
const ensemblesListed = fillEnsembles();
// Not for the first view: it comes when that is in place; where it does not, its own view says so.
const loadEnsemblePage = () => import("./ensemble.js");
loadEnsemblePage().catch(() => {});
followAddress();
