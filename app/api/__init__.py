"""The HTTP layer: routes, dependencies, uploads, problems."""
