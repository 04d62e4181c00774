/** An ensemble's page, from its manifest alone. */

import { showEnsemble } from "./api.js";
import { h } from "./dom.js";

const METRICS = {
  mape: "MAPE",
  median_ape: "median APE",
  mae_log10: "MAE(log10)",
  spearman: "Spearman",
  within_factor_2: "within factor 2",
  sre: "SRE",
};

const PROTOCOLS = {
  honest: [
    "Errors, honest protocol",
    "In W/(m K), on crystals kept from training; nothing was chosen on them.",
  ],
  paper: [
    "Errors, the paper's protocol",
    "As published, to compare with its Table I: labels un-standardised with other constants, and the epoch chosen on the crystals it is scored on. Not errors in W/(m K).",
  ],
};

/** Return the page of the ensemble of this name; `all` lists the loaded ones. */
export async function ensembleView(name, all, signal) {
  const { manifest, digest } = await showEnsemble(name, signal);
  return h(
    "article",
    { class: "ensemble", "aria-labelledby": "ensemble-title" },
    all.length > 1 ? others(name, all) : null,
    h("h2", { id: "ensemble-title" }, name),
    manifest.description ? h("p", {}, `${manifest.description.replaceAll("->", "→")}.`) : null,
    facts(manifest, digest),
    use(),
    manifest.metrics?.length ? Object.keys(PROTOCOLS).map((protocol) => errors(protocol, manifest.metrics)) : null,
    manifest.stages ? stages(manifest.stages) : null,
    manifest.training_data ? data(manifest.training_data) : null,
    manifest.members ? members(manifest.members) : null,
    manifest.elements ? elements(manifest.elements) : null,
    h(
      "details",
      {},
      h("summary", {}, "Manifest"),
      h("pre", { tabindex: "0", role: "region", "aria-label": "Manifest" }, JSON.stringify(manifest, null, 2)),
    ),
  );
}

function others(name, all) {
  const links = all.map((entry) =>
    h("a", { class: "button", href: `#ensemble=${encodeURIComponent(entry.name)}`, "aria-current": entry.name === name ? "page" : null }, entry.name),
  );
  return h("nav", { class: "buttons", "aria-label": "Ensembles" }, links);
}

function facts(manifest, digest) {
  const known = {
    Digest: h("code", {}, digest),
    Made: manifest.created,
    Training: manifest.preset && `preset ${manifest.preset}, seed ${manifest.seed}, ${manifest.protocol} protocol`,
    Answers: manifest.unit && `${manifest.unit} at ${manifest.temperature} K`,
    "Crystal graph": manifest.graph && `bonds up to ${manifest.graph.cutoff} Å, ${manifest.graph.gaussians} Gaussians`,
    MLP: manifest.network && manifest.network.mlp.join("-") + (manifest.network.descriptors ? ", with descriptors" : ""),
    Versions: manifest.versions && Object.entries(manifest.versions).map(([library, version]) => `${library} ${version}`).join(", "),
  };
  const shown = Object.entries(known).filter(([, fact]) => fact);
  return h("dl", {}, shown.flatMap(([term, fact]) => [h("dt", {}, term), h("dd", {}, fact)]));
}

function use() {
  return [
    h("h3", {}, "Use"),
    h(
      "p",
      {},
      "For ranking and screening crystals before a first-principles calculation. Only the lattice's part of the conductivity is predicted. ",
      "Not for disordered, strained, nanostructured or amorphous material, nor for other temperatures. ",
      "Structure types and elements far from the training data are predicted badly.",
    ),
  ];
}

function errors(protocol, metrics) {
  const records = metrics.filter((record) => record.protocol === protocol);
  if (records.length === 0) return null;
  const [heading, note] = PROTOCOLS[protocol];
  const whats = [...new Set(records.map((record) => record.what))];
  const groups = whats.map((what) => group(what, records.filter((record) => record.what === what)));
  return [h("h3", {}, heading), h("p", { class: "muted" }, note), groups];
}

function group(what, records) {
  const names = [...new Set(records.flatMap((record) => Object.keys(record.values)))];
  const turned = names.length > 2 * records.length + 5; // many measures of few data sets read better as rows
  const head = records.map((record) => `${record.dataset} (${record.n_crystals})`);
  const rows = turned
    ? names.map((name) => [measure(name), ...records.map((record) => withDeviation(record, name))])
    : records.map((record, i) => [head[i], ...names.map((name) => withDeviation(record, name))]);
  return [h("h4", {}, what), table(what, turned ? ["Measure", ...head] : ["Data (crystals)", ...names.map(measure)], rows)];
}

function measure(name) {
  return METRICS[name] ?? name.replaceAll("_", " ").replace("ape", "APE");
}

function withDeviation({ values, deviations }, name) {
  if (!(name in values)) return "–";
  const value = decimal(values[name]);
  return name in (deviations ?? {}) ? `${value} ± ${decimal(deviations[name])}` : value;
}

function decimal(value) {
  return Number.isInteger(value) ? String(value) : value.toFixed(3);
}

function stages(records) {
  const rows = records.map(({ name, dataset, start, schedule }) => [
    name, dataset, start, settings(schedule),
  ]);
  return [h("h3", {}, "Stages of training"), table("Stages of training", ["Stage", "Data", "Starts from", "Schedule"], rows)];
}

function settings(values) {
  const named = Object.entries(values).map(([name, value]) => [
    name.replaceAll("_", " "),
    value instanceof Object ? `(${settings(value) || "none"})` : value,
  ]);
  return named.map((pair) => pair.join(" ")).join(", ");
}

function data(records) {
  const rows = records.map((record) => [record.dataset, record.file_name, record.n_crystals, h("code", {}, record.sha256.slice(0, 16))]);
  return [h("h3", {}, "Training data"), table("Training data", ["Data set", "File", "Crystals", "sha256"], rows)];
}

function members(records) {
  const errorNames = [...new Set(records.flatMap((record) => Object.keys(record.errors)))];
  const rows = records.map((record) => [
    record.split, record.best_epoch, record.epochs, record.n_fitted, record.n_validation,
    ...errorNames.map((name) => (name in record.errors ? decimal(record.errors[name]) : "–")),
  ]);
  const head = ["Split", "Epoch kept", "of", "Fitted", "Validated", ...errorNames.map(measure)];
  return [h("h3", {}, "Members"), table("Members", head, rows)];
}

function elements(symbols) {
  return [h("h3", {}, `Elements trained on (${symbols.length})`), h("p", { class: "elements" }, symbols.join(" "))];
}

function table(label, head, rows) {
  const kind = (value) => (/^(–|\d[\d.± ]*)$/.test(value) ? "numeric" : null);
  const cell = (value) => h("td", { class: kind(value) }, value instanceof Node ? value : String(value));
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": label },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, head.map((name, i) => h("th", { scope: "col", class: i > 0 ? kind(rows[0]?.[i]) : null }, name)))),
      h("tbody", {}, rows.map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, String(first)), rest.map(cell)))),
    ),
  );
}
