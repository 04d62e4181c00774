"""Heads and Gaussian processes, fitted to the frozen embedding of a member's network."""
