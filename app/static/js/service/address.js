/**
 * A view in the address of the page, and back.
 *
 * An id, an example and the key of a kept table stand in the query. An upload stands in the fragment,
 * deflated, in base64url: it never reaches the server by way of the link, and the link needs no store.
 */

const LONGEST = 16_000; // characters; longer addresses are cut by mail and chat programs
const LARGEST = 5_000_000; // bytes of an upload that a link may unfold to

/** Return the address of a source and {name, digest} of an ensemble, or null when it is too long. */
export async function addressOf(source, { name, digest } = {}) {
  const query = new URLSearchParams();
  if (source.kind === "id") query.set("id", source.id);
  if (source.kind === "example") query.set("example", source.name);
  if (name) query.set("ensemble", name);
  if (digest) query.set("digest", digest);
  if (source.kind === "id" || source.kind === "example") return `?${query}`;
  const content = source.kind === "file" ? source.file : new Blob([source.text]);
  if (content.size > LARGEST) return null;
  const fragment = new URLSearchParams(source.kind === "file" ? { name: source.file.name } : {});
  fragment.set("cif", await deflated(content));
  const address = `?${query}#${fragment}`;
  return address.length > LONGEST ? null : address;
}

/** Return the address of a kept table, of one of its rows, or of a comparison of some. */
export function tableAddress(key, ensemble, { row, compare } = {}) {
  const query = new URLSearchParams({ table: key });
  if (row !== undefined) query.set("row", row);
  if (compare) query.set("compare", compare.join(","));
  if (ensemble) query.set("ensemble", ensemble);
  return `?${query}`;
}

/** Return the same address for another ensemble. */
export function withEnsemble(url, ensemble) {
  const query = new URLSearchParams(url.search);
  query.set("ensemble", ensemble);
  query.delete("digest");
  return `?${query}${url.hash}`;
}

/**
 * Return what an address shows, {kind, ...}.
 *
 * Kinds: home; about (ensemble); answer (source, ensemble, digest); table, row and comparison (key,
 * ensemble). Raises where the link is damaged.
 */
export async function viewOf(url) {
  const query = url.searchParams;
  const fragment = new URLSearchParams(url.hash.slice(1));
  if (fragment.has("ensemble")) return { kind: "about", name: fragment.get("ensemble") };
  const ensemble = query.get("ensemble");
  if (query.get("table")) return tableView(query, ensemble);
  const source = await sourceIn(query, fragment);
  return source ? { kind: "answer", source, ensemble, digest: query.get("digest") } : { kind: "home", ensemble };
}

function tableView(query, ensemble) {
  const key = query.get("table");
  if (query.has("compare")) return { kind: "comparison", key, ensemble, rows: query.get("compare").split(",").map(Number) };
  if (query.has("row")) return { kind: "row", key, ensemble, row: Number(query.get("row")) };
  return { kind: "table", key, ensemble };
}

async function sourceIn(query, fragment) {
  if (query.get("id")) return { kind: "id", id: query.get("id") };
  if (query.get("example")) return { kind: "example", name: query.get("example") };
  if (!fragment.get("cif")) return null;
  const bytes = await inflated(fragment.get("cif"));
  const name = fragment.get("name");
  return name ? { kind: "file", file: new File([bytes], name) } : { kind: "text", text: await bytes.text() };
}

async function deflated(content) {
  const stream = content.stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

async function inflated(code) {
  const binary = atob(code.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return unfolded(new Blob([bytes]), LARGEST);
}

/** Return what deflated bytes unfold to, as a Blob. Raises where that is damaged or larger than `limit` bytes. */
export async function unfolded(blob, limit) {
  const parts = [];
  let size = 0;
  for (const reader = blob.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts);
    size += value.length;
    if (size > limit) throw new Error(`It unfolds to more than ${limit} bytes.`);
    parts.push(value);
  }
}
