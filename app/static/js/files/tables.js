/** The tables of this visit, and those that the browser has kept from earlier ones. */

import { tableAddress } from "../service/address.js";
import { keptFiles, keptResults } from "../service/store.js";
import { FileTable } from "./table.js";

const tables = new Map(); // "key ensemble" -> FileTable

/** Return the table of kept files by an ensemble, with what is known of it; null if it is kept no more. */
export async function tableOf(key, { name, digest }) {
  const found = tables.get(`${key} ${name}`);
  if (found) return found;
  const [stored, kept] = await Promise.all([keptFiles(key), keptResults(key, name)]);
  if (!stored) return null;
  const links = {
    row: (row) => tableAddress(key, name, { row }),
    compare: (rows) => tableAddress(key, name, { compare: rows }),
  };
  const table = new FileTable({ key, ensemble: name, ...stored, kept, digest, links });
  const sibling = [...tables.values()].findLast((other) => other.key === key);
  if (sibling) table.takeOver(sibling);
  tables.set(`${key} ${name}`, table);
  return table;
}

/** Stop every table but this one. */
export function pauseOthers(kept) {
  for (const table of tables.values()) if (table !== kept) table.pause();
}

/** Remember how far a table is scrolled, in pixels. */
export function remember({ key, ensemble }, scroll) {
  const table = tables.get(`${key} ${ensemble}`);
  if (table) table.scroll = scroll;
}
