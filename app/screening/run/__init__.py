"""A run of a screening: chunks, workers, parts on disk."""
