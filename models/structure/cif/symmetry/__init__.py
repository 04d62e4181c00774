"""Symmetry of a CIF: its operations, from triplets, symbols and numbers."""
