"""Errors of predictions, their calibration and their groups."""
