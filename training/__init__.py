"""Offline training: data, splits, stages, members, ensembles, evaluation report."""
