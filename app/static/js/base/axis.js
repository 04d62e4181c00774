/** Logarithmic axes: where a value lies on one, and which values are marked. */

/** Return the scale on which the decades from `start` to `end` (log10) take `length` pixels. */
export function logScale(start, end, length) {
  const perDecade = length / (end - start);
  const at = (value) => Math.max(0, Math.log10(value) - start) * perDecade; // 0 lies at the edge
  return { at, perDecade, start, end };
}

/** Return {value, labelled} of each tick: 1 to 9 times a power of ten, labelled where there is room. */
export function ticks({ start, end, perDecade }) {
  const labels = perDecade > 140 ? [1, 2, 5] : [1];
  const found = [];
  for (let decade = Math.floor(start); decade <= Math.ceil(end); decade++) {
    for (let digit = 1; digit < 10; digit++) {
      const value = Number(`${digit}e${decade}`);
      const place = Math.log10(value);
      if (place >= start && place <= end) found.push({ value, labelled: labels.includes(digit) });
    }
  }
  return found;
}
