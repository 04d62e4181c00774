"""What training and serving share: structure, crystal graph, network, ensemble, statistics."""
