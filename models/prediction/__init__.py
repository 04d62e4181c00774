"""Predictions: members' outputs to LTC, interval, applicability domain and warnings."""
