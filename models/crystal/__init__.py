"""Structure to crystal: symmetry, neighbors, crystal graph and fingerprint."""
