/** The crystal in 3D, from the cell and sites that the service read; turned by pointer, finger or keys. */

import { structureOf } from "./api.js";
import { drawing } from "./crystal.js";
import { h } from "./dom.js";
import { number } from "./format.js";
import { colorOf, painter } from "./painter.js";

const STEP = 12; // degrees by one arrow key
const TURNS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
const ZOOMS = { "+": 1.15, "=": 1.15, "-": 1 / 1.15 };
const DEGREES_PER_PIXEL = 0.5;

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
  figure.replaceChildren(stage(crystal), caption(crystal));
}

function stage(crystal) {
  const label = `Cell of ${crystal.formula}. Arrow keys turn it, + and - zoom, 0 goes back.`;
  const canvas = h("canvas", { class: "stage", tabindex: "0", role: "application", "aria-roledescription": "3D structure", "aria-label": label });
  const paint = painter(canvas, drawing(crystal));
  const pose = new Pose(paint);
  new ResizeObserver(() => pose.repaint()).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => pose.repaint());
  listen(canvas, pose);
  return canvas;
}

/** How the crystal is held: its rotation, a 3x3 matrix by rows, and zoom. */
class Pose {
  constructor(paint) {
    this.paint = paint;
    this.reset();
  }

  reset() {
    this.zoom = 0.96;
    this.rotation = [[1, 0, 0], [0, 0, 1], [0, -1, 0]]; // c upwards, a to the right
    this.turn(-24, 12);
  }

  /** Turn about the screen's vertical and horizontal axes, in degrees. */
  turn(right, down) {
    const [u, v] = [right, down].map((angle) => (angle * Math.PI) / 180);
    const [cu, su, cv, sv] = [Math.cos(u), Math.sin(u), Math.cos(v), Math.sin(v)];
    const [x, y, z] = this.rotation;
    const across = [combined(cu, x, su, z), y, combined(-su, x, cu, z)];
    this.rotation = [across[0], combined(cv, across[1], -sv, across[2]), combined(sv, across[1], cv, across[2])];
    this.repaint();
  }

  scale(factor) {
    this.zoom = Math.min(6, Math.max(0.4, this.zoom * factor));
    this.repaint();
  }

  /** Paint before the next frame, once, however often it is asked. */
  repaint() {
    if (this.due) return;
    this.due = requestAnimationFrame(() => {
      this.due = null;
      this.paint(this.rotation, this.zoom);
    });
  }
}

function combined(p, a, q, b) {
  return a.map((x, k) => p * x + q * b[k]);
}

function listen(canvas, pose) {
  canvas.addEventListener("keydown", (event) => {
    if (event.key in TURNS) pose.turn(...TURNS[event.key]);
    else if (event.key in ZOOMS) pose.scale(ZOOMS[event.key]);
    else if (event.key === "0") pose.reset();
    else return;
    event.preventDefault();
  });
  canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons) pose.turn(DEGREES_PER_PIXEL * event.movementX, DEGREES_PER_PIXEL * event.movementY);
  });
  canvas.addEventListener("wheel", (event) => {
    if (document.activeElement !== canvas) return; // scrolling the page past the drawing must not zoom it
    event.preventDefault();
    pose.scale(Math.exp(-event.deltaY / 600));
  }, { passive: false });
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
