"""Descriptors of a crystal: composition, electrons, bonds, bond valence, springs."""
