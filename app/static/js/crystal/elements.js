/** Color (Jmol's scheme) and atomic radius in Å (Slater 1964; noble gases Clementi 1967) of each element. */

const ELEMENTS = {
  H: ["#ffffff", 0.25], He: ["#d9ffff", 0.31], Li: ["#cc80ff", 1.45], Be: ["#c2ff00", 1.05],
  B: ["#ffb5b5", 0.85], C: ["#909090", 0.7], N: ["#3050f8", 0.65], O: ["#ff0d0d", 0.6],
  F: ["#90e050", 0.5], Ne: ["#b3e3f5", 0.38], Na: ["#ab5cf2", 1.8], Mg: ["#8aff00", 1.5],
  Al: ["#bfa6a6", 1.25], Si: ["#f0c8a0", 1.1], P: ["#ff8000", 1.0], S: ["#ffff30", 1.0],
  Cl: ["#1ff01f", 1.0], Ar: ["#80d1e3", 0.71], K: ["#8f40d4", 2.2], Ca: ["#3dff00", 1.8],
  Sc: ["#e6e6e6", 1.6], Ti: ["#bfc2c7", 1.4], V: ["#a6a6ab", 1.35], Cr: ["#8a99c7", 1.4],
  Mn: ["#9c7ac7", 1.4], Fe: ["#e06633", 1.4], Co: ["#f090a0", 1.35], Ni: ["#50d050", 1.35],
  Cu: ["#c88033", 1.35], Zn: ["#7d80b0", 1.35], Ga: ["#c28f8f", 1.3], Ge: ["#668f8f", 1.25],
  As: ["#bd80e3", 1.15], Se: ["#ffa100", 1.15], Br: ["#a62929", 1.15], Kr: ["#5cb8d1", 0.88],
  Rb: ["#702eb0", 2.35], Sr: ["#00ff00", 2.0], Y: ["#94ffff", 1.8], Zr: ["#94e0e0", 1.55],
  Nb: ["#73c2c9", 1.45], Mo: ["#54b5b5", 1.45], Tc: ["#3b9e9e", 1.35], Ru: ["#248f8f", 1.3],
  Rh: ["#0a7d8c", 1.35], Pd: ["#006985", 1.4], Ag: ["#c0c0c0", 1.6], Cd: ["#ffd98f", 1.55],
  In: ["#a67573", 1.55], Sn: ["#668080", 1.45], Sb: ["#9e63b5", 1.45], Te: ["#d47a00", 1.4],
  I: ["#940094", 1.4], Xe: ["#429eb0", 1.08], Cs: ["#57178f", 2.6], Ba: ["#00c900", 2.15],
  La: ["#70d4ff", 1.95], Ce: ["#ffffc7", 1.85], Pr: ["#d9ffc7", 1.85], Nd: ["#c7ffc7", 1.85],
  Pm: ["#a3ffc7", 1.85], Sm: ["#8fffc7", 1.85], Eu: ["#61ffc7", 1.85], Gd: ["#45ffc7", 1.8],
  Tb: ["#30ffc7", 1.75], Dy: ["#1fffc7", 1.75], Ho: ["#00ff9c", 1.75], Er: ["#00e675", 1.75],
  Tm: ["#00d452", 1.75], Yb: ["#00bf38", 1.75], Lu: ["#00ab24", 1.75], Hf: ["#4dc2ff", 1.55],
  Ta: ["#4da6ff", 1.45], W: ["#2194d6", 1.35], Re: ["#267dab", 1.35], Os: ["#266696", 1.3],
  Ir: ["#175487", 1.35], Pt: ["#d0d0e0", 1.35], Au: ["#ffd123", 1.35], Hg: ["#b8b8d0", 1.5],
  Tl: ["#a6544d", 1.9], Pb: ["#575961", 1.8], Bi: ["#9e4fb5", 1.6], Po: ["#ab5c00", 1.9],
  At: ["#754f45", 1.5], Rn: ["#428296", 1.2], Fr: ["#420066", 1.5], Ra: ["#007d00", 2.15],
  Ac: ["#70abfa", 1.95], Th: ["#00baff", 1.8], Pa: ["#00a1ff", 1.8], U: ["#008fff", 1.75],
  Np: ["#0080ff", 1.75], Pu: ["#006bff", 1.75],
};

/** Return the color that an element is drawn in. */
export function colorOf(element) {
  return ELEMENTS[element]?.[0] ?? "#b0b0b0";
}

/** Return an element's atomic radius in Å. */
export function radiusOf(element) {
  return ELEMENTS[element]?.[1] ?? 1.5;
}
