/** Zip archives, by their central directory (PKWARE's APPNOTE, section 4.3). */

import { unfolded } from "./address.js";

const LARGEST = 200_000_000; // bytes, of an archive and of all that it unfolds to
const END = 0x06054b50;
const ENTRY = 0x02014b50;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;

/** Return whether a file is a zip archive, by its name. */
export function isZip(file) {
  return /\.zip$/i.test(file.name);
}

/** Return the files in an archive, named by archive and path. Raises where it cannot be read. */
export async function unzipped(file) {
  if (file.size > LARGEST) throw unreadable(file, `it is larger than ${LARGEST / 1e6} MB`);
  const bytes = await file.arrayBuffer();
  const entries = listed(file, new DataView(bytes));
  const files = [];
  let left = LARGEST;
  for (const entry of entries) {
    const content = await contentOf(file, new DataView(bytes), entry, left);
    left -= content.size;
    files.push(new File([content], `${file.name}/${entry.name}`));
  }
  return files;
}

/** Return {name, method, size, start} of each file in the central directory. */
function listed(file, view) {
  const end = endRecord(view);
  if (end === null) throw unreadable(file, "it has no directory of its content");
  const entries = [];
  let place = view.getUint32(end + 16, true);
  try {
    for (let left = view.getUint16(end + 10, true); left > 0; left--) {
      if (view.getUint32(place, true) !== ENTRY) throw new RangeError();
      const [name, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(place + offset, true));
      const path = new TextDecoder().decode(new Uint8Array(view.buffer, place + 46, name));
      if (view.getUint16(place + 8, true) & ENCRYPTED) throw unreadable(file, "it is encrypted");
      const entry = { name: path, method: view.getUint16(place + 10, true), size: view.getUint32(place + 20, true), start: view.getUint32(place + 42, true) };
      if (!path.endsWith("/")) entries.push(entry);
      place += 46 + name + extra + comment;
    }
  } catch (error) {
    throw error instanceof RangeError ? unreadable(file, "its directory is damaged") : error;
  }
  return entries;
}

/** Return where the record stands that ends the directory: last, but for a comment. */
function endRecord(view) {
  for (let place = view.byteLength - 22; place >= Math.max(0, view.byteLength - 65_557); place--) {
    if (view.getUint32(place, true) === END) return place;
  }
  return null;
}

async function contentOf(file, view, { name, method, size, start }, limit) {
  try {
    const header = 30 + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
    const content = new Blob([new Uint8Array(view.buffer, start + header, size)]);
    if (method === STORED) return content;
    if (method === DEFLATED) return await unfolded(content, limit);
  } catch {
    throw unreadable(file, `${name} in it is damaged or too large`);
  }
  throw unreadable(file, `${name} in it is compressed by another method than deflate`);
}

function unreadable(file, why) {
  return Object.assign(new Error(`${file.name} cannot be opened: ${why}.`), { title: "Unreadable archive" });
}
