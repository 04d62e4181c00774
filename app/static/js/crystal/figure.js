/** The crystal in 3D, from the cell and sites that the service read. */

import { structureOf } from "../service/api.js";
import { downloadBlob, h } from "../base/dom.js";
import { number } from "../base/format.js";
import { drawing } from "./drawing.js";
import { colorOf } from "./elements.js";
import { listen } from "./gestures.js";
import { painter } from "./painter.js";
import { Pose } from "./pose.js";

const PICTURE = { width: 1800, height: 1800, ratio: 5 }; // pixels of a saved picture

/** Return a figure that fills itself with the crystal of a source. */
export function structureFigure(source, signal) {
  const figure = h("figure", { class: "crystal figure-size" }, h("p", { class: "muted" }, "Reading the cell…"));
  fill(figure, source, signal).catch((error) => {
    if (error.name === "AbortError") return;
    figure.replaceChildren(h("p", { class: "muted" }, `The structure cannot be shown. ${error.message}`));
  });
  return figure;
}

async function fill(figure, source, signal) {
  const crystal = await structureOf(source, signal);
  const paint = painter(drawing(crystal));
  const canvas = stage(crystal);
  const pose = new Pose(crystal.vectors, (rotation, zoom) => {
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    paint(canvas, { rotation, zoom, ratio });
  });
  new ResizeObserver(() => pose.repaint()).observe(canvas);
  listen(canvas, pose);
  figure.replaceChildren(canvas, controls(crystal, pose, paint), caption(crystal));
}

function stage({ formula }) {
  const label = `Cell of ${formula}. Arrow keys turn it, + and - zoom, 0 goes back.`;
  return h("canvas", { class: "stage", tabindex: "0", role: "application", "aria-roledescription": "3D structure", "aria-label": label });
}

function controls({ formula }, pose, paint) {
  const button = (label, name, onclick) => h("button", { type: "button", "aria-label": name, title: name, onclick }, label);
  return h(
    "div",
    { class: "controls", role: "group", "aria-label": "View of the structure" },
    ["a", "b", "c"].map((axis, i) => button(axis, `View along ${axis}`, () => pose.lookAlong(i))),
    button("+", "Zoom in", () => pose.scale(1.25)),
    button("−", "Zoom out", () => pose.scale(0.8)),
    button("Reset", "Reset the view", () => pose.reset()),
    button("PNG", "Download the picture as PNG", () => savePicture(formula, pose, paint)),
  );
}

function savePicture(name, { rotation, zoom }, paint) {
  const canvas = Object.assign(document.createElement("canvas"), { width: PICTURE.width, height: PICTURE.height });
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  paint(canvas, { rotation, zoom, ratio: PICTURE.ratio });
  canvas.toBlob((picture) => downloadBlob(`${name}.png`, picture), "image/png");
}

function caption(crystal) {
  const elements = [...new Set(crystal.sites.map((site) => site.element))];
  return h(
    "figcaption",
    {},
    h("span", { class: "legend" }, elements.map(elementKey)),
    h("details", {}, h("summary", {}, `Cell and ${crystal.sites.length} sites`), cellText(crystal), siteTable(crystal.sites)),
  );
}

function elementKey(element) {
  const swatch = h("i", {});
  swatch.style.backgroundColor = colorOf(element);
  return h("span", { class: "element" }, swatch, element);
}

function cellText({ lengths, angles, volume }) {
  const [a, b, c] = lengths.map((length) => length.toFixed(3));
  const [alpha, beta, gamma] = angles.map((angle) => angle.toFixed(1));
  return h("p", {}, `a ${a}, b ${b}, c ${c} Å; α ${alpha}°, β ${beta}°, γ ${gamma}°; volume ${number(volume)} Å³`);
}

function siteTable(sites) {
  const rows = sites.map(({ element, position }) =>
    h("tr", {}, h("th", { scope: "row" }, element), position.map((x) => h("td", {}, x.toFixed(4)))),
  );
  const head = ["Element", "x", "y", "z"].map((name) => h("th", { scope: "col" }, name));
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "Sites" },
    h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows)),
  );
}
