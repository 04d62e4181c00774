"""Data sets, their crystal graphs and their splits."""
