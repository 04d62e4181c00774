"""Sums over neighbors of every site, in compiled code."""
