"""Training of one ensemble member."""
