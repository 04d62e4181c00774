"""The neural network: architecture, weights, batches, the TensorFlow forward pass."""
