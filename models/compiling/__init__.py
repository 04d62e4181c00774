"""Compilation of the parts of Python that take most of the time, ahead and for all machines."""
