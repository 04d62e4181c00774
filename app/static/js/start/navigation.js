/** The address says what is shown: going somewhere, and back, is following it. */

import { addressOf, tableAddress, withEnsemble } from "../service/address.js";
import { keepFiles } from "../service/store.js";
import { opened } from "../service/uploads.js";
import { chosenEnsemble } from "./ensembles.js";

/** Navigation between views; `follow` shows the one of the present address, `fail` an error. */
export class Navigation {
  constructor({ follow, fail }) {
    Object.assign(this, { follow, fail, work: new AbortController(), opening: null });
    addEventListener("popstate", () => follow());
  }

  /** End what the page was waiting for, and return the signal of what comes next. */
  start() {
    this.work.abort();
    this.work = new AbortController();
    return this.work.signal;
  }

  /** Go to an address of the page. */
  go(address) {
    const target = new URL(address, location.href);
    history[sameView(target, location) ? "replaceState" : "pushState"](null, "", target);
    this.follow();
  }

  /** Show a source's answer. One too large for an address is kept as a table of one. */
  show(source) {
    return this.open(async () => {
      const ensemble = chosenEnsemble();
      return (await addressOf(source, { name: ensemble })) ?? kept([fileOf(source)], 0, ensemble, { row: 0 });
    });
  }

  /** Show files, folders and archives: one as an answer, several as a table. */
  showEntries(entries) {
    return this.open(async () => {
      const { files, skipped } = await opened(await entries);
      if (files.length === 0) throw nothingIn(skipped);
      if (files.length > 1) return kept(files, skipped, chosenEnsemble());
      return (await addressOf({ kind: "file", file: files[0] }, { name: chosenEnsemble() })) ?? kept(files, 0, chosenEnsemble(), { row: 0 });
    });
  }

  /** Go to the address that `work` resolves to, unless the user has gone elsewhere by then. */
  async open(work) {
    const signal = this.start();
    this.opening = work();
    try {
      const address = await this.opening;
      if (!signal.aborted) this.go(address);
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  /** Show what is shown, or about to be, by another ensemble. */
  async choose(ensemble) {
    await this.opening?.catch(() => {});
    const { searchParams, hash } = new URL(location.href);
    if (/[#&]ensemble=/.test(hash)) return;
    const isAnswer = ["id", "example", "table"].some((name) => searchParams.has(name)) || /[#&]cif=/.test(hash);
    if (isAnswer) this.go(withEnsemble(new URL(location.href), ensemble));
    else this.follow();
  }
}

/** Return whether two addresses differ in no more than the version of the ensemble. */
function sameView(...addresses) {
  const [one, other] = addresses.map(({ href }) => {
    const url = new URL(href);
    url.searchParams.delete("digest");
    return url.href;
  });
  return one === other;
}

async function kept(files, skipped, ensemble, part) {
  return tableAddress(await keepFiles(files, skipped), ensemble, part);
}

function fileOf(source) {
  return source.kind === "file" ? source.file : new File([source.text], "crystal.txt");
}

function nothingIn(skipped) {
  const detail = skipped > 0 ? `None of the ${skipped} files has the name of a structure file (.cif, .vasp, POSCAR, .json, …).` : "There is no file in it.";
  return Object.assign(new Error(detail), { title: "Nothing to predict" });
}
