"""Steps of the network in compiled code."""
