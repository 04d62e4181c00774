/** What the user gives: text, files, folders, ids, examples, links within the page. */

import { byId } from "../base/dom.js";
import { chosen, dropped } from "../service/uploads.js";

/** Call back for everything the user gives: a source, entries of files (or a promise of them), an address. */
export function listen({ onSource, onEntries, onLink }) {
  listenToForms(onSource);
  for (const [button, input] of [["choose", "files"], ["choose-folder", "folder"]]) {
    byId(button).addEventListener("click", () => byId(input).click());
    byId(input).addEventListener("change", ({ target }) => {
      onEntries(chosen(target.files));
      target.value = ""; // the same files can be chosen again
    });
  }
  byId("examples").addEventListener("click", ({ target }) => target.value && onSource({ kind: "example", name: target.value }));
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-inside][href]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    onLink(link.href);
  });
  listenForDrops(onEntries);
}

function listenToForms(onSource) {
  const text = byId("cif");
  const takeText = () => (text.value.trim() ? onSource({ kind: "text", text: text.value }) : text.focus());
  byId("by-cif").addEventListener("submit", (event) => (event.preventDefault(), takeText()));
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) takeText();
  });
  byId("by-id").addEventListener("submit", (event) => {
    event.preventDefault();
    const id = byId("material-id").value.trim();
    if (id) onSource({ kind: "id", id });
    else byId("material-id").focus();
  });
}

function listenForDrops(onEntries) {
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
    onEntries(dropped(event.dataTransfer));
  });
}
