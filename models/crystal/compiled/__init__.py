"""Loops over operations, sites and bonds of a crystal, in compiled code."""
