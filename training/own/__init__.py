"""Ensembles on a user's own labels: table, start, training, export."""
