/** Chemical formulas in the usual order: cations first, as IUPAC's Red Book lists the elements (table VI). */

import { h } from "./dom.js";

const ORDER = [
  "Rn Xe Kr Ar Ne He",
  "Fr Cs Rb K Na Li",
  "Ra Ba Sr Ca Mg Be",
  "Lr No Md Fm Es Cf Bk Cm Am Pu Np U Pa Th Ac",
  "Lu Yb Tm Er Ho Dy Tb Gd Eu Sm Pm Nd Pr Ce La",
  "Y Sc Hf Zr Ti Ta Nb V W Mo Cr Re Tc Mn Os Ru Fe Ir Rh Co Pt Pd Ni Au Ag Cu Hg Cd Zn",
  "Tl In Ga Al B",
  "Pb Sn Ge Si C",
  "Bi Sb As P N",
  "H",
  "Po Te Se S O",
  "At I Br Cl F",
].join(" ").split(" ");
const PLACE = new Map(ORDER.map((element, place) => [element, place]));

/** Return a formula with its elements in the usual order: PbTe, CH4; one with groups stays as it is. */
export function usual(text) {
  const parts = text.match(/[A-Z][a-z]?[\d.]*/g);
  if (!parts || parts.join("") !== text) return text;
  const place = (part) => PLACE.get(part.match(/[A-Za-z]+/)[0]) ?? ORDER.length;
  return parts.sort((a, b) => place(a) - place(b)).join("");
}

/** Return a formula as nodes, in the usual order, its numbers as subscripts. */
export function formula(text) {
  return usual(text).split(/([\d.]+)/).map((part) => (/\d/.test(part) ? h("sub", {}, part) : part));
}
