"""Structure input: text, file or Materials Project id to a checked pymatgen Structure."""
