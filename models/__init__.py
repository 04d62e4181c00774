"""Code shared by training and serving: structure, crystal graph, network, ensemble, statistics."""
