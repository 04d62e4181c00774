"""Smooth descriptors of a crystal."""
