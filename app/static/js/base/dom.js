/** Making elements. Text is always text: nothing here takes HTML. */

const SVG = "http://www.w3.org/2000/svg";

/** Return an HTML element; attributes that start with "on" are listeners; null and false leave out. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Return an SVG element, as `h` does. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return element;
}

/** Call `draw(width)` with the element's width in pixels, now and whenever that changes. */
export function drawToWidth(element, draw) {
  let drawn = null;
  const observer = new ResizeObserver(([{ contentRect: { width } }]) => {
    if (width === drawn) return; // drawing changes the height
    drawn = width;
    draw(width);
  });
  observer.observe(element);
}

/** Return the element of this id. */
export function byId(id) {
  return document.getElementById(id);
}

/** Let screen readers say a sentence. */
export function announce(sentence) {
  byId("status").textContent = sentence;
}

/** Return a button that copies `text`, and says so. */
export function copyButton(label, text) {
  const button = h("button", { type: "button" }, label);
  button.addEventListener("click", async () => {
    const copied = typeof text === "function" ? text() : text;
    if (!navigator.clipboard) { // browsers have none for plain http, but from localhost
      prompt(`${label}: press Ctrl+C`, copied);
      return;
    }
    await navigator.clipboard.writeText(copied);
    button.textContent = "Copied";
    announce(`${label}: copied`);
    setTimeout(() => (button.textContent = label), 1500);
  });
  return button;
}

/** Save text as a file of the user. */
export function download(name, type, content) {
  downloadBlob(name, new Blob([content], { type }));
}

/** Save a blob as a file of the user. */
export function downloadBlob(name, blob) {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Return a section of a page under a heading of its own. */
export function titled(title, attributes, ...content) {
  const id = title.toLowerCase().replace(/\W+/g, "-");
  return h("section", { ...attributes, "aria-labelledby": id }, h("h3", { id }, title), content);
}

/** Return a list of terms and what they are; missing ones are left out. */
export function facts(entries) {
  const known = Object.entries(entries).filter(([, fact]) => fact !== null && fact !== undefined && fact !== false);
  return h("dl", {}, known.flatMap(([term, fact]) => [h("dt", {}, term), h("dd", {}, fact)]));
}
