/** Pointer, fingers, wheel and keys turn and zoom a crystal. */

const STEP = 12; // degrees by one arrow key
const TURNS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
const ZOOMS = { "+": 1.15, "=": 1.15, "-": 1 / 1.15 };
const DEGREES_PER_PIXEL = 0.5;

/** Have a pose follow what happens on its canvas. */
export function listen(canvas, pose) {
  canvas.addEventListener("keydown", (event) => {
    if (event.key in TURNS) pose.turn(...TURNS[event.key]);
    else if (event.key in ZOOMS) pose.scale(ZOOMS[event.key]);
    else if (event.key === "0") pose.reset();
    else return;
    event.preventDefault();
  });
  canvas.addEventListener("wheel", (event) => {
    if (document.activeElement !== canvas) return; // scrolling the page past the drawing must not zoom it
    event.preventDefault();
    pose.scale(Math.exp(-event.deltaY / 600));
  }, { passive: false });
  listenToPointers(canvas, pose);
}

/** One pointer turns, two zoom by their distance. */
function listenToPointers(canvas, pose) {
  const down = new Map();
  canvas.addEventListener("pointerdown", (event) => {
    down.set(event.pointerId, event);
    canvas.setPointerCapture(event.pointerId);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => down.delete(event.pointerId));
  canvas.addEventListener("pointermove", (event) => {
    if (!down.has(event.pointerId)) return;
    const before = apart([...down.values()]);
    down.set(event.pointerId, event);
    const [first, second] = down.values();
    if (second) pose.scale(apart([first, second]) / before);
    else pose.turn(DEGREES_PER_PIXEL * event.movementX, DEGREES_PER_PIXEL * event.movementY);
  });
}

function apart([a, b]) {
  return b ? Math.max(1, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)) : 1;
}
