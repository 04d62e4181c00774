/** Addresses of the page itself, whatever path prefix it is served under, and of sources elsewhere. */

import { h } from "./dom.js";

const HOME = new URL(".", location.href); // a reverse proxy may add a prefix that the service does not know

/** Return the address of a path of the service, relative to the page. */
export function at(path) {
  return new URL(path, HOME).href;
}

/** Return the code of a problem's type, which may stand behind a prefix; undefined for any other type. */
export function problemCode(type) {
  return type?.match(/(?:^|\/)problems\/([\w-]+)$/)?.[1];
}

/** Return a crystal's id, linked to its page where it is one of the Materials Project. */
export function materialLink(id) {
  return /^mp-\w+$/.test(id) ? h("a", { href: `https://materialsproject.org/materials/${id}` }, id) : id;
}
