/** An ensemble's page, from its manifest and its evidence. */

import { showEnsemble, showReferences } from "../service/api.js";
import { coverageSection } from "./coverage.js";
import { h } from "../base/dom.js";
import { decimal, errorSection, measure } from "./errors.js";
import { evidenceSection } from "./evidence.js";
import { paperSection } from "./paper.js";
import { table } from "../base/table.js";

/** Return the page of the ensemble of this name; `all` lists the loaded ones. */
export async function ensembleView(name, all, signal) {
  const [{ manifest, digest }, references] = await Promise.all([showEnsemble(name, signal), showReferences(name, signal)]);
  const metrics = manifest.metrics?.length ? manifest.metrics : [];
  return h(
    "article",
    { class: "ensemble", "aria-labelledby": "ensemble-title" },
    all.length > 1 ? others(name, all) : null,
    h("h2", { id: "ensemble-title" }, name),
    manifest.description ? h("p", {}, `${manifest.description.replaceAll("->", "→")}.`) : null,
    facts(manifest, digest),
    use(),
    evidenceSection(references, manifest.unit),
    errorSection(metrics),
    coverageSection(metrics),
    paperSection(metrics),
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
    Training: manifest.preset && `preset ${manifest.preset}, seed ${manifest.seed}, ${protocol(manifest.protocol)}`,
    Answers: manifest.unit && `${manifest.unit} at ${manifest.temperature} K`,
    "Crystal graph": manifest.graph && `bonds up to ${manifest.graph.cutoff} Å, ${manifest.graph.gaussians} Gaussians`,
    MLP: manifest.network && manifest.network.mlp.join("-") + (manifest.network.descriptors ? ", with descriptors" : ""),
    Versions: manifest.versions && Object.entries(manifest.versions).map(([library, version]) => `${library} ${version}`).join(", "),
  };
  const shown = Object.entries(known).filter(([, fact]) => fact);
  return h("dl", {}, shown.flatMap(([term, fact]) => [h("dt", {}, term), h("dd", {}, fact)]));
}

/** Return the name of a protocol in the terms of the field. */
function protocol(name) {
  return name === "held-out" ? "held-out evaluation" : `${name} protocol`;
}

function use() {
  return [
    h("h3", {}, "Use"),
    h(
      "p",
      {},
      "For ranking and screening crystals before a first-principles calculation. Only the lattice part of the conductivity is predicted. ",
      "Not for disordered, strained, nanostructured or amorphous material, nor for other temperatures. ",
      "Structure types and elements far from the training data are predicted badly.",
    ),
  ];
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
    record.split, record.best_epoch ?? "–", record.epochs, record.n_fitted, record.n_validation,
    ...errorNames.map((name) => (name in record.errors ? decimal(record.errors[name]) : "–")),
  ]);
  const head = ["Split", "Epoch kept", "of", "Fitted", "Validated", ...errorNames.map(measure)];
  return [h("h3", {}, "Models"), table("Models", head, rows)];
}

function elements(symbols) {
  return [h("h3", {}, `Elements in the training data (${symbols.length})`), h("p", { class: "elements" }, symbols.join(" "))];
}
