/** The choice of ensembles. */

import { byId, h } from "../base/dom.js";
import { listEnsembles, patiently } from "../service/api.js";

const chooser = byId("ensembles");

/** The ensembles, once the service has listed them. */
export let loaded = [];

/** Fill the choice; wait for a service that is still starting. Never raises. */
export async function fillEnsembles() {
  const note = byId("service");
  const onWait = () => {
    note.hidden = false;
    note.textContent = "The service is loading its ensembles…";
  };
  try {
    loaded = await patiently(listEnsembles, { onWait, tries: 60 });
    chooser.replaceChildren(...loaded.map(({ name, default: isDefault }) => h("option", { value: name, selected: isDefault }, name)));
    chooseEnsemble(new URL(location.href).searchParams.get("ensemble"));
    note.hidden = true;
  } catch (error) {
    note.hidden = false;
    note.textContent = error.title ?? String(error);
  }
  linkToAbout();
}

/** Return the name of the chosen ensemble; empty before any is listed. */
export function chosenEnsemble() {
  return chooser.value;
}

/** Choose an ensemble, if it is a loaded one. */
export function chooseEnsemble(name) {
  if (loaded.some((entry) => entry.name === name)) chooser.value = name;
  linkToAbout();
}

/** Call back with the name whenever the user chooses another one. */
export function onChoice(act) {
  chooser.addEventListener("change", () => (linkToAbout(), act(chooser.value)));
}

function linkToAbout() {
  byId("about-ensemble").href = `#ensemble=${encodeURIComponent(chooser.value)}`;
}
