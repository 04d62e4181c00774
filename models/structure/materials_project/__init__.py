"""The Materials Project as a source of structures: its client, within bounds."""

ENDPOINT = "https://api.materialsproject.org/"
