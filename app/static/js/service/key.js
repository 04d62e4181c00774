/** The API key, where the service wants one: asked for once, kept until the tab is closed. */

import { byId } from "../base/dom.js";

const NAME = "paraisite-api-key";
let asking = null; // the question that is open; every call that needs the answer waits for it

/** Return the key in use, or null. */
export function keyInUse() {
  return sessionStorage.getItem(NAME);
}

/** Resolve to whether there is another key than the one refused, once the user has been asked. */
export function askForKey(refused) {
  if (keyInUse() !== refused) return true;
  asking ??= ask(refused).finally(() => (asking = null));
  return asking;
}

function ask(refused) {
  const [dialog, field] = [byId("key"), byId("key-field")];
  byId("key-reason").textContent = refused ? "The service does not accept this key." : "This service answers only with an API key.";
  dialog.returnValue = "";
  dialog.showModal();
  field.select();
  return new Promise((resolve) => {
    const close = () => {
      const given = dialog.returnValue === "use" ? field.value.trim() : "";
      if (given) sessionStorage.setItem(NAME, given);
      resolve(given !== "");
    };
    dialog.addEventListener("close", close, { once: true });
  });
}
