/** What can be done with an answer: copy its link, save it, print it, ask the same on a command line. */

import { copyButton, download, h } from "../base/dom.js";
import { at } from "../base/links.js";
import { keyInUse } from "../service/key.js";

/** Return the buttons and the command; `address` is the link to the answer, or null. */
export function actions({ answer }, source, address) {
  const command = curlCommand(source, answer.ensemble.name);
  const save = () => download(`${answer.material.formula}.json`, "application/json", `${JSON.stringify(answer, null, 2)}\n`);
  return h(
    "div",
    { class: "wide actions" },
    h(
      "div",
      { class: "buttons" },
      address ? copyButton("Copy link", () => at(address)) : h("span", { class: "muted" }, "This file is too long for a link."),
      h("button", { type: "button", onclick: save }, "Download JSON"),
      h("button", { type: "button", onclick: () => print() }, "Print report"),
      copyButton("Copy curl command", command),
    ),
    h("pre", { tabindex: "0", role: "region", "aria-label": "curl command" }, h("code", {}, command)),
  );
}

/** Return the shell command that asks the same; an API key is named as a variable, and not shown. */
export function curlCommand(source, ensemble) {
  const query = `?ensemble=${encodeURIComponent(ensemble)}`;
  const base = at("predict");
  const curl = keyInUse() ? 'curl -H "X-API-Key: $KEY"' : "curl";
  if (source.kind === "id") return `${curl} ${quoted(`${base}/${encodeURIComponent(source.id)}${query}`)}`;
  return `${curl} -F ${quoted(`file=@${formName(fileName(source))}`)} ${quoted(base + query)}`;
}

function fileName(source) {
  if (source.kind === "example") return `examples/${source.name}.cif`;
  return source.kind === "file" ? source.file.name : "crystal.cif";
}

/** Return a file's name as curl wants it in a form: in quotes where it would end too early. */
function formName(file) {
  return /[,;"\\]/.test(file) ? `"${file.replace(/(["\\])/g, "\\$1")}"` : file;
}

function quoted(word) {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
