"""Metrics of one process: what is counted, and what measures it."""
