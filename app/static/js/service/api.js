/**
 * The service's calls.
 *
 * A source is {kind: "id", id}, {kind: "example", name}, {kind: "text", text} for what was pasted, or
 * {kind: "file", file} for a File, which is sent as it is.
 */

import { at, problemCode } from "../base/links.js";
import { askForKey, keyInUse } from "./key.js";

const LONGEST_WAIT = 60; // s between two attempts

/**
 * Why a call has no answer: what the service said, or that it said nothing.
 *
 * `retryAfter`: seconds after which it asks to be tried again; null where trying again does not help.
 */
export class Problem extends Error {
  constructor({ type, title, status, detail }, retryAfter = null) {
    super(detail);
    Object.assign(this, { type, title, status, detail, retryAfter, code: problemCode(type) });
  }
}

/** Return {answer, steps, milliseconds}: the prediction, and the time it took by step and in all. */
export async function predict(source, ensemble, signal) {
  const start = performance.now();
  const response = await send("predict", source, queryOf(ensemble), signal);
  const answer = await response.json();
  const steps = serverTiming(response.headers.get("server-timing"));
  return { answer, steps, milliseconds: performance.now() - start };
}

/** Call `onLine` with {index, row, answer, problem} of each file as soon as it is predicted. */
export async function predictFiles(files, ensemble, signal, onLine) {
  const body = new FormData();
  for (const file of files) body.append("file", file, file.name);
  const response = await ask(`predict/batch${queryOf(ensemble)}`, { method: "POST", body, signal });
  for await (const line of linesOf(response)) onLine(JSON.parse(line));
}

/** Return the cell and sites that the service reads in a source. */
export async function structureOf(source, signal) {
  return (await send("structure", source, "", signal)).json();
}

/** Return the loaded ensembles: name, digest and whether it is the default. */
export async function listEnsembles() {
  return (await (await ask("ensembles")).json()).ensembles;
}

/** Return one ensemble with its manifest. */
export async function showEnsemble(name, signal) {
  return (await ask(`ensembles/${encodeURIComponent(name)}`, { signal })).json();
}

/** Return the references of an ensemble, with its predictions for those kept out of training. */
export async function showReferences(name, signal) {
  return (await (await ask(`ensembles/${encodeURIComponent(name)}/evidence`, { signal })).json()).references;
}

/** Return the service's OpenAPI document. */
export async function contract() {
  return (await ask("openapi.json")).json();
}

/** Return the CIF of an example. */
export async function exampleText(name, signal) {
  return (await ask(`static/examples/${encodeURIComponent(name)}.cif`, { signal })).text();
}

/** Return what `work` returns, tried again as long as the service asks for it. */
export async function patiently(work, { signal, onWait = () => {}, tries = 6 }) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!Number.isFinite(error.retryAfter) || attempt === tries) throw error;
      onWait(error, attempt);
      await pause(1000 * error.retryAfter, signal);
    }
  }
}

function queryOf(ensemble) {
  return ensemble ? `?ensemble=${encodeURIComponent(ensemble)}` : "";
}

/** Yield the lines of a response as they come; a last one that is torn is left out. */
async function* linesOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { done, value } = await unlessUnreachable(() => reader.read());
    if (done) return;
    const lines = (held + value).split("\n");
    held = lines.pop();
    yield* lines;
  }
}

async function send(path, source, query, signal) {
  if (source.kind === "id") return ask(`${path}/${encodeURIComponent(source.id)}${query}`, { signal });
  return ask(`${path}${query}`, { method: "POST", ...(await bodyOf(source, signal)), signal });
}

/** Return {body, headers} of an upload; a file keeps its name, which tells its format. */
async function bodyOf(source, signal) {
  if (source.kind === "file") {
    const form = new FormData();
    form.append("file", source.file, baseName(source.file.name));
    return { body: form };
  }
  const body = source.kind === "example" ? await exampleText(source.name, signal) : source.text;
  return { body, headers: { "Content-Type": "text/plain" } };
}

function baseName(path) {
  return path.split("/").pop();
}

/** Return the response to a call; a call that needs another API key waits until the user gives one. */
async function ask(path, options = {}) {
  const key = keyInUse();
  const response = await call(path, key ? { ...options, headers: { ...options.headers, "X-API-Key": key } } : options);
  if (response.ok) return response;
  if (response.status === 401 && (await askForKey(key))) return ask(path, options);
  throw await problemIn(response);
}

function call(path, options) {
  return unlessUnreachable(() => fetch(at(path), options));
}

async function unlessUnreachable(work) {
  try {
    return await work();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({
      type: "unreachable",
      title: "The service does not answer",
      detail: `Nothing answers at ${location.host}. Is the service running, and this computer connected to it?`,
    });
  }
}

async function problemIn(response) {
  const isProblem = response.headers.get("content-type") === "application/problem+json";
  const content = isProblem
    ? await response.json()
    : {
        type: "unexpected",
        title: `Unexpected answer (${response.status})`,
        detail: `A server between this page and the service answered ${response.status} ${response.statusText}.`,
      };
  return new Problem(content, secondsAsked(response.headers.get("retry-after")));
}

/** Return the seconds in a header Retry-After; one for a date, null without the header. */
function secondsAsked(header) {
  if (header === null) return null;
  return /^\d+$/.test(header) ? Math.min(Number(header), LONGEST_WAIT) : 1;
}

function serverTiming(header) {
  const entries = [...(header ?? "").matchAll(/([\w-]+);dur=([\d.]+)/g)];
  return entries.map(([, step, ms]) => [step, Number(ms)]);
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new DOMException("Cancelled", "AbortError"));
    if (signal?.aborted) return stop();
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => (clearTimeout(timer), stop()), { once: true });
  });
}
