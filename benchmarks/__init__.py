"""Measures of speed, each one command: `python -m benchmarks NAME`."""
