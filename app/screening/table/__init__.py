"""The table of a screening: its formats, metadata and provenance."""
