/**
 * A source in the address of the page, and back.
 *
 * An id or example stands in the query. A CIF stands in the fragment, deflated, in base64url: it
 * never reaches the server by way of the link, and the link needs no store behind it.
 */

const LONGEST = 16_000; // characters; longer addresses are cut by mail and chat programs
const LARGEST = 5_000_000; // bytes of CIF that a link may unfold to

/** Return the address of a source and the ensemble that answered, or null when it is too long. */
export async function addressOf(source, { name, digest }) {
  const query = new URLSearchParams();
  if (source.kind === "id") query.set("id", source.id);
  if (source.kind === "example") query.set("example", source.name);
  query.set("ensemble", name);
  query.set("digest", digest);
  if (source.kind !== "text") return `/?${query}`;
  const fragment = new URLSearchParams({ name: source.name, cif: await deflated(source.text) });
  const address = `/?${query}#${fragment}`;
  return address.length > LONGEST ? null : address;
}

/** Return {source, ensemble, digest} of an address; source is null where it holds none. */
export async function sourceOf(url) {
  const query = url.searchParams;
  const ensemble = query.get("ensemble");
  const digest = query.get("digest");
  return { source: await sourceIn(query, new URLSearchParams(url.hash.slice(1))), ensemble, digest };
}

async function sourceIn(query, fragment) {
  if (query.get("id")) return { kind: "id", id: query.get("id") };
  if (query.get("example")) return { kind: "example", name: query.get("example") };
  if (!fragment.get("cif")) return null;
  const text = await inflated(fragment.get("cif"));
  return { kind: "text", name: fragment.get("name") || "crystal.cif", text };
}

async function deflated(text) {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

async function inflated(code) {
  const binary = atob(code.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const decoder = new TextDecoder();
  let text = "";
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
    if (text.length > LARGEST) throw new Error("The link unfolds to too much text.");
  }
}
