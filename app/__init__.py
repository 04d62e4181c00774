"""The prediction service: HTTP in, HTTP out."""

__version__ = "0.2.0"
