"""Harmonic phonon properties, computed with phonopy from the force sets of phonondb."""
