/** Files to predict: from a choice or a drop, with folders walked through and zip archives opened. */

import { isZip, unzipped } from "./unzip.js";

const MOST = 5000; // files in one table
// The names that a screening takes (app/screening/sources/files.py), and forms that it tells by their content.
const STRUCTURE = /^((s?poscar|contcar)([-_.].*)?|.*[.](m?cif|vasp|poscar|extxyz|xyz|json)([.](gz|zip))?|.*[-_.](s?poscar|contcar)([.](gz|zip))?)$/i;

/**
 * Return {files, skipped} of what was chosen: Files, and how many were left out.
 *
 * Files given by themselves are all taken; of folders and archives, those with a structure file's name.
 */
export async function opened(entries) {
  const files = [];
  let skipped = 0;
  for (const { file, inFolder } of entries) {
    const found = isZip(file) ? await unzipped(file) : [file];
    const kept = isZip(file) || inFolder ? found.filter(({ name }) => isStructure(name)) : found;
    skipped += found.length - kept.length;
    files.push(...kept);
  }
  if (files.length > MOST) throw new Error(`${files.length} files are more than the ${MOST} that one table holds.`);
  return { files, skipped };
}

/** Return the entries of a choice of files or of a folder. */
export function chosen(fileList) {
  return [...fileList].map((file) => named(file, file.webkitRelativePath || file.name));
}

/** Return the entries of a drop; to be called at once, as the browser forgets a drop's content afterwards. */
export function dropped({ items, files }) {
  const entries = [...(items ?? [])].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  return entries.length > 0 ? Promise.all(entries.map(walked)).then((lists) => lists.flat()) : Promise.resolve(chosen(files));
}

async function walked(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [named(file, entry.fullPath.replace(/^\//, ""))];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) { // a reader gives a hundred at a time
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) break;
    found.push(...some);
  }
  found.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  return (await Promise.all(found.map(walked))).flat();
}

function named(file, path) {
  return { file: path === file.name ? file : new File([file], path, { type: file.type }), inFolder: path.includes("/") };
}

function isStructure(path) {
  const parts = path.split("/");
  return !parts.some((part) => part.startsWith(".") || part === "__MACOSX") && STRUCTURE.test(parts.at(-1));
}
