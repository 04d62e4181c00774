"""Data sets and published weights, fetched from where they are published."""
